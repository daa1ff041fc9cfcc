/* The two freezers of Linux (cgroup-v1/freezer-subsystem.rst, cgroup-v2.rst), by descriptors that were opened once. */
#ifndef GUARD_FREEZER_H
#define GUARD_FREEZER_H

#include "guard.h"

enum freezer_fact {
	/* Not frozen, and not asked to be. */
	FACT_THAWED,
	/* This very cgroup is asked to be frozen; whether it is already makes no difference to a thaw. */
	FACT_CLOSED,
	/* Not asked to be, and frozen all the same: by an ancestor, which is not ours, or for an instant after a thaw. */
	FACT_FROZEN_ABOVE,
	/* The cgroup was removed. */
	FACT_GONE,
	/* It cannot be told. */
	FACT_UNKNOWN,
};

/* Opens the files of the freezer relative to `directory`, which it takes over. 0, or -errno: -EINVAL when it is no cgroup directory. */
int freezer_open(struct freezer *freezer, int directory, uint32_t version);
void freezer_close(struct freezer *freezer);
enum freezer_fact freezer_look(const struct freezer *freezer);
/* Writes the thaw; the caller looks whether it took. */
void freezer_thaw(const struct freezer *freezer);

/* Whether a task of the cgroup, or of one below it, is traced by `tid`. Up to 6 us a task. */
bool freezer_traced(const struct freezer *freezer, int32_t tid);

/* The freezer of an agent's own v1 cgroup: opens its files relative to `directory`, which stays the caller's. 0 or -errno. */
int own_open(struct agent *agent, int directory);
/* Opens that freezer if it is closed and the agent is in it. True when it did. */
bool own_thaw(const struct agent *agent);

#endif
