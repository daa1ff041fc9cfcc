/*
 * guard-step: runs the guard's state machine over every state with every combination of facts, and over random lives of an agent.
 * Prints how many steps that took. On the first broken law it prints the law and exits with 1.
 */
#include "../../src/guard/step.c"
#include <stdio.h>
#include <stdlib.h>

#define NOW 10000000u
#define FLAGS 7

static void law(bool holds, const char *what, enum agent_state state, const struct agent_view *view)
{
	if (holds)
		return;
	printf("broken: %s (state %d, process_dead %d, thread_dead %d, hung_up %d, holding %d, open %d, closed %d)\n", what, state,
	       view->process_dead, view->thread_dead, view->hung_up, view->holding, view->open, view->closed);
	exit(1);
}

static void check(enum agent_state state, const struct agent_view *view)
{
	struct agent_step step = agent_step(state, view);
	bool waiting = state == AGENT_LIVE || state == AGENT_ORPHANED;
	uint64_t freezer_deadline = view->freezer_deadline + (view->delayed ? DELAY_GRACE_US : 0);
	bool late = (view->open && freezer_deadline <= view->now) || (view->holding && view->hold_deadline + HOLD_GRACE_US <= view->now);
	bool dead = view->process_dead || view->thread_dead;

	law(!(step.actions & ACTION_SETTLE) || (state == AGENT_RELEASING && !view->closed),
	    "settled is only what is open, with its writer dead", state, view);
	law(step.state != AGENT_RELEASING || state == AGENT_RELEASING || dead, "releasing is entered when the writer is dead", state, view);
	law(step.state != AGENT_RELEASING || (step.actions & ACTION_THAW), "releasing thaws", state, view);
	law(!(step.actions & ACTION_FORGET) || !view->holding || (step.actions & ACTION_SETTLE),
	    "an agent that holds is forgotten only when all is settled", state, view);
	law(!(step.actions & ACTION_FORGET) || view->process_dead || view->hung_up, "who may still speak is not forgotten", state, view);
	law((step.state == AGENT_FREE) == ((step.actions & ACTION_FORGET) || state == AGENT_FREE), "forgotten is free", state, view);
	law(!(step.actions & ACTION_KILL) || (step.actions & ACTION_THAW), "a thaw may be what lets the killed agent die", state, view);
	law(!(step.actions & ACTION_KILL) || (step.actions & ACTION_HASTEN), "a killed agent shall die soon", state, view);
	law(!(step.actions & ACTION_KILL) || step.state == AGENT_ENDING, "a death is waited for", state, view);
	law(!(step.actions & ACTION_KILL) || late, "nobody is killed in time", state, view);
	law(!(step.actions & ACTION_HASTEN) || step.state == AGENT_ENDING || view->hung_up, "only a dying agent is hastened", state, view);
	law(!(step.actions & ACTION_THAW_OWN) || state == AGENT_ENDING, "its own cgroup is thawed only to end an agent", state, view);
	if (state == AGENT_FREE)
		return;
	if (view->holding && view->closed)
		law(step.actions & ACTION_THAW, "what is closed and ought to be open is thawed in every state", state, view);
	if (view->holding && waiting && dead)
		law(step.state == AGENT_RELEASING, "a death is acted upon at once", state, view);
	if (view->holding && state == AGENT_LIVE && view->hung_up)
		law((step.actions & ACTION_THAW) && step.state != AGENT_LIVE, "a hang-up is acted upon at once", state, view);
	if (view->holding && waiting && late && !dead)
		law(step.actions & ACTION_KILL, "no deadline passes unnoticed", state, view);
}

static struct agent_view view_of(unsigned bits, unsigned times)
{
	struct agent_view view = { .now = NOW, .since = times & 4 ? NOW - 60000 : NOW };

	view.process_dead = bits & 1;
	view.thread_dead = bits & 2;
	view.hung_up = bits & 4;
	view.holding = bits & 8;
	view.open = view.holding && (bits & 16);
	view.closed = view.open && (bits & 32);
	view.delayed = bits & 64;
	view.freezer_deadline = times & 8 ? NOW - DELAY_GRACE_US : times & 1 ? NOW : NOW + 1;
	view.hold_deadline = times & 2 ? NOW - HOLD_GRACE_US : NOW;
	return view;
}

/* A life that begins in the middle of a capture. The dead stay dead, and a killed agent dies in the end. The life must end settled. */
static unsigned live_out(void)
{
	enum agent_state state = AGENT_LIVE;
	struct agent_view view = { .now = NOW, .holding = true, .open = true, .closed = true, .since = NOW };
	unsigned steps = 0;

	view.freezer_deadline = NOW + 20;
	view.hold_deadline = NOW + 100;
	for (; state != AGENT_FREE; steps++) {
		struct agent_step step = agent_step(state, &view);

		check(state, &view);
		law(steps < 1000, "every life ends", state, &view);
		if (step.state != state)
			view.since = view.now;
		state = step.state;
		if (step.actions & ACTION_THAW)
			view.closed = rand() % 4 == 0;
		if (step.actions & ACTION_SETTLE)
			view.holding = view.open = view.closed = false;
		if (state == AGENT_ENDING || rand() % 30 == 0)
			view.process_dead |= rand() % 2;
		view.thread_dead |= view.process_dead || rand() % 30 == 0;
		view.hung_up |= rand() % 30 == 0;
		if (view.open && !view.thread_dead && rand() % 10 == 0)
			view.closed = true;
		view.delayed = !view.thread_dead && rand() % 2;
		view.now += (uint64_t)(rand() % 5);
		if (rand() % 50 == 0)
			view.now += HOLD_GRACE_US;
	}
	return steps;
}

int main(void)
{
	unsigned long steps = 0;

	for (int state = AGENT_FREE; state <= AGENT_RELEASING; state++)
		for (unsigned bits = 0; bits < 1u << FLAGS; bits++)
			for (unsigned times = 0; times < 16; times++, steps++) {
				struct agent_view view = view_of(bits, times);

				check((enum agent_state)state, &view);
			}
	for (int seed = 0; seed < 20000; seed++) {
		srand((unsigned)seed);
		steps += live_out();
	}
	printf("ok %lu\n", steps);
	return 0;
}
