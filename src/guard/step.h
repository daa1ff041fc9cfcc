/* What the guard does about one agent: a state machine. Pure: no system call, no clock. test/programs/guard-step.c tests it by value. */
#ifndef GUARD_STEP_H
#define GUARD_STEP_H

#include <stdbool.h>
#include <stdint.h>

#include "protocol.h"

enum agent_state {
	AGENT_FREE = 0,
	/* The agent opens its freezers itself. */
	AGENT_LIVE,
	/* The agent lives, and its connection is closed in the middle of a capture: the process is dying, or has a defect. */
	AGENT_ORPHANED,
	/* The agent was sent SIGKILL, and lives still. */
	AGENT_ENDING,
	/* The writer is dead, so that a thaw is final. */
	AGENT_RELEASING,
};

/* What the guard sees of one agent, all at about the same instant. Times are microseconds of CLOCK_MONOTONIC. */
struct agent_view {
	uint64_t now;
	bool process_dead;
	bool thread_dead;
	bool hung_up;
	/* A capture was announced, and the agent has not said that it is done. */
	bool holding;
	/* A freezer is announced, and not known to be open again. */
	bool open;
	/* A freezer that is announced and ought to be open is closed. */
	bool closed;
	/* The tracing thread is late, and not by its own fault (peer_delayed). Only meaningful when a freezer is past its deadline. */
	bool delayed;
	/* The earliest deadline of the announced freezers; only meaningful when `open`. */
	uint64_t freezer_deadline;
	/* Only meaningful when `holding`. */
	uint64_t hold_deadline;
	/* When the state was entered. */
	uint64_t since;
};

/* Bits, to be carried out in this order. */
enum agent_action {
	/* Thaws the freezers that are closed. */
	ACTION_THAW = 1,
	/* Raises the priority of the tracing thread, which has to get CPU time to die: its tracees are free only when it is dead. */
	ACTION_HASTEN = 2,
	ACTION_KILL = 4,
	/* Thaws the agent's own cgroup, if a freeze of it is what keeps the agent from dying. */
	ACTION_THAW_OWN = 8,
	/* Everything is open for good: closes the records in the journal, and tells what happened. The agent holds nothing any more. */
	ACTION_SETTLE = 16,
	ACTION_FORGET = 32,
};

struct agent_step {
	enum agent_state state;
	/* GUARD_CAUSE_NONE: the cause stays as it is. */
	enum guard_cause cause;
	unsigned actions;
};

/*
 * Microseconds past the agent's own deadline for a whole capture, after which the guard ends the agent. In that time the agent's
 * threads roll back by themselves. The rest of the promised second is for the agent's death (kernel.md: 91 ms at most until 10,000
 * threads run again after a SIGKILL).
 */
#define HOLD_GRACE_US 700000u
/*
 * Microseconds past a freezer's deadline during which the guard spares a delayed agent. The freezer is thawed at once in any case. On
 * a machine without CPU time the tracing thread needs longer to say that it has opened the freezer, and the agent's death would end
 * every other capture of its process.
 */
#define DELAY_GRACE_US 2000000u
/* Microseconds after a SIGKILL by which its target is dead: 1 ms as a rule, 20 ms on a busy machine. Later, something holds it. */
#define DEATH_PATIENCE_US 50000u

struct agent_step agent_step(enum agent_state state, const struct agent_view *view);

#endif
