#include "announce.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "journal.h"

/* Microseconds: a year is longer than any hold, and no sum with it overflows. */
#define LONGEST_HOLD_US (366ull * 86400 * 1000000)

static uint64_t at_most(uint64_t microseconds, uint64_t bound)
{
	return microseconds < bound ? microseconds : bound;
}

static bool holds(const struct agent *agent, const uint8_t *capture)
{
	return agent->holding && memcmp(agent->capture, capture, GUARD_CAPTURE_BYTES) == 0;
}

static bool is_taken(const struct guard *guard, const struct freezer *wanted)
{
	for (int i = 0; i < MAX_FREEZERS; i++) {
		const struct freezer *other = &guard->freezers[i];

		if (other->announced && other->inode == wanted->inode && other->device == wanted->device)
			return true;
	}
	return false;
}

/*
 * The path must lead to the same cgroup here: the guard that comes after this one has only the path to find the cgroup by, and what
 * could not be recovered must not be frozen.
 */
static int check_path(const struct freezer *freezer)
{
	struct stat status;

	if (freezer->path[0] != '/' || lstat(freezer->path, &status) != 0)
		return -ENOENT;
	return status.st_ino == freezer->inode && status.st_dev == freezer->device ? 0 : -ESTALE;
}

/* Opens the freezer's files and checks everything that could stand in the way of opening the freezer later. */
static int take(const struct guard *guard, struct freezer *freezer, const struct guard_announce *message, int directory)
{
	struct stat status;
	int result;

	if (memchr(message->path, 0, GUARD_PATH_BYTES) == NULL)
		return -ENAMETOOLONG;
	if (fstat(directory, &status) != 0)
		return -EBADF;
	if (status.st_ino != message->inode)
		return -ESTALE;
	freezer->inode = status.st_ino;
	freezer->device = status.st_dev;
	memcpy(freezer->path, message->path, sizeof(freezer->path));
	if (is_taken(guard, freezer))
		return -EBUSY;
	result = freezer_open(&freezer->files, directory, message->version);
	if (result != 0)
		return result;
	/* A cgroup that is frozen already was frozen by somebody else, and the guard never opens it. */
	return freezer_look(&freezer->files) == FACT_THAWED ? check_path(freezer) : -EALREADY;
}

static int announce_freezer(struct guard *guard, const struct agent *agent, const struct guard_announce *message, int directory)
{
	struct freezer *freezer = freezer_new(guard);
	int result;

	if (freezer == NULL)
		return -ENFILE;
	freezer->agent = (int)(agent - guard->agents);
	freezer->container = message->container;
	freezer->deadline = now_us() + at_most(message->freezer_us, FREEZER_BOUND_US);
	result = take(guard, freezer, message, directory);
	if (result == 0)
		result = journal_announce(guard, freezer);
	if (result == 0)
		freezer->announced = true;
	else
		freezer_forget(freezer);
	return result;
}

int announce(struct guard *guard, struct agent *agent, const struct guard_announce *message, int directory)
{
	uint64_t before = agent->hold_deadline, deadline = now_us() + at_most(message->hold_us, LONGEST_HOLD_US);
	int result = 0;

	if (guard->draining)
		return -ESHUTDOWN;
	if (agent->state != AGENT_LIVE || agent->thread_dead)
		return -ESRCH;
	if (message->version > GUARD_VERSION_V2)
		return -EINVAL;
	if (agent->holding && !holds(agent, message->capture))
		return -EBUSY;
	if (!agent->holding)
		memcpy(agent->capture, message->capture, sizeof(agent->capture));
	if (!agent->holding || deadline > before)
		agent->hold_deadline = deadline;
	/* Capture and deadline are set by now, as they stand in the journal's record. */
	if (message->version != GUARD_VERSION_NONE)
		result = announce_freezer(guard, agent, message, directory);
	if (result == 0)
		agent->holding = true;
	else
		agent->hold_deadline = before;
	return result;
}

static struct freezer *find(struct guard *guard, const struct agent *agent, uint32_t container)
{
	for (int i = 0; i < MAX_FREEZERS; i++)
		if (agent_has(guard, agent, &guard->freezers[i]) && guard->freezers[i].container == container)
			return &guard->freezers[i];
	return NULL;
}

static void forget(const struct guard *guard, struct freezer *freezer)
{
	journal_close_record(guard, freezer);
	freezer_forget(freezer);
}

int announce_opened(struct guard *guard, const struct agent *agent, const uint8_t *capture, uint32_t container)
{
	struct freezer *freezer = find(guard, agent, container);
	enum freezer_fact fact;

	if (!holds(agent, capture))
		return -ENOENT;
	/* The agent said so before, or the capture closes no freezer there. */
	if (freezer == NULL)
		return 0;
	fact = freezer_look(&freezer->files);
	/* A freezer above that is closed is not the agent's, and neither is a cgroup that is gone. */
	if (fact == FACT_CLOSED || fact == FACT_UNKNOWN)
		return -EBUSY;
	forget(guard, freezer);
	return 0;
}

int announce_disowned(struct guard *guard, const struct agent *agent, const uint8_t *capture, uint32_t container)
{
	struct freezer *freezer = find(guard, agent, container);

	if (!holds(agent, capture))
		return -ENOENT;
	/* What a dead or dying thread had written before its end, nobody knows. */
	if (agent->state != AGENT_LIVE || agent->thread_dead)
		return -EPERM;
	if (freezer != NULL)
		forget(guard, freezer);
	return 0;
}

int announce_done(struct guard *guard, struct agent *agent, const uint8_t *capture)
{
	if (!holds(agent, capture))
		return -ENOENT;
	for (int i = 0; i < MAX_FREEZERS; i++)
		if (agent_has(guard, agent, &guard->freezers[i]))
			return -EBUSY;
	agent->holding = false;
	return 0;
}
