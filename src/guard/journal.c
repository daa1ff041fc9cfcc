#include "journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "peer.h"

/* Two guards, each the first process of its PID namespace and started within the same 10 ms, choose the same name. That is rare. */
#define NAME_ATTEMPTS 10

static int file = -1;
static char name[64];
static uint8_t boot[16];
/* The records after those of the freezers that are in use in `file`. */
static unsigned saved;

/* CRC-32 of IEEE 802.3, half a byte at a time. */
static uint32_t crc32(const void *data, size_t length)
{
	static const uint32_t table[] = {
		0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
		0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
	};
	const uint8_t *bytes = data;
	uint32_t crc = 0xffffffffu;

	for (size_t i = 0; i < length; i++) {
		crc ^= bytes[i];
		crc = crc >> 4 ^ table[crc & 15];
		crc = crc >> 4 ^ table[crc & 15];
	}
	return ~crc;
}

/* The path must end with a NUL. The bytes behind the NUL mean nothing. */
static uint32_t sum(const struct record *record)
{
	size_t from = offsetof(struct record, state), to = offsetof(struct record, path) + strlen(record->path) + 1;

	return crc32((const char *)record + from, to - from);
}

static void seal(struct record *record)
{
	memcpy(record->magic, RECORD_MAGIC, sizeof(record->magic));
	record->crc = sum(record);
}

enum record_sort record_sort(const struct record *record)
{
	static const struct record empty;

	if (memcmp(record, &empty, sizeof(empty)) == 0)
		return SORT_EMPTY;
	if (memcmp(record->magic, RECORD_MAGIC, sizeof(record->magic)) != 0)
		return SORT_FOREIGN;
	if (record->path[GUARD_PATH_BYTES - 1] != 0 || record->crc != sum(record))
		return SORT_TORN;
	return SORT_SOUND;
}

/* proc(5): a UUID as text. */
static int read_boot(void)
{
	char text[64];
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	int nibbles = 0;

	if (fd >= 0)
		close(fd);
	for (ssize_t i = 0; i < length && nibbles < 32; i++) {
		char digit[2] = { text[i], 0 };
		char *end;
		unsigned long value = strtoul(digit, &end, 16);

		if (*end)
			continue;
		boot[nibbles / 2] = (uint8_t)(boot[nibbles / 2] << 4 | value);
		nibbles++;
	}
	return nibbles == 32 ? 0 : -EIO;
}

int journal_prepare(void)
{
	snprintf(name, sizeof(name), "%d-%llu.journal", (int)getpid(), (unsigned long long)start_ticks_of(getpid()));
	return read_boot();
}

const uint8_t *journal_boot(void)
{
	return boot;
}

const char *journal_name(void)
{
	return name;
}

static bool is_linked(int fd)
{
	struct stat status;

	return fstat(fd, &status) == 0 && status.st_nlink > 0;
}

int journal_open(const struct guard *guard)
{
	if (file >= 0 && is_linked(file))
		return 0;
	close_fd(&file);
	for (int attempt = 0; attempt < NAME_ATTEMPTS; attempt++) {
		int fd = openat(guard->state_directory, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

		if (fd < 0 && errno == EEXIST) {
			snprintf(name, sizeof(name), "%d-%llu-%d.journal", (int)getpid(),
				 (unsigned long long)start_ticks_of(getpid()), attempt);
			continue;
		}
		if (fd < 0)
			return -errno;
		/* Until it is locked, another guard may take it for a dead guard's journal and remove it. Then another one is made. */
		if (flock(fd, LOCK_EX) == 0 && is_linked(fd)) {
			file = fd;
			saved = 0;
			journal_save_recovered(guard);
			return 0;
		}
		close(fd);
	}
	return -EEXIST;
}

static int put(unsigned slot, const struct record *record)
{
	ssize_t written = pwrite(file, record, RECORD_BYTES, (off_t)slot * RECORD_BYTES);

	if (written < 0)
		return -errno;
	return written == RECORD_BYTES ? 0 : -ENOSPC;
}

static int put_freezer(const struct guard *guard, const struct freezer *freezer, enum record_state state)
{
	static struct record record;
	const struct agent *agent = &guard->agents[freezer->agent];

	memset(&record, 0, sizeof(record));
	record.state = state;
	memcpy(record.boot, boot, sizeof(boot));
	memcpy(record.capture, agent->capture, sizeof(record.capture));
	record.container = freezer->container;
	record.version = freezer->files.version;
	record.inode = freezer->inode;
	record.device = freezer->device;
	record.announced_us = now_us();
	record.freezer_deadline_us = freezer->deadline;
	record.hold_deadline_us = agent->hold_deadline;
	record.pid = agent->pid;
	record.tid = agent->tid;
	record.start_ticks = agent->start_ticks;
	memcpy(record.path, freezer->path, sizeof(record.path));
	seal(&record);
	return put((unsigned)(freezer - guard->freezers), &record);
}

int journal_announce(const struct guard *guard, const struct freezer *freezer)
{
	int result = journal_open(guard);

	if (result == 0)
		result = put_freezer(guard, freezer, RECORD_OPEN);
	/* Some file systems find out only here that there is no room. */
	if (result == 0 && fdatasync(file) != 0)
		result = -errno;
	return result;
}

void journal_close_record(const struct guard *guard, const struct freezer *freezer)
{
	/* Not synchronised: only the end of the machine could lose this write, and no freezer outlives that. */
	if (file >= 0)
		put_freezer(guard, freezer, RECORD_CLOSED);
}

static bool put_recovered(unsigned index, const struct recovered *recovered)
{
	static struct record record;

	memset(&record, 0, sizeof(record));
	record.state = recovered == NULL ? RECORD_CLOSED : RECORD_RECOVERED;
	memcpy(record.boot, boot, sizeof(boot));
	if (recovered != NULL) {
		memcpy(record.capture, recovered->capture, sizeof(record.capture));
		record.container = recovered->container;
		record.outcome = recovered->outcome;
		record.cause = recovered->cause;
	}
	seal(&record);
	return put(MAX_FREEZERS + index, &record) == 0;
}

bool journal_save_recovered(const struct guard *guard)
{
	unsigned count = guard->recovered_count;

	if (file < 0)
		return false;
	for (unsigned i = 0; i < count || i < saved; i++)
		if (!put_recovered(i, i < count ? &guard->recovered[i] : NULL))
			return false;
	saved = count;
	return true;
}

void journal_end(const struct guard *guard, bool keep)
{
	if (file >= 0 && is_linked(file) && !keep)
		unlinkat(guard->state_directory, name, 0);
	close_fd(&file);
}
