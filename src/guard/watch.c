/* Drives step.c: sees, asks it what to do, and does that. */
#include <string.h>

#include "journal.h"
#include "log.h"
#include "peer.h"

/* All in microseconds. Between two looks at an agent whose freezers are to be opened. */
#define ACTING_EVERY_US 5000u
/* An agent that is not settled by then is looked at less often, and the log says once that its release is late. */
#define LATE_US 1000000u
#define LATE_EVERY_US 100000u
/* Between two looks whether the tracing thread lives, where the kernel does not tell of its death (before Linux 6.9). */
#define THREAD_EVERY_US 20000u
/* How long v2 may say `frozen 1` after a thaw, until the first task has run. An ancestor that is frozen says it for ever. */
#define SETTLING_US 100000u
/*
 * After so long in one round the guard reads the messages of other agents before it goes on. One thaw takes the kernel about 7 us per
 * task and cannot be interrupted. Another thread of the guard would gain nothing: the kernel carries out one thaw at a time (under
 * freezer_mutex on v1, cgroup_mutex on v2).
 */
#define ROUND_US 10000u

static bool is_closed(const struct agent *agent, struct freezer *freezer, uint64_t now)
{
	switch (freezer_look(&freezer->files)) {
	case FACT_FROZEN_ABOVE:
		return agent->state == AGENT_RELEASING && now - agent->since < SETTLING_US;
	case FACT_GONE:
		freezer->gone = true;
		return false;
	case FACT_THAWED:
		return false;
	case FACT_CLOSED:
	case FACT_UNKNOWN:
		break;
	}
	return true;
}

static void see_freezers(struct guard *guard, const struct agent *agent, struct agent_view *view)
{
	for (int i = 0; i < MAX_FREEZERS; i++) {
		struct freezer *freezer = &guard->freezers[i];

		if (!agent_has(guard, agent, freezer))
			continue;
		if (!view->open || freezer->deadline < view->freezer_deadline)
			view->freezer_deadline = freezer->deadline;
		view->open = true;
		/* A living agent may keep its freezers closed until their deadlines. */
		if (agent->state != AGENT_LIVE || guard->draining || view->now >= freezer->deadline)
			view->closed |= is_closed(agent, freezer, view->now);
	}
}

static struct agent_view see(struct guard *guard, struct agent *agent)
{
	struct agent_view view = { .now = now_us(), .hold_deadline = agent->hold_deadline, .since = agent->since };

	/* Before the freezers: when the writer is dead, what they say afterwards is final. */
	peer_look(agent);
	view.process_dead = agent->process_dead;
	view.thread_dead = agent->thread_dead;
	view.hung_up = agent->socket < 0;
	view.holding = agent->holding;
	see_freezers(guard, agent, &view);
	if (view.open && view.now >= view.freezer_deadline)
		view.delayed = peer_delayed(agent, view.now);
	return view;
}

/* False when the time of the round was over before all were thawed. An open freezer is left alone: a thaw would cost as much. */
static bool thaw(struct guard *guard, const struct agent *agent, uint64_t until)
{
	for (int i = 0; i < MAX_FREEZERS; i++) {
		struct freezer *freezer = &guard->freezers[i];
		enum freezer_fact fact = agent_has(guard, agent, freezer) ? freezer_look(&freezer->files) : FACT_THAWED;

		if (fact != FACT_CLOSED && fact != FACT_UNKNOWN)
			continue;
		freezer->found_closed |= fact == FACT_CLOSED;
		freezer_thaw(&freezer->files);
		if (now_us() >= until)
			return false;
	}
	return true;
}

static void kill_agent(struct agent *agent)
{
	log_begin("error", "agentKilled");
	log_number("pid", agent->pid);
	log_text("cause", agent->cause == GUARD_HOLD_DEADLINE ? "HoldDeadline" : "FreezerDeadline");
	log_end();
	peer_kill(agent);
}

static void thaw_own(struct agent *agent)
{
	if (!peer_thaw_own(agent))
		return;
	log_begin("error", "agentCgroupThawed");
	log_number("pid", agent->pid);
	log_end();
}

static void tell_delay(struct agent *agent)
{
	if (agent->delay_told)
		return;
	agent->delay_told = true;
	log_begin("warn", "freezerLate");
	log_number("pid", agent->pid);
	log_number("tid", agent->tid);
	log_end();
}

static const char *name_of_cause(enum guard_cause cause)
{
	static const char *const names[] = { "None",		"AgentDied",	"ThreadDied", "HungUp",
					     "FreezerDeadline", "HoldDeadline", "GuardDied" };

	return names[cause];
}

static void settle_freezer(struct guard *guard, const struct agent *agent, struct freezer *freezer)
{
	static const char *const outcomes[] = { "None", "Thawed", "FoundThawed", "CgroupGone" };
	enum guard_outcome outcome = freezer->gone	   ? GUARD_CGROUP_GONE :
				     freezer->found_closed ? GUARD_THAWED :
							     GUARD_FOUND_THAWED;

	log_begin("warn", "released");
	log_capture(agent->capture);
	log_number("container", freezer->container);
	log_text("cgroup", freezer->path);
	log_text("cause", name_of_cause(agent->cause));
	log_text("outcome", outcomes[outcome]);
	log_number("pid", agent->pid);
	log_number("thawMicroseconds", (int64_t)(now_us() - agent->acted_at));
	log_end();
	/* The guard of a single command has only the log to tell: its agent is dead, and none follows. */
	if (guard->service || agent->cause == GUARD_GUARD_DIED)
		recovered_add(guard, agent->capture, freezer->container, outcome, agent->cause);
	journal_close_record(guard, freezer);
	freezer_forget(freezer);
}

