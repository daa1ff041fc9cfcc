#include "announce.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "freezer.h"
#include "journal.h"

static bool same(const uint8_t *one, const uint8_t *other)
{
	return memcmp(one, other, GUARD_CAPTURE_BYTES) == 0;
}

static struct freezer *unused(struct guard *guard)
{
	for (int i = 0; i < MAX_FREEZERS; i++)
		if (guard->freezers[i].state == FREEZER_UNUSED)
			return &guard->freezers[i];
	return NULL;
}

static bool is_taken(const struct guard *guard, const struct freezer *wanted)
{
	for (int i = 0; i < MAX_FREEZERS; i++) {
		const struct freezer *other = &guard->freezers[i];

		if (other->state == FREEZER_ANNOUNCED && other->inode == wanted->inode && other->device == wanted->device)
			return true;
	}
	return false;
}

/*
 * The path must lead here to the same cgroup: a guard that comes after this one has nothing but the path to find it by, and what
 * could not be recovered must not be frozen.
 */
static int check_path(const struct freezer *freezer)
{
	struct stat status;

	if (freezer->path[0] != '/' || lstat(freezer->path, &status) != 0)
		return -ENOENT;
	return status.st_ino == freezer->inode && status.st_dev == freezer->device ? 0 : -ESTALE;
}

static int check(const struct guard *guard, const struct freezer *freezer, const struct guard_announce *message)
{
	if (freezer->inode != message->inode)
		return -ESTALE;
	if (freezer->version == GUARD_VERSION_NONE)
		return 0;
	if (is_taken(guard, freezer))
		return -EBUSY;
	/* Found frozen: it is somebody else's, and never opened. */
	if (freezer_look(freezer) != FACT_THAWED)
		return -EALREADY;
	return check_path(freezer);
}

static uint64_t bounded(uint64_t microseconds, uint64_t bound)
{
	return microseconds < bound ? microseconds : bound;
}

int announce(struct guard *guard, struct agent *agent, const struct guard_announce *message, int *directory)
{
	/* A year: enough for any hold, and no sum with it overflows. */
	uint64_t hold = bounded(message->hold_us, 366ull * 86400 * 1000000);
	uint64_t now = now_us(), hold_before = agent->hold_deadline;
	struct freezer *freezer = unused(guard);
	int result;

	if (guard->draining)
		return -ESHUTDOWN;
	if (agent->state != AGENT_LIVE || agent->thread_dead)
		return -ESRCH;
	if (*directory < 0)
		return -EBADF;
	if (message->version > GUARD_VERSION_V2)
		return -EINVAL;
	if (memchr(message->path, 0, GUARD_PATH_BYTES) == NULL)
		return -ENAMETOOLONG;
	if (agent->holding && !same(agent->capture, message->capture))
		return -EBUSY;
	if (freezer == NULL)
		return -ENFILE;
	memset(freezer, 0, sizeof(*freezer));
	freezer->agent = (int)(agent - guard->agents);
	freezer->container = message->container;
	freezer->deadline = now + bounded(message->freezer_us, FREEZER_BOUND_US);
	memcpy(freezer->capture, message->capture, sizeof(freezer->capture));
	memcpy(freezer->path, message->path, sizeof(freezer->path));
	result = freezer_open(freezer, *directory, message->version);
	*directory = -1;
	if (result != 0)
		return result;
	result = check(guard, freezer, message);
	agent->hold_deadline = agent->holding && hold_before > now + hold ? hold_before : now + hold;
	if (result == 0 && freezer->version != GUARD_VERSION_NONE)
		result = journal_announce(guard, freezer);
	if (result != 0) {
		agent->hold_deadline = hold_before;
		freezer_close(freezer);
		return result;
	}
	freezer->state = freezer->version == GUARD_VERSION_NONE ? FREEZER_WATCHED : FREEZER_ANNOUNCED;
	if (!agent->holding) {
		agent->cause = GUARD_CAUSE_NONE;
		agent->acted_at = agent->opened_at = agent->untraced_at = 0;
		agent->overdue_told = agent->starved_told = false;
		agent->ran_at = 0;
	}
	agent->holding = true;
	memcpy(agent->capture, message->capture, sizeof(agent->capture));
	return 0;
}

/*
 * Whether `freezer` belongs to the process that speaks, on whichever connection, or none: after the death of a guard its captures
 * are known from the journal, and the agent says on a new connection that it has rolled them back.
 */
static bool is_of_speaker(const struct guard *guard, const struct freezer *freezer, const struct agent *speaker,
			  const uint8_t *capture)
{
	const struct agent *owner = &guard->agents[freezer->agent];

	return freezer->state != FREEZER_UNUSED && same(freezer->capture, capture) && owner->pid == speaker->pid &&
	       owner->start_ticks == speaker->start_ticks;
}

/* Not closed now is enough: an ancestor may keep it frozen, and the cgroup may be gone. */
static bool is_closed(const struct freezer *freezer)
{
	enum freezer_fact fact = freezer_look(freezer);

	return fact == FACT_CLOSED || fact == FACT_UNKNOWN;
}

static void watch_only(const struct guard *guard, struct freezer *freezer)
{
	journal_close_record(guard, freezer);
	freezer->state = FREEZER_WATCHED;
}

static struct freezer *find(struct guard *guard, const struct agent *speaker, const uint8_t *capture, uint32_t container)
{
	for (int i = 0; i < MAX_FREEZERS; i++) {
		struct freezer *freezer = &guard->freezers[i];

		if (is_of_speaker(guard, freezer, speaker, capture) && freezer->container == container)
			return freezer;
	}
	return NULL;
}

int announce_opened(struct guard *guard, const struct agent *agent, const uint8_t *capture, uint32_t container)
{
	struct freezer *freezer = find(guard, agent, capture, container);

	if (freezer == NULL)
		return -ENOENT;
	if (freezer->state != FREEZER_ANNOUNCED)
		return 0;
	if (is_closed(freezer))
		return -EBUSY;
	watch_only(guard, freezer);
	return 0;
}

int announce_disowned(struct guard *guard, const struct agent *agent, const uint8_t *capture, uint32_t container)
{
	struct freezer *freezer = find(guard, agent, capture, container);

	if (freezer == NULL)
		return -ENOENT;
	/* Only the writer's own word: of a dead one nobody knows what it had written. */
	if (guard->agents[freezer->agent].thread_dead || agent != &guard->agents[freezer->agent])
		return -EPERM;
	if (freezer->state == FREEZER_ANNOUNCED)
		watch_only(guard, freezer);
	return 0;
}

int announce_done(struct guard *guard, const struct agent *agent, const uint8_t *capture)
{
	bool found = false;

	for (int i = 0; i < MAX_FREEZERS; i++) {
		struct freezer *freezer = &guard->freezers[i];

		if (!is_of_speaker(guard, freezer, agent, capture) || freezer->state != FREEZER_ANNOUNCED)
			continue;
		/* After the death of its writer, or of the guard that knew it, the agent's word for all of them is enough, if it is true. */
		if (is_closed(freezer) ||
		    (!guard->agents[freezer->agent].thread_dead && guard->agents[freezer->agent].socket >= 0))
			return -EBUSY;
		watch_only(guard, freezer);
	}
	for (int i = 0; i < MAX_FREEZERS; i++) {
		struct freezer *freezer = &guard->freezers[i];

		if (!is_of_speaker(guard, freezer, agent, capture))
			continue;
		guard->agents[freezer->agent].holding = false;
		freezer_close(freezer);
		freezer->state = FREEZER_UNUSED;
		found = true;
	}
	return found ? 0 : -ENOENT;
}
