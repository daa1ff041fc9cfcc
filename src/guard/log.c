#include "log.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* PIPE_BUF: a pipe that polls writable takes so much without blocking (pipe(7)). A reader that hangs must not hang the guard. */
#define LINE_BYTES 4096
/* Kept back for the end of the line. */
#define TAIL_BYTES 4

static char line[LINE_BYTES];
static size_t used;

static void put(char c)
{
	if (used < LINE_BYTES - TAIL_BYTES)
		line[used++] = c;
}

static void put_raw(const char *text)
{
	while (*text)
		put(*text++);
}

/* A string that does not fit is cut, and the line stays JSON. */
static void put_string(const char *text)
{
	put('"');
	for (; *text && used < LINE_BYTES - 64; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\') {
			put('\\');
			put((char)c);
		} else if (c < 0x20 || c >= 0x7f) {
			/* Paths are bytes, and need not be UTF-8: as Latin-1. */
			char escaped[8];

			snprintf(escaped, sizeof(escaped), "\\u%04x", c);
			put_raw(escaped);
		} else {
			put((char)c);
		}
	}
	put('"');
}

static void put_number(int64_t value)
{
	char digits[24];

	snprintf(digits, sizeof(digits), "%lld", (long long)value);
	put_raw(digits);
}

static void put_key(const char *key)
{
	put(',');
	put_string(key);
	put(':');
}

/* gmtime_r may read a time zone file and allocate. Days to a date: 400 years are 146,097 days, counted from a March. */
static void put_time(void)
{
	struct timespec now;
	char text[64];
	long days, era, of_era, year, of_year, month;

	clock_gettime(CLOCK_REALTIME, &now);
	days = now.tv_sec / 86400 + 719468;
	era = days / 146097;
	of_era = days % 146097;
	year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	of_year = of_era - (365 * year + year / 4 - year / 100);
	month = (5 * of_year + 2) / 153;
	snprintf(text, sizeof(text), "%04ld-%02ld-%02ldT%02ld:%02ld:%02ld.%06ldZ", year + era * 400 + (month >= 10),
		 month < 10 ? month + 3 : month - 9, of_year - (153 * month + 2) / 5 + 1, (long)(now.tv_sec / 3600 % 24),
		 (long)(now.tv_sec / 60 % 60), (long)(now.tv_sec % 60), now.tv_nsec / 1000);
	put_string(text);
}

void log_begin(const char *level, const char *event)
{
	used = 0;
	put_raw("{\"time\":");
	put_time();
	log_text("level", level);
	log_text("component", "guard");
	log_text("event", event);
}

void log_text(const char *key, const char *value)
{
	put_key(key);
	put_string(value);
}

void log_number(const char *key, int64_t value)
{
	put_key(key);
	put_number(value);
}

void log_error(int error)
{
	int number = error < 0 ? -error : error;

	log_number("errno", number);
	log_text("error", strerror(number));
}

void log_capture(const uint8_t *capture)
{
	char text[40];
	size_t at = 0;

	for (int i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			text[at++] = '-';
		snprintf(text + at, 3, "%02x", capture[i]);
		at += 2;
	}
	log_text("capture", text);
}

void log_end(void)
{
	struct pollfd out = { STDERR_FILENO, POLLOUT, 0 };

	memcpy(line + used, "}\n", 2);
	if (poll(&out, 1, 0) == 1 && (out.revents & POLLOUT) && write(STDERR_FILENO, line, used + 2) < 0)
		used = 0;
}
