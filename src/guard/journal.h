/*
 * The write-ahead journal: one file a guard, `PID-START.journal` in the state folder, locked as long as the guard lives. One
 * slot a freezer, of a size that never crosses a page, so that a record is torn only by what tears pages.
 */
#ifndef GUARD_JOURNAL_H
#define GUARD_JOURNAL_H

#include "guard.h"

#define RECORD_BYTES 1024
#define RECORD_MAGIC "STASISJ1"

enum record_state {
	RECORD_UNUSED = 0,
	/* The freezer may be closed. */
	RECORD_OPEN = 1,
	RECORD_CLOSED = 2,
	/* What a guard did about it, not acknowledged by an agent yet. In the slots behind those of the freezers. */
	RECORD_RECOVERED = 3,
};

struct record {
	char magic[8];
	uint32_t crc; /* CRC-32 of all that follows */
	uint32_t state;
	uint8_t boot[16];
	uint8_t capture[GUARD_CAPTURE_BYTES];
	uint32_t container;
	uint32_t version;
	uint64_t inode, device;
	uint64_t announced_us, freezer_deadline_us, hold_deadline_us; /* CLOCK_MONOTONIC */
	int32_t pid, tid;
	uint64_t start_ticks; /* of the process: field 22 of /proc/PID/stat */
	uint32_t found_closed; /* the state before the capture: 0, as nothing else is taken */
	uint32_t outcome, cause; /* RECORD_RECOVERED */
	uint32_t reserved;
	char path[GUARD_PATH_BYTES];
};

_Static_assert(sizeof(struct record) == RECORD_BYTES, "a record fills its slot");

enum record_sort {
	/* Nothing was ever written to the slot. */
	SORT_EMPTY,
	SORT_SOUND,
	/* Its sum is wrong: a guard died while it wrote. What it announced was never confirmed, so nothing was frozen by it. */
	SORT_TORN,
	/* Not ours, or of another format. */
	SORT_FOREIGN,
};

/* Fills magic and sum. */
void record_seal(struct record *record);
enum record_sort record_sort(const struct record *record);

/* The boot id, and the name that this guard's journal gets. Called once. 0 or -errno. */
int journal_prepare(const struct guard *guard);
/* Makes the journal, if there is none. 0 or -errno. */
int journal_open(const struct guard *guard);
/* Durable when it returns 0; else -errno, and nothing may be frozen. */
int journal_announce(const struct guard *guard, const struct freezer *freezer);
void journal_close_record(const struct guard *guard, const struct freezer *freezer);
/* Slot `index` of those behind the freezers; NULL empties it. 0 or -errno. */
int journal_recovered(unsigned index, const struct recovered *recovered);
/* Removes the journal, or leaves it to the next guard. */
void journal_end(const struct guard *guard, bool keep);
const uint8_t *journal_boot(void);
/* The file's name, to be passed over in a scan. */
const char *journal_name(void);

#endif
