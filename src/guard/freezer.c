#include "freezer.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

/* All of these files hold a few words. -errno, or the length; the text ends with NUL. */
static int read_text(int fd, char *text, size_t size)
{
	ssize_t length = pread(fd, text, size - 1, 0);

	if (length < 0)
		return -errno;
	text[length] = 0;
	return (int)length;
}

static bool is_cgroup(int directory, uint32_t version)
{
	struct statfs fs;

	if (fstatfs(directory, &fs) != 0)
		return false;
	/* With GUARD_VERSION_NONE the cgroup may be of either. */
	return (version != GUARD_VERSION_V1 && fs.f_type == CGROUP2_SUPER_MAGIC) ||
	       (version != GUARD_VERSION_V2 && fs.f_type == CGROUP_SUPER_MAGIC);
}

int freezer_open(struct freezer *freezer, int directory, uint32_t version)
{
	bool v1 = version == GUARD_VERSION_V1;
	struct stat status;
	int error = 0;

	freezer->directory = directory;
	freezer->control = freezer->witness = -1;
	freezer->version = version;
	if (fstat(directory, &status) != 0 || !S_ISDIR(status.st_mode) || !is_cgroup(directory, version)) {
		error = -EINVAL;
	} else if (version != GUARD_VERSION_NONE) {
		freezer->control = openat(directory, v1 ? "freezer.state" : "cgroup.freeze", O_RDWR | O_CLOEXEC | O_NOFOLLOW);
		if (freezer->control >= 0)
			freezer->witness = openat(directory, v1 ? "freezer.self_freezing" : "cgroup.events",
						  O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
		if (freezer->witness < 0)
			error = -errno;
	}
	if (error != 0) {
		freezer_close(freezer);
		return error;
	}
	freezer->inode = status.st_ino;
	freezer->device = status.st_dev;
	return 0;
}

void freezer_close(struct freezer *freezer)
{
	close_fd(&freezer->directory);
	close_fd(&freezer->control);
	close_fd(&freezer->witness);
}

enum freezer_fact freezer_look(const struct freezer *freezer)
{
	char control[64], witness[256];
	bool self, frozen;

	if (freezer->version == GUARD_VERSION_NONE)
		return FACT_THAWED;
	/* ENODEV: kernfs, of a cgroup that was removed while its file was open. */
	if (read_text(freezer->control, control, sizeof(control)) < 0 ||
	    read_text(freezer->witness, witness, sizeof(witness)) < 0)
		return errno == ENODEV ? FACT_GONE : FACT_UNKNOWN;
	if (freezer->version == GUARD_VERSION_V1) {
		self = witness[0] == '1';
		frozen = strncmp(control, "THAWED", 6) != 0;
	} else {
		self = control[0] == '1';
		frozen = strstr(witness, "frozen 1") != NULL;
	}
	return self ? FACT_CLOSED : frozen ? FACT_FROZEN_ABOVE : FACT_THAWED;
}

void freezer_thaw(const struct freezer *freezer)
{
	const char *word = freezer->version == GUARD_VERSION_V1 ? "THAWED" : "0";

	/* What it answers is of no use: whether it took is looked at. */
	if (freezer->control >= 0 && pwrite(freezer->control, word, strlen(word), 0) < 0)
		return;
}

int own_open(struct agent *agent, int directory)
{
	if (!is_cgroup(directory, GUARD_VERSION_V1))
		return -EINVAL;
	agent->own_control = openat(directory, "freezer.state", O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	agent->own_self = openat(directory, "freezer.self_freezing", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	agent->own_procs = openat(directory, "cgroup.procs", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	return agent->own_control >= 0 && agent->own_self >= 0 && agent->own_procs >= 0 ? 0 : -errno;
}

static bool lists(int procs, int32_t pid)
{
	static char text[65536];
	int length = read_text(procs, text, sizeof(text));

	for (char *at = text; length > 0 && at != NULL && *at; at = strchr(at, '\n'), at += at != NULL)
		if (strtol(at, NULL, 10) == pid)
			return true;
	return false;
}

bool own_thaw(const struct agent *agent)
{
	char text[16];

	if (agent->own_control < 0 || read_text(agent->own_self, text, sizeof(text)) <= 0 || text[0] != '1')
		return false;
	if (!lists(agent->own_procs, agent->pid))
		return false;
	return pwrite(agent->own_control, "THAWED", 6, 0) == 6;
}
