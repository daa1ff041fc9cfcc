#include "log.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/*
 * PIPE_BUF: a pipe that polls writable takes so many bytes without blocking (pipe(7)). A reader that hangs must not make the guard hang.
 * The fields of one line other than a path take less than 700 bytes.
 */
#define LINE_BYTES 4096
/* Bytes of one value in the line, escapes counted. Enough for two such values and all other fields. */
#define VALUE_BYTES 1500
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

/*
 * Bytes of the valid UTF-8 sequence that begins here (RFC 3629), or 0. The first byte limits the second: after E0, ED, F0 and F4 not
 * every continuation is valid. The NUL at the end of the text is no continuation.
 */
static int sequence_length(const unsigned char *at)
{
	int length = *at < 0x80 ? 1 : *at < 0xc2 ? 0 : *at < 0xe0 ? 2 : *at < 0xf0 ? 3 : *at < 0xf5 ? 4 : 0;
	unsigned char lowest = *at == 0xe0 ? 0xa0 : *at == 0xf0 ? 0x90 : 0x80;
	unsigned char highest = *at == 0xed ? 0x9f : *at == 0xf4 ? 0x8f : 0xbf;

	for (int next = 1; next < length; next++) {
		if (at[next] < lowest || at[next] > highest)
			return 0;
		lowest = 0x80;
		highest = 0xbf;
	}
	return length;
}

/* One character, or one byte that is part of none. Returns how many bytes of the text that was. */
static int put_character(const unsigned char *at)
{
	int length = sequence_length(at);
	char escaped[8];

	if (length > 1) {
		for (int i = 0; i < length; i++)
			put((char)at[i]);
		return length;
	}
	if (length == 0)
		snprintf(escaped, sizeof(escaped), "\\\\x%02x", *at);
	else if (*at == '"' || *at == '\\')
		snprintf(escaped, sizeof(escaped), "\\%c", *at);
	else if (*at < 0x20 || *at == 0x7f)
		snprintf(escaped, sizeof(escaped), "\\u%04x", *at);
	else
		snprintf(escaped, sizeof(escaped), "%c", *at);
	put_raw(escaped);
	return 1;
}

static void put_string(const char *text)
{
	const unsigned char *at = (const unsigned char *)text;
	size_t end;

	put('"');
	end = used + VALUE_BYTES;
	while (*at && used < end)
		at += put_character(at);
	put_raw(*at ? "\xe2\x80\xa6\"" : "\"");
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

/* Not by gmtime_r, which may read a time zone file and allocate. 400 years are 146,097 days; the years are counted from a March. */
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
