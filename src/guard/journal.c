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

/* Two guards, each the first process of a PID namespace, can have one name; their start ticks of 10 ms make it rare. */
#define NAME_ATTEMPTS 10

static int file = -1;
static char name[64];
static uint8_t boot[16];

static uint32_t crc32(const void *data, size_t length)
{
	const uint8_t *bytes = data;
	uint32_t crc = 0xffffffffu;

	for (size_t i = 0; i < length; i++) {
		crc ^= bytes[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
	}
	return ~crc;
}

static uint32_t sum(const struct record *record)
{
	size_t from = offsetof(struct record, state);

	return crc32((const char *)record + from, RECORD_BYTES - from);
}

void record_seal(struct record *record)
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
	if (record->crc != sum(record) || record->path[GUARD_PATH_BYTES - 1] != 0)
		return SORT_TORN;
	return SORT_SOUND;
}

/* proc(5): a UUID in text. */
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

int journal_prepare(const struct guard *guard)
{
	(void)guard;
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
		/* Another guard may take it for a dead one's before it is locked: it removes it then, and another is made. */
		if (flock(fd, LOCK_EX) == 0 && is_linked(fd)) {
			file = fd;
			recovered_save(guard);
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

static unsigned slot_of(const struct guard *guard, const struct freezer *freezer)
{
	return (unsigned)(freezer - guard->freezers);
}

static struct record *record_of(const struct guard *guard, const struct freezer *freezer, uint32_t state)
{
	static struct record record;
	const struct agent *agent = &guard->agents[freezer->agent];

	memset(&record, 0, sizeof(record));
	record.state = state;
	memcpy(record.boot, boot, sizeof(boot));
	memcpy(record.capture, freezer->capture, sizeof(record.capture));
	record.container = freezer->container;
	record.version = freezer->version;
	record.inode = freezer->inode;
	record.device = freezer->device;
	record.announced_us = now_us();
	record.freezer_deadline_us = freezer->deadline;
	record.hold_deadline_us = agent->hold_deadline;
	record.pid = agent->pid;
	record.tid = agent->tid;
	record.start_ticks = agent->start_ticks;
	memcpy(record.path, freezer->path, sizeof(record.path));
	record_seal(&record);
	return &record;
}

int journal_announce(const struct guard *guard, const struct freezer *freezer)
{
	int result = journal_open(guard);

	if (result == 0)
		result = put(slot_of(guard, freezer), record_of(guard, freezer, RECORD_OPEN));
	/* Some file systems find out only now that there is no room. */
	if (result == 0 && fdatasync(file) != 0)
		result = -errno;
	return result;
}

void journal_close_record(const struct guard *guard, const struct freezer *freezer)
{
	/* Not synchronised: only the end of the machine could lose it, and that opens every freezer. */
	if (file >= 0)
		put(slot_of(guard, freezer), record_of(guard, freezer, RECORD_CLOSED));
}

int journal_recovered(unsigned index, const struct recovered *recovered)
{
	struct record record = { .state = RECORD_RECOVERED };

	if (file < 0)
		return -EBADF;
	if (recovered == NULL) {
		record.state = RECORD_CLOSED;
	} else {
		memcpy(record.capture, recovered->capture, sizeof(record.capture));
		record.container = recovered->container;
		record.outcome = recovered->outcome;
		record.cause = recovered->cause;
	}
	memcpy(record.boot, boot, sizeof(boot));
	record_seal(&record);
	return put(MAX_FREEZERS + index, &record);
}

void journal_end(const struct guard *guard, bool keep)
{
	if (file >= 0 && is_linked(file) && !keep)
		unlinkat(guard->state_directory, name, 0);
	close_fd(&file);
}
