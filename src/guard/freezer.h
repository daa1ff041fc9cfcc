/* The two freezers of Linux (cgroup-v1/freezer-subsystem.rst, cgroup-v2.rst), through files that are opened once. */
#ifndef GUARD_FREEZER_H
#define GUARD_FREEZER_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The files of one freezer. Each is a few words long, and none of them costs the kernel more for a cgroup with more tasks or more
 * nested cgroups, as reading `freezer.state` does.
 */
struct freezer_files {
	uint32_t version; /* enum guard_version */
	int control; /* v1: freezer.state, v2: cgroup.freeze; written only */
	int asked; /* v1: freezer.self_freezing, v2: cgroup.freeze */
	int frozen; /* v1: freezer.parent_freezing, v2: cgroup.events */
};

#define NO_FREEZER_FILES ((struct freezer_files){ .control = -1, .asked = -1, .frozen = -1 })

enum freezer_fact {
	/* The cgroup is not frozen, and not asked to be. */
	FACT_THAWED,
	/* This very cgroup is asked to be frozen. Whether its tasks are frozen already makes no difference to a thaw. */
	FACT_CLOSED,
	/*
	 * This cgroup is not asked to be frozen, and is frozen all the same: by an ancestor, which the guard never touches, or (v2) for
	 * a moment after a thaw, until its first task has run.
	 */
	FACT_FROZEN_ABOVE,
	/* The cgroup has been removed. */
	FACT_GONE,
	/* The files cannot be read. */
	FACT_UNKNOWN,
};

/* Opens the files relative to `directory`. 0, or -errno: -EINVAL when `directory` is no cgroup directory of that version. */
int freezer_open(struct freezer_files *files, int directory, uint32_t version);
void freezer_close(struct freezer_files *files);
enum freezer_fact freezer_look(const struct freezer_files *files);
/*
 * Writes the thaw; the caller looks whether it took. The kernel walks over all tasks of the cgroup and of those below it, about 7 us
 * per task, and holds a lock meanwhile that every other write to a freezer of the same version needs too.
 */
void freezer_thaw(const struct freezer_files *files);

/* Whether a list of numbers, one per line, such as cgroup.procs, has this one. Reads the whole list. -1 when it cannot be read. */
int list_has(int list, int32_t number);

#endif
