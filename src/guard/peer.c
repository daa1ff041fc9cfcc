#include "peer.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * Newer than some header files: linux/pidfd.h (6.9), asm-generic/socket.h (6.5). A build may define other values, which the kernel
 * refuses, so that the guard behaves as on an older kernel (test/programs/programs.mk does it for a test).
 */
#ifndef PIDFD_THREAD_FLAG
#define PIDFD_THREAD_FLAG O_EXCL
#endif
#ifndef SO_PEERPIDFD_OPTION
#define SO_PEERPIDFD_OPTION 77
#endif

/* A thread that competes for a busy CPU gets a timeslice more often than this. Microseconds. */
#define STILL_US 100000u

static int pidfd_open_of(int32_t pid, unsigned flags)
{
	long fd = syscall(SYS_pidfd_open, pid, flags);

	return fd < 0 ? -errno : (int)fd;
}

/*
 * Reads a file of one thread: `stat` or `schedstat`, each of bounded length. The path through task/ makes the kernel look at that
 * thread alone; /proc/PID/stat sums over all threads of the process (kernel.md: 718 us at 10,000). False when it is gone.
 */
static bool read_thread_file(int32_t pid, int32_t tid, const char *name, char *text, size_t size)
{
	char path[64];
	ssize_t length;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/%s", pid, tid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	length = read(fd, text, size - 1);
	close(fd);
	text[length < 0 ? 0 : length] = 0;
	return length > 0;
}

/* Field `number` of a `stat` text, from 3 on. The name, field 2, may hold blanks and brackets; its last bracket ends it. */
static const char *stat_field(const char *stat, int number)
{
	const char *at = strrchr(stat, ')');

	for (int field = 2; at != NULL && field < number; field++)
		at = strchr(at + 1, ' ');
	return at == NULL ? NULL : at + 1;
}

uint64_t start_ticks_of(int32_t pid)
{
	char text[1024];
	const char *field = read_thread_file(pid, pid, "stat", text, sizeof(text)) ? stat_field(text, 22) : NULL;

	return field == NULL ? 0 : strtoull(field, NULL, 10);
}

