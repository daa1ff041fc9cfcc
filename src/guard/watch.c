/* The driver of step.c: sees, asks it, does what it says. */
#include <string.h>

#include "freezer.h"
#include "journal.h"
#include "log.h"
#include "peer.h"

/* Between two thaws of the same freezer, and two looks whether its tasks are released. */
#define ACTING_EVERY_US 5000u
/* What is not proved in a second is waited for less impatiently, and said so once. */
#define LATE_US 1000000u
#define LATE_EVERY_US 100000u
/* Where the kernel does not tell of the end of a thread (before 6.9). */
#define THREAD_EVERY_US 20000u
/* After a thaw v2 says `frozen 1` until the first task has run; an ancestor that is frozen says it for ever. */
#define SETTLING_US 100000u

static bool counts_as_closed(const struct agent *agent, struct freezer *freezer, uint64_t now)
{
	switch (freezer_look(freezer)) {
	case FACT_CLOSED:
		return true;
	case FACT_FROZEN_ABOVE:
		return agent->acted_at == 0 || now - agent->acted_at < SETTLING_US;
	case FACT_UNKNOWN:
		return true;
	case FACT_GONE:
		freezer->gone = true;
		return false;
	case FACT_THAWED:
		return false;
	}
	return true;
}

static void see_freezers(struct guard *guard, struct agent *agent, struct agent_view *view)
{
	for (int i = 0; i < MAX_FREEZERS; i++) {
		struct freezer *freezer = &guard->freezers[i];

		if (freezer->state != FREEZER_ANNOUNCED || !freezer_of(guard, freezer, agent))
			continue;
		view->open = true;
		if (view->freezer_deadline == 0 || freezer->deadline < view->freezer_deadline)
			view->freezer_deadline = freezer->deadline;
		/* The freezers of one that speaks for itself are its own business until their deadline. */
		if (agent->state == AGENT_LIVE && !guard->draining && view->now < freezer->deadline)
			continue;
		if (counts_as_closed(agent, freezer, view->now)) {
			view->closed = true;
			view->closed_again |= freezer->proved_open;
		} else if (agent->state != AGENT_LIVE) {
			freezer->proved_open = true;
		}
	}
}

static bool is_traced(const struct guard *guard, const struct agent *agent)
{
	for (int i = 0; i < MAX_FREEZERS; i++)
		if (freezer_of(guard, &guard->freezers[i], agent) && freezer_traced(&guard->freezers[i], agent->tid))
			return true;
	return false;
}

static struct agent_view see(struct guard *guard, struct agent *agent)
{
	struct agent_view view = { .now = now_us(), .hold_deadline = agent->hold_deadline, .since = agent->since };

	peer_look(agent);
	view.process_dead = agent->process_dead;
	view.thread_dead = agent->thread_dead;
	view.hung_up = agent->socket < 0;
	view.holding = agent->holding;
	view.draining = guard->draining;
	see_freezers(guard, agent, &view);
	if (view.open && view.now >= view.freezer_deadline)
		view.starved = peer_starved(agent, view.now);
	if (agent->state == AGENT_RELEASING && !view.closed) {
		if (agent->opened_at == 0)
			agent->opened_at = view.now;
		/*
		 * The kernel detaches all tracees of a thread before it tells of its death (exit_notify), so that a look that finds none
		 * holds from its beginning on; ten thousand threads take 0.2 s to look at.
		 */
		agent->untraced_at = now_us();
		view.traced = is_traced(guard, agent);
	}
	return view;
}

static void thaw(struct guard *guard, struct agent *agent)
{
	if (agent->acted_at == 0)
		agent->acted_at = now_us();
	for (int i = 0; i < MAX_FREEZERS; i++) {
		struct freezer *freezer = &guard->freezers[i];

		if (freezer->state != FREEZER_ANNOUNCED || !freezer_of(guard, freezer, agent))
			continue;
		freezer->found_closed |= freezer_look(freezer) == FACT_CLOSED;
		freezer_thaw(freezer);
	}
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
	if (!own_thaw(agent))
		return;
	log_begin("error", "agentCgroupThawed");
	log_number("pid", agent->pid);
	log_end();
}

