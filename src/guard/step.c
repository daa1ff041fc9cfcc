#include "step.h"

/*
 * A thaw is final only when the writer is dead: an agent that was stopped between announcing and writing writes FROZEN when it is
 * continued, however often it was thawed before. So every way but the agent's own word leads through AGENT_RELEASING, which
 * is entered when the tracing thread, the only one that writes FROZEN, is dead.
 */
static bool writer_dead(const struct agent_view *view)
{
	return view->process_dead || view->thread_dead;
}

static bool overdue(const struct agent_view *view, uint64_t deadline, uint64_t grace)
{
	return deadline != 0 && view->now >= deadline + grace;
}

static struct agent_step stay(enum agent_state state, unsigned actions)
{
	return (struct agent_step){ state, GUARD_CAUSE_NONE, actions };
}

static struct agent_step turn(enum agent_state state, enum guard_cause cause, unsigned actions)
{
	return (struct agent_step){ state, cause, actions };
}

static struct agent_step forget(void)
{
	return stay(AGENT_FREE, ACTION_FORGET);
}

/* Thaw first, as it may be what frees the agent. */
#define END (ACTION_THAW | ACTION_HASTEN | ACTION_KILL)

/* A freezer ought to be open. */
static bool closed_too_long(const struct agent_view *view)
{
	return view->open && overdue(view, view->freezer_deadline, 0);
}

/* True, with the step, when a deadline has passed that ends the agent. */
static bool past_deadline(const struct agent_view *view, struct agent_step *step)
{
	bool spared = view->starved && !overdue(view, view->freezer_deadline, STARVED_GRACE_US);

	if (closed_too_long(view) && !spared)
		*step = turn(AGENT_ENDING, GUARD_FREEZER_DEADLINE, END);
	else if (view->holding && overdue(view, view->hold_deadline, HOLD_GRACE_US))
		*step = turn(AGENT_ENDING, GUARD_HOLD_DEADLINE, END);
	else
		return false;
	return true;
}

static struct agent_step live(const struct agent_view *view)
{
	struct agent_step step;

	if (!view->holding)
		return view->process_dead || view->hung_up ? forget() : stay(AGENT_LIVE, 0);
	if (view->process_dead)
		return turn(AGENT_RELEASING, GUARD_AGENT_DIED, ACTION_THAW);
	if (past_deadline(view, &step))
		return step;
	if (view->thread_dead)
		return turn(AGENT_LEFT, GUARD_THREAD_DIED, ACTION_THAW);
	if (view->hung_up)
		return turn(AGENT_ORPHANED, GUARD_HUNG_UP, ACTION_THAW | ACTION_HASTEN);
	if (closed_too_long(view) && view->closed)
		return stay(AGENT_LIVE, ACTION_THAW);
	return stay(AGENT_LIVE, view->draining && view->open ? ACTION_THAW : 0);
}

static struct agent_step left(const struct agent_view *view)
{
	struct agent_step step;

	if (!view->holding)
		return view->process_dead || view->hung_up ? forget() : stay(AGENT_LIVE, 0);
	if (view->process_dead || view->hung_up)
		return stay(AGENT_RELEASING, ACTION_THAW);
	/* The one that wrote is dead, and yet it was closed again: whoever in this process does so is not to be trusted. */
	if (view->closed_again)
		return turn(AGENT_ENDING, GUARD_FREEZER_DEADLINE, END);
	if (past_deadline(view, &step))
		return step;
	return stay(AGENT_LEFT, view->closed ? ACTION_THAW : 0);
}

static struct agent_step orphaned(const struct agent_view *view)
{
	struct agent_step step;

	/* Another connection of the same process may say that it is done. */
	if (!view->holding)
		return forget();
	if (view->process_dead)
		return turn(AGENT_RELEASING, GUARD_AGENT_DIED, ACTION_THAW);
	if (view->thread_dead)
		return turn(AGENT_RELEASING, GUARD_THREAD_DIED, ACTION_THAW);
	if (past_deadline(view, &step))
		return step;
	return stay(AGENT_ORPHANED, view->closed ? ACTION_THAW : 0);
}

static struct agent_step ending(const struct agent_view *view)
{
	unsigned actions = view->closed ? ACTION_THAW : 0;

	if (writer_dead(view))
		return stay(AGENT_RELEASING, ACTION_THAW);
	if (overdue(view, view->since, DEATH_PATIENCE_US))
		actions |= ACTION_THAW_OWN;
	return stay(AGENT_ENDING, actions);
}

static struct agent_step releasing(const struct agent_view *view)
{
	if (view->closed)
		return stay(AGENT_RELEASING, ACTION_THAW);
	if (view->traced)
		return stay(AGENT_RELEASING, 0);
	return stay(AGENT_FREE, ACTION_SETTLE | ACTION_FORGET);
}

struct agent_step agent_step(enum agent_state state, const struct agent_view *view)
{
	switch (state) {
	case AGENT_LIVE:
		return live(view);
	case AGENT_LEFT:
		return left(view);
	case AGENT_ORPHANED:
		return orphaned(view);
	case AGENT_ENDING:
		return ending(view);
	case AGENT_RELEASING:
		return releasing(view);
	case AGENT_FREE:
		break;
	}
	return stay(AGENT_FREE, 0);
}
