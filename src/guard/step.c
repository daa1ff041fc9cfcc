#include "step.h"

/*
 * Only an agent's tracing thread writes FROZEN. While that thread lives, no thaw is final: an agent that was stopped between its
 * announcement and its write freezes the cgroup when it is continued, however often the guard has thawed it meanwhile. So every way to
 * ACTION_SETTLE leads through AGENT_RELEASING, which is entered only when that thread is dead. The kernel detaches the thread's
 * tracees before it tells anybody of the thread's death (exit_notify in kernel/exit.c; tested by tracer-death.c), so that nothing is
 * traced any more by then.
 */
static bool writer_dead(const struct agent_view *view)
{
	return view->process_dead || view->thread_dead;
}

static bool past(const struct agent_view *view, uint64_t deadline, uint64_t grace)
{
	return view->now >= deadline + grace;
}

static struct agent_step stay(enum agent_state state, unsigned actions)
{
	return (struct agent_step){ state, GUARD_CAUSE_NONE, actions };
}

static struct agent_step turn(enum agent_state state, enum guard_cause cause, unsigned actions)
{
	return (struct agent_step){ state, cause, actions };
}

static struct agent_step release(const struct agent_view *view)
{
	return turn(AGENT_RELEASING, view->process_dead ? GUARD_AGENT_DIED : GUARD_THREAD_DIED, ACTION_THAW);
}

/* GUARD_CAUSE_NONE when no deadline has passed for which the agent is ended. */
static enum guard_cause broken_deadline(const struct agent_view *view)
{
	if (view->open && past(view, view->freezer_deadline, view->delayed ? DELAY_GRACE_US : 0))
		return GUARD_FREEZER_DEADLINE;
	return past(view, view->hold_deadline, HOLD_GRACE_US) ? GUARD_HOLD_DEADLINE : GUARD_CAUSE_NONE;
}

static struct agent_step live_or_orphaned(enum agent_state state, const struct agent_view *view)
{
	enum guard_cause broken = broken_deadline(view);

	if (!view->holding)
		return view->process_dead || view->hung_up ? stay(AGENT_FREE, ACTION_FORGET) : stay(AGENT_LIVE, 0);
	if (writer_dead(view))
		return release(view);
	/* The thaw comes first: it may be what frees the agent from a system call. */
	if (broken != GUARD_CAUSE_NONE)
		return turn(AGENT_ENDING, broken, ACTION_THAW | ACTION_HASTEN | ACTION_KILL);
	if (state == AGENT_LIVE && view->hung_up)
		return turn(AGENT_ORPHANED, GUARD_HUNG_UP, ACTION_THAW | ACTION_HASTEN);
	return stay(state, view->closed ? ACTION_THAW : 0);
}

static struct agent_step ending(const struct agent_view *view)
{
	unsigned actions = view->closed ? ACTION_THAW : 0;

	if (writer_dead(view))
		return stay(AGENT_RELEASING, ACTION_THAW);
	if (past(view, view->since, DEATH_PATIENCE_US))
		actions |= ACTION_THAW_OWN;
	return stay(AGENT_ENDING, actions);
}

static struct agent_step releasing(const struct agent_view *view)
{
	if (view->closed)
		return stay(AGENT_RELEASING, ACTION_THAW);
	if (view->process_dead || view->hung_up)
		return stay(AGENT_FREE, ACTION_SETTLE | ACTION_FORGET);
	/* The process goes on with another tracing thread, which says hello on the same connection. */
	return stay(AGENT_LIVE, ACTION_SETTLE);
}

struct agent_step agent_step(enum agent_state state, const struct agent_view *view)
{
	switch (state) {
	case AGENT_LIVE:
	case AGENT_ORPHANED:
		return live_or_orphaned(state, view);
	case AGENT_ENDING:
		return ending(view);
	case AGENT_RELEASING:
		return releasing(view);
	case AGENT_FREE:
		break;
	}
	return stay(AGENT_FREE, 0);
}