/* It is late, was thawed for it, and goes on. */
static void tell_starved(struct agent *agent)
{
	if (agent->starved_told)
		return;
	agent->starved_told = true;
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

static uint32_t outcome_of(const struct freezer *freezer)
{
	return freezer->gone ? GUARD_CGROUP_GONE : freezer->found_closed ? GUARD_THAWED : GUARD_FOUND_THAWED;
}

/* All times are counted from when the guard began to act: when it came to know. */
static void settle(struct guard *guard, struct agent *agent)
{
	uint64_t now = now_us();

	/* Of a process that dies, a thread or the connection may be seen to end first. */
	if (agent->process_dead && (agent->cause == GUARD_THREAD_DIED || agent->cause == GUARD_HUNG_UP))
		agent->cause = GUARD_AGENT_DIED;
	for (int i = 0; i < MAX_FREEZERS; i++) {
		struct freezer *freezer = &guard->freezers[i];
		static const char *const outcomes[] = { "None", "Thawed", "FoundThawed", "CgroupGone" };

		if (!freezer_of(guard, freezer, agent))
			continue;
		log_begin("warn", "released");
		log_capture(freezer->capture);
		log_number("container", freezer->container);
		log_text("cgroup", freezer->path);
		log_text("cause", name_of_cause(agent->cause));
		log_text("outcome", outcomes[outcome_of(freezer)]);
		log_number("pid", agent->pid);
		log_number("thawMicroseconds", (int64_t)(agent->opened_at - agent->acted_at));
		log_number("untracedMicroseconds", (int64_t)(agent->untraced_at - agent->acted_at));
		log_number("provedMicroseconds", (int64_t)(now - agent->acted_at));
		log_end();
		/* A guard of one command has nobody to tell but the log: its agent is gone, and there is no next. */
		if (guard->service || agent->cause == GUARD_GUARD_DIED)
			recovered_add(guard, freezer->capture, freezer->container, outcome_of(freezer), agent->cause);
		if (freezer->state == FREEZER_ANNOUNCED)
			journal_close_record(guard, freezer);
	}
}

static void forget(struct guard *guard, struct agent *agent)
{
	for (int i = 0; i < MAX_FREEZERS; i++) {
		if (!freezer_of(guard, &guard->freezers[i], agent))
			continue;
		freezer_close(&guard->freezers[i]);
		guard->freezers[i].state = FREEZER_UNUSED;
	}
	agent_clear(agent);
}

static void tell_late(struct agent *agent, uint64_t now)
{
	if (agent->overdue_told || agent->state == AGENT_LIVE || agent->acted_at == 0 || now - agent->acted_at < LATE_US)
		return;
	agent->overdue_told = true;
	log_begin("error", "releaseLate");
	log_number("pid", agent->pid);
	log_text("cause", name_of_cause(agent->cause));
	log_number("state", agent->state);
	log_end();
}

static uint64_t next_look(const struct agent *agent, const struct agent_view *view)
{
	uint64_t at = UINT64_MAX;

	if (agent->state != AGENT_LIVE || (view->open && (view->draining || view->now >= view->freezer_deadline)))
		return view->now + (agent->overdue_told ? LATE_EVERY_US : ACTING_EVERY_US);
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

/* Steps until nothing changes: a death that was seen and the proof of the thaw are one pass, when the kernel is fast. */
static void look_at(struct guard *guard, struct agent *agent)
{
	for (;;) {
		struct agent_view view = see(guard, agent);
		struct agent_step step = agent_step(agent->state, &view);
		enum agent_state was = agent->state;
		bool changed = step.state != was;

		if (step.cause != GUARD_CAUSE_NONE && agent->cause != GUARD_GUARD_DIED)
			agent->cause = step.cause;
		if (changed)
			agent->since = view.now;
		/* What it was thawed for while it lived is no part of how long its release takes. */
		if (changed && was == AGENT_LIVE)
			agent->acted_at = 0;
		agent->state = step.state;
		if (step.actions & ACTION_THAW)
			thaw(guard, agent);
		if (view.starved && agent->state == AGENT_LIVE && (step.actions & ACTION_THAW))
			tell_starved(agent);
		if (step.actions & ACTION_HASTEN)
			peer_hasten(agent);
		if (step.actions & ACTION_KILL)
			kill_agent(agent);
		if (step.actions & ACTION_THAW_OWN)
			thaw_own(agent);
		if (step.actions & ACTION_SETTLE)
			settle(guard, agent);
		if (step.actions & ACTION_FORGET) {
			forget(guard, agent);
			return;
		}
		if (changed)
			continue;
		tell_late(agent, view.now);
		agent->look_at = next_look(agent, &view);
		return;
	}
}

int watch(struct guard *guard)
{
	uint64_t next = UINT64_MAX, now;

	for (int i = 0; i < MAX_AGENTS; i++) {
		struct agent *agent = &guard->agents[i];

		if (agent->state != AGENT_FREE)
			look_at(guard, agent);
		if (agent->state != AGENT_FREE && agent->look_at < next)
			next = agent->look_at;
	}
	now = now_us();
	if (next == UINT64_MAX)
		return -1;
	/* Rounded up: a look too early would be one more wakeup for nothing. */
	return next <= now ? 0 : (int)((next - now + 999) / 1000);
}