/* Says nothing of a capture whose freezers are all known to be open, such as one whose tracing thread ends as planned. */
static void settle(struct guard *guard, struct agent *agent)
{
	bool any = false;

	/* When a process dies, its thread may be seen to end first. */
	if (agent->process_dead && agent->cause == GUARD_THREAD_DIED)
		agent->cause = GUARD_AGENT_DIED;
	for (int i = 0; i < MAX_FREEZERS; i++) {
		if (!agent_has(guard, agent, &guard->freezers[i]))
			continue;
		settle_freezer(guard, agent, &guard->freezers[i]);
		any = true;
	}
	if (any)
		journal_save_recovered(guard);
	agent->holding = agent->late_told = agent->delay_told = false;
	agent->cause = GUARD_CAUSE_NONE;
}

static void tell_late(struct agent *agent, uint64_t now)
{
	if (agent->late_told || agent->state == AGENT_LIVE || now - agent->acted_at < LATE_US)
		return;
	agent->late_told = true;
	log_begin("error", "releaseLate");
	log_number("pid", agent->pid);
	log_text("cause", name_of_cause(agent->cause));
	log_number("state", agent->state);
	log_end();
}

static uint64_t next_look(const struct guard *guard, const struct agent *agent, const struct agent_view *view)
{
	uint64_t at = UINT64_MAX;

	if (agent->state != AGENT_LIVE || (view->open && (guard->draining || view->now >= view->freezer_deadline)))
		return view->now + (agent->late_told ? LATE_EVERY_US : ACTING_EVERY_US);
	if (!agent->holding)
		return at;
	if (agent->threadfd < 0)
		at = view->now + THREAD_EVERY_US;
	if (view->open && view->freezer_deadline < at)
		at = view->freezer_deadline;
	if (agent->hold_deadline + HOLD_GRACE_US < at)
		at = agent->hold_deadline + HOLD_GRACE_US;
	return at;
}

/* True when the agent is to be looked at again at once. */
static bool act(struct guard *guard, struct agent *agent, const struct agent_view *view, uint64_t until)
{
	struct agent_step step = agent_step(agent->state, view);
	bool changed = step.state != agent->state, complete = true;

	if (changed && agent->state == AGENT_LIVE)
		agent->acted_at = view->now;
	if (changed)
		agent->since = view->now;
	if (step.cause != GUARD_CAUSE_NONE && agent->cause != GUARD_GUARD_DIED)
		agent->cause = step.cause;
	agent->state = step.state;
	if (step.actions & ACTION_THAW)
		complete = thaw(guard, agent, until);
	if ((step.actions & ACTION_THAW) && view->delayed && agent->state == AGENT_LIVE)
		tell_delay(agent);
	if (step.actions & ACTION_HASTEN)
		peer_hasten(agent);
	if (step.actions & ACTION_KILL)
		kill_agent(agent);
	if (step.actions & ACTION_THAW_OWN)
		thaw_own(agent);
	if (step.actions & ACTION_SETTLE)
		settle(guard, agent);
	if (step.actions & ACTION_FORGET)
		agent_clear(agent);
	return agent->state != AGENT_FREE && (changed || !complete);
}

/* Goes on until nothing changes: the death of a writer and the proof of the thaw take one round, when the kernel is fast. */
static void look_at(struct guard *guard, struct agent *agent, uint64_t until)
{
	struct agent_view view = see(guard, agent);

	while (act(guard, agent, &view, until)) {
		/* The next round goes on with it, after the messages of other agents have been read. */
		if (now_us() >= until) {
			agent->look_at = 0;
			return;
		}
		view = see(guard, agent);
	}
	if (agent->state == AGENT_FREE)
		return;
	tell_late(agent, view.now);
	agent->look_at = next_look(guard, agent, &view);
}

int watch(struct guard *guard)
{
	uint64_t next = UINT64_MAX, now = now_us(), until = now + ROUND_US;

	for (unsigned seen = 0; seen < MAX_AGENTS && now < until; seen++, now = now_us()) {
		struct agent *agent = &guard->agents[guard->next_agent];

		if (agent->state != AGENT_FREE)
			look_at(guard, agent, until);
		guard->next_agent = (guard->next_agent + 1) % MAX_AGENTS;
	}
	if (now >= until)
		return 0;
	for (int i = 0; i < MAX_AGENTS; i++)
		if (guard->agents[i].state != AGENT_FREE && guard->agents[i].look_at < next)
			next = guard->agents[i].look_at;
	if (next == UINT64_MAX)
		return -1;
	/* Rounded up, as a look too early would be one more wakeup for nothing. */
	return next <= now ? 0 : (int)((next - now + 999) / 1000);
}
