/*
 * The write-ahead journal: one file per guard, `PID-START.journal` in the state folder, locked (flock) as long as its guard lives.
 * It is an array of records. The first MAX_FREEZERS belong to the freezers, the MAX_RECOVERED after them to what guards did without
 * an agent. A record fills a page of 4,096 bytes, so that only what tears pages can tear a record. The file is sparse, and on a tmpfs
 * takes memory only for the records that were used. The mirror of the record is src/node-agent/pure/guard-journal.ts.
 */
#ifndef GUARD_JOURNAL_H
#define GUARD_JOURNAL_H

#include "guard.h"

#define RECORD_BYTES 4096
/* STASISJ1 had records of 1,024 bytes. */
#define RECORD_MAGIC "STASISJ2"

enum record_state {
	RECORD_UNUSED = 0,
	/* The freezer may be closed. */
	RECORD_OPEN = 1,
	RECORD_CLOSED = 2,
	/* What a guard did about a freezer, which no agent has acknowledged yet. */
	RECORD_RECOVERED = 3,
};

struct record {
	char magic[8];
	uint32_t crc; /* CRC-32 from `state` to the NUL at the end of `path` */
	uint32_t state;
	uint8_t boot[16];
	uint8_t capture[GUARD_CAPTURE_BYTES];
	uint32_t container;
	uint32_t version;
	uint64_t inode, device;
	uint64_t announced_us, freezer_deadline_us, hold_deadline_us; /* CLOCK_MONOTONIC */
	int32_t pid, tid;
	uint64_t start_ticks; /* of the process: field 22 of /proc/PID/stat */
	uint32_t found_closed; /* whether the freezer was closed before the capture: 0, as the guard refuses any other */
	uint32_t outcome, cause; /* RECORD_RECOVERED */
	uint32_t reserved;
	char path[GUARD_PATH_BYTES];
};

_Static_assert(sizeof(struct record) == RECORD_BYTES, "a record fills its slot");

enum record_sort {
	/* Nothing was ever written to the slot. */
	SORT_EMPTY,
	SORT_SOUND,
	/* The sum is wrong: a guard died while it wrote. Its agent never got the answer, so that it closed no freezer. */
	SORT_TORN,
	/* Not written by a guard, or in another format. */
	SORT_FOREIGN,
};

enum record_sort record_sort(const struct record *record);

/* Reads the boot id and chooses the journal's name. To be called once, before all else. 0 or -errno. */
int journal_prepare(void);
/* Makes the journal, unless there is one. 0 or -errno. */
int journal_open(const struct guard *guard);
/* Writes an open record. It is durable when the result is 0; else the result is -errno, and nothing may be frozen. */
int journal_announce(const struct guard *guard, const struct freezer *freezer);
void journal_close_record(const struct guard *guard, const struct freezer *freezer);
/* Writes guard->recovered. False when that failed. */
bool journal_save_recovered(const struct guard *guard);
/* Removes the journal, or with `keep` leaves it to the next guard. */
void journal_end(const struct guard *guard, bool keep);
/* 16 bytes. */
const uint8_t *journal_boot(void);
/* The name of this guard's own journal. */
const char *journal_name(void);

#endif
