#include <string.h>
#include <time.h>
#include <unistd.h>

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
		agent->socket = agent->pidfd = agent->threadfd = agent->own_procs = -1;
		agent->own = NO_FREEZER_FILES;
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
	close_fd(&agent->own_procs);
	freezer_close(&agent->own);
	agent->state = AGENT_FREE;
}

bool agent_has(const struct guard *guard, const struct agent *agent, const struct freezer *freezer)
{
	return freezer->announced && freezer->agent == (int)(agent - guard->agents);
}

struct freezer *freezer_new(struct guard *guard)
{
	for (int i = 0; i < MAX_FREEZERS; i++) {
		struct freezer *freezer = &guard->freezers[i];

		if (freezer->announced)
			continue;
		memset(freezer, 0, sizeof(*freezer));
		freezer->files = NO_FREEZER_FILES;
		return freezer;
	}
	return NULL;
}

void freezer_forget(struct freezer *freezer)
{
	freezer_close(&freezer->files);
	freezer->announced = false;
}