int peer_identify(struct agent *agent)
{
	struct ucred credentials;
	socklen_t size = sizeof(credentials);

	if (getsockopt(agent->socket, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0)
		return -errno;
	/* Pid 0: the agent is in a PID namespace that the guard does not see, so that the guard could not watch it. */
	if (credentials.uid != geteuid() || credentials.pid <= 0)
		return -EPERM;
	size = sizeof(agent->pidfd);
	if (getsockopt(agent->socket, SOL_SOCKET, SO_PEERPIDFD_OPTION, &agent->pidfd, &size) != 0)
		agent->pidfd = pidfd_open_of(credentials.pid, 0);
	if (agent->pidfd < 0)
		return agent->pidfd;
	fcntl(agent->pidfd, F_SETFD, FD_CLOEXEC);
	agent->pid = credentials.pid;
	agent->start_ticks = start_ticks_of(agent->pid);
	peer_look(agent);
	return agent->process_dead ? -ESRCH : 0;
}

/* Any other error than these two, such as ENOMEM, does not mean that the thread is gone. */
static bool has_thread(int32_t pid, int32_t tid)
{
	char path[48];

	snprintf(path, sizeof(path), "/proc/%d/task/%d", pid, tid);
	return access(path, F_OK) == 0 || (errno != ENOENT && errno != ESRCH);
}

int peer_watch_thread(struct agent *agent, int32_t tid)
{
	int fd = pidfd_open_of(tid, PIDFD_THREAD_FLAG);

	/* This look comes after the descriptor was opened: a tid that is the process's own now was not another's at that time. */
	if (tid <= 0 || !has_thread(agent->pid, tid)) {
		close_fd(&fd);
		return -ESRCH;
	}
	close_fd(&agent->threadfd);
	agent->threadfd = fd < 0 ? -1 : fd;
	agent->tid = tid;
	agent->thread_dead = false;
	return 0;
}

void peer_find(struct agent *agent, int32_t pid, int32_t tid, uint64_t start_ticks)
{
	int fd = pidfd_open_of(pid, 0);
	/* 0: the process has died since the descriptor was opened, which then tells so, or the file cannot be read just now. */
	uint64_t ticks = start_ticks_of(pid);

	agent->pid = pid;
	agent->tid = tid;
	agent->start_ticks = start_ticks;
	/* EINVAL: the number is that of another process's thread now. */
	if (fd == -ESRCH || fd == -EINVAL || (ticks != 0 && ticks != start_ticks)) {
		close_fd(&fd);
		agent->process_dead = agent->thread_dead = true;
		return;
	}
	agent->pidfd = fd < 0 ? -1 : fd;
	agent->thread_dead = peer_watch_thread(agent, tid) != 0;
}

static bool readable(int fd)
{
	struct pollfd one = { fd, POLLIN, 0 };

	return fd >= 0 && poll(&one, 1, 0) == 1;
}

void peer_look(struct agent *agent)
{
	if (!agent->process_dead)
		agent->process_dead = readable(agent->pidfd);
	if (agent->tid == 0 || agent->thread_dead)
		return;
	agent->thread_dead = agent->process_dead ||
			     (agent->threadfd >= 0 ? readable(agent->threadfd) : !has_thread(agent->pid, agent->tid));
}

static bool is_frozen(const struct freezer_files *files)
{
	enum freezer_fact fact = freezer_look(files);

	return fact == FACT_CLOSED || fact == FACT_FROZEN_ABOVE;
}

bool peer_delayed(struct agent *agent, uint64_t now)
{
	char text[1024];
	const char *state = NULL, *slices;
	uint64_t timeslices;

	/* A thread in a frozen v1 cgroup is in state D as well, and does not get on by itself. */
	if (agent->own_procs >= 0 && is_frozen(&agent->own))
		return false;
	if (read_thread_file(agent->pid, agent->tid, "stat", text, sizeof(text)))
		state = stat_field(text, 3);
	if (state == NULL || *state == 'T' || *state == 't')
		return false;
	if (*state == 'R' || *state == 'D')
		agent->ran_at = now;
	/* proc(5): time on a CPU, time of waiting for one, number of timeslices. The file is missing in kernels without SCHED_INFO. */
	if (!read_thread_file(agent->pid, agent->tid, "schedstat", text, sizeof(text)))
		text[0] = 0;
	slices = strrchr(text, ' ');
	timeslices = slices == NULL ? 0 : strtoull(slices, NULL, 10);
	if (timeslices != agent->timeslices || agent->ran_at == 0)
		agent->ran_at = now;
	agent->timeslices = timeslices;
	return now - agent->ran_at < STILL_US;
}

void peer_hasten(const struct agent *agent)
{
	/* On Linux each thread has a priority of its own (setpriority(2), BUGS). Without CAP_SYS_NICE the kernel refuses, and it stays. */
	if (agent->tid > 0 && !agent->thread_dead)
		setpriority(PRIO_PROCESS, (id_t)agent->tid, -20);
}

void peer_kill(const struct agent *agent)
{
	if (agent->pidfd >= 0)
		syscall(SYS_pidfd_send_signal, agent->pidfd, SIGKILL, NULL, 0);
}

static void forget_own(struct agent *agent)
{
	freezer_close(&agent->own);
	close_fd(&agent->own_procs);
}

int peer_own_cgroup(struct agent *agent, int directory)
{
	int result;

	forget_own(agent);
	result = freezer_open(&agent->own, directory, GUARD_VERSION_V1);
	if (result != 0)
		return result;
	agent->own_procs = openat(directory, "cgroup.procs", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (agent->own_procs >= 0)
		return 0;
	result = -errno;
	forget_own(agent);
	return result;
}

bool peer_thaw_own(struct agent *agent)
{
	if (agent->own_procs < 0 || freezer_look(&agent->own) != FACT_CLOSED)
		return false;
	if (list_has(agent->own_procs, agent->pid) == 1) {
		freezer_thaw(&agent->own);
		return true;
	}
	/* The agent was moved elsewhere, and this freeze is not what holds it. A long list is not read again every few milliseconds. */
	forget_own(agent);
	return false;
}
