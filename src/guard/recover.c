#include "recover.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "journal.h"
#include "log.h"
#include "peer.h"

static void tell(const char *event, const char *file, const struct record *record)
{
	log_begin("warn", event);
	log_text("journal", file);
	if (record != NULL) {
		log_capture(record->capture);
		log_number("container", record->container);
		log_text("cgroup", record->path);
	}
	log_end();
}

/* All freezers of one capture belong to one agent. NULL when there are too many agents. */
static struct agent *agent_of(struct guard *guard, const struct record *record)
{
	struct agent *agent;

	for (int i = 0; i < MAX_AGENTS; i++) {
		agent = &guard->agents[i];
		if (agent->state != AGENT_FREE && agent->pid == record->pid && agent->tid == record->tid &&
		    agent->start_ticks == record->start_ticks &&
		    memcmp(agent->capture, record->capture, GUARD_CAPTURE_BYTES) == 0)
			return agent;
	}
	agent = agent_new(guard);
	if (agent == NULL)
		return NULL;
	peer_find(agent, record->pid, record->tid, record->start_ticks);
	agent->state = AGENT_ORPHANED;
	agent->acted_at = agent->since;
	agent->cause = GUARD_GUARD_DIED;
	agent->holding = true;
	agent->hold_deadline = record->hold_deadline_us;
	memcpy(agent->capture, record->capture, sizeof(agent->capture));
	return agent;
}

enum place {
	PLACE_SAME,
	/* This mount namespace shows the hierarchy at the path, and the cgroup is not in it, or another cgroup has its name. */
	PLACE_GONE,
	/* The path leads elsewhere in this mount namespace. The cgroup may well exist, and be frozen. */
	PLACE_UNSEEN,
};

/*
 * Opens the cgroup by its path, and only if the path leads to the very directory: kernfs uses no inode number twice in one boot. Where
 * the path leads nowhere, the nearest directory above tells whether this is the right hierarchy.
 */
static enum place find(const struct record *record, int *directory)
{
	static char path[GUARD_PATH_BYTES];
	struct stat status;

	memcpy(path, record->path, sizeof(path));
	*directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (*directory >= 0) {
		bool seen = fstat(*directory, &status) == 0 && status.st_dev == record->device;

		if (seen && status.st_ino == record->inode)
			return PLACE_SAME;
		close_fd(directory);
		return seen ? PLACE_GONE : PLACE_UNSEEN;
	}
	while (lstat(path, &status) != 0) {
		char *last = strrchr(path, '/');

		if (last == NULL || last == path)
			return PLACE_UNSEEN;
		*last = 0;
	}
	return status.st_dev == record->device ? PLACE_GONE : PLACE_UNSEEN;
}

/* False when this guard's own journal does not have the record now, so that the old journal must stay. */
static bool adopt(struct guard *guard, const struct record *record, int directory)
{
	struct agent *agent = agent_of(guard, record);
	struct freezer *freezer = agent == NULL ? NULL : freezer_new(guard);

	if (freezer == NULL || freezer_open(&freezer->files, directory, record->version) != 0)
		return false;
	freezer->agent = (int)(agent - guard->agents);
	freezer->container = record->container;
	freezer->inode = record->inode;
	freezer->device = record->device;
	freezer->deadline = now_us() + FREEZER_BOUND_US;
	memcpy(freezer->path, record->path, sizeof(freezer->path));
	freezer->announced = true;
	return journal_announce(guard, freezer) == 0;
}

/* False when the record may still be of use to another guard. */
static bool recover_open(struct guard *guard, const char *file, const struct record *record)
{
	bool adopted;
	int directory;

	if (memcmp(record->boot, journal_boot(), sizeof(record->boot)) != 0) {
		tell("recordOfEarlierBoot", file, record);
		recovered_add(guard, record->capture, record->container, GUARD_REBOOTED, GUARD_GUARD_DIED);
		return true;
	}
	switch (find(record, &directory)) {
	case PLACE_SAME:
		tell("recordFound", file, record);
		adopted = adopt(guard, record, directory);
		close_fd(&directory);
		return adopted;
	case PLACE_GONE:
		tell("recordOfGoneCgroup", file, record);
		recovered_add(guard, record->capture, record->container, GUARD_CGROUP_GONE, GUARD_GUARD_DIED);
		return true;
	case PLACE_UNSEEN:
		tell("recordOfUnseenCgroup", file, record);
		return false;
	}
	return false;
}

/* Whether the record needs its file no more. */
static bool recover_record(struct guard *guard, const char *file, const struct record *record)
{
	switch (record_sort(record)) {
	case SORT_EMPTY:
		return true;
	case SORT_TORN:
		tell("recordTorn", file, NULL);
		return true;
	case SORT_FOREIGN:
		/* Perhaps of a newer guard, which will know what to do. */
		tell("recordForeign", file, NULL);
		return false;
	case SORT_SOUND:
		break;
	}
	if (record->state == RECORD_RECOVERED)
		recovered_add(guard, record->capture, record->container, record->outcome, record->cause);
	return record->state == RECORD_OPEN ? recover_open(guard, file, record) : true;
}

static void recover_file(struct guard *guard, const char *file)
{
	static struct record record;
	bool removable = true;
	struct stat status;
	int fd = openat(guard->state_directory, file, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd < 0)
		return;
	/* A journal that is locked belongs to a guard that lives. Without a link it was removed by a guard that was faster. */
	if (flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &status) == 0 && status.st_nlink > 0 && S_ISREG(status.st_mode)) {
		for (off_t at = 0; at < (off_t)(MAX_FREEZERS + MAX_RECOVERED) * RECORD_BYTES; at += RECORD_BYTES) {
			ssize_t length;

			memset(&record, 0, sizeof(record));
			length = pread(fd, &record, RECORD_BYTES, at);
			if (length <= 0)
				break;
			removable &= recover_record(guard, file, &record);
		}
		if (journal_save_recovered(guard) && removable)
			unlinkat(guard->state_directory, file, 0);
	}
	close(fd);
}

void recover(struct guard *guard)
{
	static const char suffix[] = ".journal";
	DIR *directory = fdopendir(openat(guard->state_directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	const struct dirent *entry;

	while (directory != NULL && (entry = readdir(directory)) != NULL) {
		size_t length = strlen(entry->d_name);

		if (length > sizeof(suffix) && strcmp(entry->d_name + length - strlen(suffix), suffix) == 0 &&
		    strcmp(entry->d_name, journal_name()) != 0)
			recover_file(guard, entry->d_name);
	}
	if (directory != NULL)
		closedir(directory);
}
