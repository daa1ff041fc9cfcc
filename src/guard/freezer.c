#include "freezer.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "guard.h"

/* The names of the files, the word that thaws, and the text in `frozen` that says so. */
static const struct words {
	const char *control, *asked, *frozen, *thaw, *is_frozen;
	unsigned long magic;
} WORDS[] = {
	[GUARD_VERSION_V1] = { "freezer.state", "freezer.self_freezing", "freezer.parent_freezing", "THAWED", "1", CGROUP_SUPER_MAGIC },
	[GUARD_VERSION_V2] = { "cgroup.freeze", "cgroup.freeze", "cgroup.events", "0", "frozen 1", CGROUP2_SUPER_MAGIC },
};

static int open_at(int directory, const char *name, int mode)
{
	int fd = openat(directory, name, mode | O_CLOEXEC | O_NOFOLLOW);

	return fd < 0 ? -errno : fd;
}

int freezer_open(struct freezer_files *files, int directory, uint32_t version)
{
	const struct words *words = version == GUARD_VERSION_V1 || version == GUARD_VERSION_V2 ? &WORDS[version] : NULL;
	struct statfs fs;
	int error;

	*files = NO_FREEZER_FILES;
	if (words == NULL || fstatfs(directory, &fs) != 0 || (unsigned long)fs.f_type != words->magic)
		return -EINVAL;
	files->version = version;
	files->control = open_at(directory, words->control, O_WRONLY);
	files->asked = open_at(directory, words->asked, O_RDONLY);
	files->frozen = open_at(directory, words->frozen, O_RDONLY);
	error = files->control < 0 ? files->control : files->asked < 0 ? files->asked : files->frozen < 0 ? files->frozen : 0;
	if (error != 0)
		freezer_close(files);
	return error;
}

void freezer_close(struct freezer_files *files)
{
	close_fd(&files->control);
	close_fd(&files->asked);
	close_fd(&files->frozen);
}

/* 1 when the file holds `text`, 0 when it does not, -errno when it cannot be read. */
static int says(int fd, const char *text)
{
	/* The longest of these files is cgroup.events: "populated 1\nfrozen 1\n". */
	char found[128];
	ssize_t length = pread(fd, found, sizeof(found) - 1, 0);

	if (length < 0)
		return -errno;
	found[length] = 0;
	return strstr(found, text) != NULL;
}

enum freezer_fact freezer_look(const struct freezer_files *files)
{
	int asked = says(files->asked, "1"), frozen;

	if (asked > 0)
		return FACT_CLOSED;
	frozen = asked < 0 ? asked : says(files->frozen, WORDS[files->version].is_frozen);
	/* kernfs answers ENODEV when the cgroup was removed while its file was open. */
	if (frozen < 0)
		return frozen == -ENODEV ? FACT_GONE : FACT_UNKNOWN;
	return frozen ? FACT_FROZEN_ABOVE : FACT_THAWED;
}

void freezer_thaw(const struct freezer_files *files)
{
	const char *word = WORDS[files->version].thaw;

	/* The result tells nothing: the next look tells whether the thaw took. */
	if (pwrite(files->control, word, strlen(word), 0) < 0)
		return;
}

int list_has(int list, int32_t number)
{
	char text[4096];
	int32_t found = 0;
	ssize_t length;

	/* A seq_file gives a page per read(2) at most, so that a long list takes many reads; a read may end in the middle of a number. */
	for (off_t at = 0; (length = pread(list, text, sizeof(text), at)) > 0; at += length)
		for (ssize_t i = 0; i < length; i++) {
			if (text[i] >= '0' && text[i] <= '9') {
				found = found * 10 + (text[i] - '0');
				continue;
			}
			if (found == number)
				return 1;
			found = 0;
		}
	return length < 0 ? -errno : 0;
}
