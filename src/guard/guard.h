/*
 * The guard's whole state. Everything has a fixed size: the guard allocates nothing after its start, so that it works on a machine
 * that has run out of memory, which is exactly when agents are killed.
 */
#ifndef GUARD_H
#define GUARD_H

#include "freezer.h"
#include "protocol.h"
#include "step.h"

/*
 * Agents at once, where an agent is one connection, or one writer that a dead guard's journal names. The agent of a node has at most
 * 64 tracing threads, each with a connection, and one connection of its main thread.
 */
#define MAX_AGENTS 96
/* Freezers of all captures that may be closed at once. A capture has at most 64 (src/node-agent/capture/board.ts), a pod has a few. */
#define MAX_FREEZERS 256
/* Records that no agent has acknowledged. When there are more, the guard forgets the oldest, which then stands in the log alone. */
#define MAX_RECOVERED 128
/* Microseconds that a freezer may stay closed, whatever the agent asks for: the promise of docs/safety.md. */
#define FREEZER_BOUND_US 1000000u

/* A freezer that its agent may close at any time. Its record in the journal is open. */
struct freezer {
	bool announced; /* false: the slot is free */
	int agent; /* index into guard.agents */
	uint32_t container;
	uint64_t inode, device;
	uint64_t deadline; /* microseconds of CLOCK_MONOTONIC, as all deadlines */
	/* Seen since the guard began to act on this freezer. */
	bool found_closed, gone;
	struct freezer_files files;
	char path[GUARD_PATH_BYTES];
};

struct agent {
	enum agent_state state;
	enum guard_cause cause;
	int socket; /* -1: the agent has hung up, or a dead guard had the connection */
	int pidfd;
	int threadfd; /* -1: the kernel has no pidfds of threads (before 6.9) */
	/* The freezer of the agent's own v1 cgroup, and the list of its processes; all -1 where it is not known. */
	struct freezer_files own;
	int own_procs;
	int32_t pid;
	int32_t tid; /* of the tracing thread; 0 before the hello */
	uint64_t start_ticks; /* field 22 of /proc/PID/stat */
	bool thread_dead, process_dead;
	/* A capture was announced and is not done: its id, and when it has to be over. */
	bool holding;
	uint8_t capture[GUARD_CAPTURE_BYTES];
	uint64_t hold_deadline;
	uint64_t since; /* when the present state was entered */
	uint64_t acted_at; /* when the agent last left AGENT_LIVE */
	uint64_t look_at; /* when the agent is to be looked at again */
	bool late_told, delay_told; /* one line in the log is enough */
	/* What peer_delayed() saw last: the timeslices of the tracing thread, and when it last saw the thread get on. */
	uint64_t timeslices, ran_at;
};

/* What a guard did without an agent. */
struct recovered {
	uint32_t outcome, cause, container;
	uint8_t capture[GUARD_CAPTURE_BYTES];
};

struct guard {
	int state_directory;
	bool service;
	bool draining;
	bool memory_locked;
	unsigned next_agent; /* the agent at which watch() goes on */
	unsigned recovered_count;
	struct agent agents[MAX_AGENTS];
	struct freezer freezers[MAX_FREEZERS];
	struct recovered recovered[MAX_RECOVERED];
};

/* Microseconds of CLOCK_MONOTONIC. */
uint64_t now_us(void);
/* Closes a descriptor and sets it to -1. Does nothing at -1. */
void close_fd(int *fd);

/* agent.c: agents and their freezers. */
struct agent *agent_new(struct guard *guard);
void agent_clear(struct agent *agent);
bool agent_has(const struct guard *guard, const struct agent *agent, const struct freezer *freezer);
/* A free slot, or NULL. */
struct freezer *freezer_new(struct guard *guard);
/* Frees the slot and closes its files. */
void freezer_forget(struct freezer *freezer);

/*
 * watch.c: looks at all agents, and acts. Returns how many milliseconds poll(2) may wait for a message before the next call; -1 means
 * for ever.
 */
int watch(struct guard *guard);

/* recovered.c: the list in memory. Whoever changes it calls journal_save_recovered() afterwards. */
void recovered_add(struct guard *guard, const uint8_t *capture, uint32_t container, uint32_t outcome, uint32_t cause);
/* False when there is no such record. */
bool recovered_remove(struct guard *guard, const uint8_t *capture, uint32_t container);

#endif
