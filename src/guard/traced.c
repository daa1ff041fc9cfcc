/* Whether the kernel has released the tasks of a cgroup: read from /proc/TID/status, of every task of every nested cgroup. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "freezer.h"

/* Nesting of cgroups below a container. Deeper ones are not looked at; the kernel releases their tasks all the same. */
#define MAX_DEPTH 16
/* Name, Umask, State, Tgid, Ngid, Pid, PPid, TracerPid: the first 200 bytes. A name is 64 bytes at most, escaped. */
#define STATUS_BYTES 512

/* readdir(3) would allocate. getdents64(2). */
struct linux_dirent64 {
	uint64_t d_ino;
	int64_t d_off;
	unsigned short d_reclen;
	unsigned char d_type;
	char d_name[];
};

/* TracerPid is the thread that traces, not its process (fs/proc/array.c). */
static bool task_traced(int32_t task, int32_t tracer)
{
	char path[32], status[STATUS_BYTES];
	const char *found;
	ssize_t length;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/status", task);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	length = read(fd, status, sizeof(status) - 1);
	close(fd);
	if (length <= 0)
		return false;
	status[length] = 0;
	found = strstr(status, "TracerPid:\t");
	return found != NULL && strtol(found + 11, NULL, 10) == tracer;
}

/* Numbers, one a line; a read may end in the middle of one. */
static bool list_traced(int list, int32_t tracer)
{
	char text[4096];
	int32_t number = 0;
	ssize_t length;

	while ((length = read(list, text, sizeof(text))) > 0) {
		for (ssize_t i = 0; i < length; i++) {
			if (text[i] >= '0' && text[i] <= '9') {
				number = number * 10 + (text[i] - '0');
				continue;
			}
			if (number != 0 && task_traced(number, tracer))
				return true;
			number = 0;
		}
	}
	return false;
}

static bool directory_traced(int directory, int32_t tracer, int depth);

static bool entry_traced(int directory, const struct linux_dirent64 *entry, int32_t tracer, int depth)
{
	bool traced;
	int child;

	if (entry->d_type != DT_DIR || entry->d_name[0] == '.' || depth >= MAX_DEPTH)
		return false;
	child = openat(directory, entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (child < 0)
		return false;
	traced = directory_traced(child, tracer, depth + 1);
	close(child);
	return traced;
}

static bool directory_traced(int directory, int32_t tracer, int depth)
{
	_Alignas(struct linux_dirent64) char entries[1024];
	bool traced = false;
	long length;
	int list;

	list = openat(directory, "tasks", O_RDONLY | O_CLOEXEC);
	if (list < 0)
		list = openat(directory, "cgroup.threads", O_RDONLY | O_CLOEXEC);
	if (list >= 0) {
		traced = list_traced(list, tracer);
		close(list);
	}
	lseek(directory, 0, SEEK_SET);
	while (!traced && (length = syscall(SYS_getdents64, directory, entries, sizeof(entries))) > 0) {
		for (long at = 0; at < length && !traced;) {
			const struct linux_dirent64 *entry = (const void *)(entries + at);

			traced = entry_traced(directory, entry, tracer, depth);
			at += entry->d_reclen;
		}
	}
	return traced;
}

bool freezer_traced(const struct freezer *freezer, int32_t tid)
{
	return tid != 0 && freezer->directory >= 0 && directory_traced(freezer->directory, tid, 0);
}
