#include <string.h>
#include <time.h>
#include <unistd.h>

#include "freezer.h"
#include "guard.h"

uint64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000u;
}

void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

struct agent *agent_new(struct guard *guard)
{
	for (int i = 0; i < MAX_AGENTS; i++) {
		struct agent *agent = &guard->agents[i];

		if (agent->state != AGENT_FREE)
			continue;
		memset(agent, 0, sizeof(*agent));
		agent->socket = agent->pidfd = agent->threadfd = -1;
		agent->own_control = agent->own_self = agent->own_procs = -1;
		agent->state = AGENT_LIVE;
		agent->since = now_us();
		return agent;
	}
	return NULL;
}

void agent_clear(struct agent *agent)
{
	close_fd(&agent->socket);
	close_fd(&agent->pidfd);
	close_fd(&agent->threadfd);
	close_fd(&agent->own_control);
	close_fd(&agent->own_self);
	close_fd(&agent->own_procs);
	agent->state = AGENT_FREE;
}

bool freezer_of(const struct guard *guard, const struct freezer *freezer, const struct agent *agent)
{
	return freezer->state != FREEZER_UNUSED && freezer->agent == (int)(agent - guard->agents);
}
