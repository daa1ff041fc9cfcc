/* What the guard does about one agent: a state machine. Pure: no system call, no clock; tested by value. */
#ifndef GUARD_STEP_H
#define GUARD_STEP_H

#include <stdbool.h>
#include <stdint.h>

#include "protocol.h"

enum agent_state {
	AGENT_FREE = 0,
	/* It speaks for itself. */
	AGENT_LIVE,
	/* The tracing thread is dead and the process lives: its main thread cleans up, and says so or hangs up. */
	AGENT_LEFT,
	/* The connection is closed in the middle of a capture, and the process lives: dying, or out of its mind. */
	AGENT_ORPHANED,
	/* It was sent SIGKILL. */
	AGENT_ENDING,
	/* Nobody is left who could write FROZEN: what is thawed now is final. */
	AGENT_RELEASING,
};

/* What was seen, all at about the same instant. Times are microseconds of CLOCK_MONOTONIC; 0 is no deadline. */
struct agent_view {
	uint64_t now;
	bool process_dead;
	bool thread_dead;
	bool hung_up;
	/* A capture was announced, and is not done. */
	bool holding;
	/* The guard was told to end. */
	bool draining;
	/* One of its freezers is announced, and not known to be open again. */
	bool open;
	/* One of these is closed now. */
	bool closed;
	/* One of these had been proved open, and is closed now. */
	bool closed_again;
	/* Its tracing thread lacks nothing but CPU. Only looked at when a freezer is past its deadline. */
	bool starved;
	/* A task of its cgroups is traced by it. Only looked at in AGENT_RELEASING. */
	bool traced;
	/* The earliest of its open freezers. */
	uint64_t freezer_deadline;
	uint64_t hold_deadline;
	/* When the state was entered. */
	uint64_t since;
};

/* To be done in this order. */
enum agent_action {
	ACTION_THAW = 1,
	/* It is dying: gives it the CPU to die, as it lets its tasks go only in its own exit. */
	ACTION_HASTEN = 2,
	ACTION_KILL = 4,
	/* Opens the freezer of the agent's own cgroup, if that is what keeps it from dying. */
	ACTION_THAW_OWN = 8,
	/* Everything is proved: closes the journal's records, and says what happened. */
	ACTION_SETTLE = 16,
	/* Forgets the agent. */
	ACTION_FORGET = 32,
};

struct agent_step {
	enum agent_state state;
	/* GUARD_CAUSE_NONE: as before. */
	enum guard_cause cause;
	unsigned actions;
};

/*
 * On top of the agent's own deadline for a whole capture. The agent's threads roll back by themselves first; what is left of the
 * second that the promise gives is for its death and for the kernel to detach (91 ms at most for 10,000 threads).
 */
#define HOLD_GRACE_US 700000u
/*
 * What is closed for too long is opened at once. Who had closed it is ended for it, but not yet when it is a thread of a busy machine that
 * would open it next: its death would end every capture of its process. Nothing stays frozen meanwhile.
 */
#define STARVED_GRACE_US 2000000u
/* SIGKILL ends a task in 1 ms, 20 ms on a busy machine; later than this, something keeps it from dying. */
#define DEATH_PATIENCE_US 50000u

struct agent_step agent_step(enum agent_state state, const struct agent_view *view);

#endif
