/*
 * What the guard knows. Everything is of fixed size: it allocates nothing after its start, so that it works on a machine
 * that has no memory left, which is when agents are killed.
 */
#ifndef GUARD_H
#define GUARD_H

#include "protocol.h"
#include "step.h"

/* Agents at once: connections, and processes that a dead guard left. A node's agent has 64 tracing threads at most. */
#define MAX_AGENTS 96
/* Freezers of all captures at once. A pod has a few; a capture takes 64 at most (src/node-agent/capture/board.ts). */
#define MAX_FREEZERS 256
/* Rescues that no agent has acknowledged. Behind it the oldest is forgotten; the log has it. */
#define MAX_RECOVERED 128
/* However long the agent wants: no freezer is closed for longer. */
#define FREEZER_BOUND_US 1000000u

enum freezer_state {
	FREEZER_UNUSED = 0,
	/* It may be closed at any time; its record in the journal is open. */
	FREEZER_ANNOUNCED,
	/* It was opened, or never to be closed: kept until the capture is done, to tell whether its tasks are traced. */
	FREEZER_WATCHED,
};

struct freezer {
	enum freezer_state state;
	uint32_t version;
	int agent; /* index */
	int directory;
	int control; /* freezer.state, cgroup.freeze: read and written */
	int witness; /* freezer.self_freezing, cgroup.events */
	uint64_t inode, device;
	uint8_t capture[GUARD_CAPTURE_BYTES];
	uint32_t container;
	uint64_t deadline;
	/* What was seen since the guard has begun to act on it. */
	bool found_closed, proved_open, gone;
	char path[GUARD_PATH_BYTES];
};

struct agent {
	enum agent_state state;
	enum guard_cause cause;
	int socket; /* -1: hung up, or left by a dead guard */
	int pidfd, threadfd; /* threadfd -1: the kernel has none */
	int own_control, own_self, own_procs; /* freezer of the agent's own v1 cgroup; -1: not known */
	int32_t pid, tid; /* 0: no hello yet */
	uint64_t start_ticks;
	bool thread_dead, process_dead;
	bool holding;
	uint8_t capture[GUARD_CAPTURE_BYTES];
	uint64_t hold_deadline;
	/* Of the state; of the first action; when all was proved open; since when nothing is traced; when it is next to be looked at. */
	uint64_t since, acted_at, opened_at, untraced_at, look_at;
	bool overdue_told, starved_told;
	/* How often the tracing thread had been switched to and from when it was last seen to get on, and when that was. */
	uint64_t switches, ran_at;
};

struct recovered {
	uint32_t outcome, cause, container;
	uint8_t capture[GUARD_CAPTURE_BYTES];
};

struct guard {
	int state_directory;
	bool service;
	bool draining;
	bool memory_locked;
	unsigned recovered_count;
	struct agent agents[MAX_AGENTS];
	struct freezer freezers[MAX_FREEZERS];
	struct recovered recovered[MAX_RECOVERED];
};

/* Microseconds of CLOCK_MONOTONIC. */
uint64_t now_us(void);
/* Closes and forgets a descriptor; nothing to do at -1. */
void close_fd(int *fd);

/* agent.c */
struct agent *agent_new(struct guard *guard);
void agent_clear(struct agent *agent);
bool freezer_of(const struct guard *guard, const struct freezer *freezer, const struct agent *agent);

/* watch.c: looks at every agent whose time has come, and acts. Returns the milliseconds until the next look, -1: never. */
int watch(struct guard *guard);

/* recovered.c */
void recovered_add(struct guard *guard, const uint8_t *capture, uint32_t container, uint32_t outcome, uint32_t cause);
bool recovered_remove(struct guard *guard, const uint8_t *capture, uint32_t container);
void recovered_save(const struct guard *guard);

#endif
