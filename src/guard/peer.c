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

/* Newer than some headers: linux/pidfd.h (6.9), asm-generic/socket.h (6.5). A build can set others, to do as on older kernels. */
#ifndef PIDFD_THREAD_FLAG
#define PIDFD_THREAD_FLAG O_EXCL
#endif
#ifndef SO_PEERPIDFD_OPTION
#define SO_PEERPIDFD_OPTION 77
#endif

/* A thread that gets the CPU of a busy machine now and then is switched to more often than this. */
#define STILL_US 100000u

static int pidfd_open_of(int32_t pid, unsigned flags)
{
	long fd = syscall(SYS_pidfd_open, pid, flags);

	return fd < 0 ? -errno : (int)fd;
}

uint64_t start_ticks_of(int32_t pid)
{
	char path[32], text[1024];
	const char *at;
	ssize_t length;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	length = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[length < 0 ? 0 : length] = 0;
	/* The name, field 2, may hold blanks and brackets; behind its last bracket comes field 3. */
	at = strrchr(text, ')');
	for (int field = 2; at != NULL && field < 22; field++)
		at = strchr(at + 1, ' ');
	return at == NULL ? 0 : strtoull(at + 1, NULL, 10);
}

int peer_identify(struct agent *agent)
{
	struct ucred credentials;
	socklen_t size = sizeof(credentials);

	if (getsockopt(agent->socket, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0)
		return -errno;
	/* Pid 0: it lives in a PID namespace that is not visible from here, and could not be watched. */
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

static bool has_thread(int32_t pid, int32_t tid)
{
	char path[48];

	snprintf(path, sizeof(path), "/proc/%d/task/%d", pid, tid);
	return access(path, F_OK) == 0;
}

int peer_watch_thread(struct agent *agent, int32_t tid)
{
	int fd = pidfd_open_of(tid, PIDFD_THREAD_FLAG);

	/* Opened first: a tid that is the process's now cannot have been another's before. */
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

	agent->pid = pid;
	agent->tid = tid;
	agent->start_ticks = start_ticks;
	if (fd < 0 || start_ticks_of(pid) != start_ticks) {
		close_fd(&fd);
		agent->process_dead = agent->thread_dead = true;
		return;
	}
	agent->pidfd = fd;
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

/* The number behind `name` in /proc/PID/task/TID/status. */
static uint64_t status_number(const char *status, const char *name)
{
	const char *at = strstr(status, name);

	return at == NULL ? 0 : strtoull(at + strlen(name), NULL, 10);
}

bool peer_starved(struct agent *agent, uint64_t now)
{
	char path[48], status[4096];
	uint64_t switches;
	const char *state;
	ssize_t length;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/status", agent->pid, agent->tid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	length = read(fd, status, sizeof(status) - 1);
	close(fd);
	status[length < 0 ? 0 : length] = 0;
	state = strstr(status, "\nState:\t");
	if (state == NULL || state[8] == 'T' || state[8] == 't')
		return false;
	switches = status_number(status, "\nvoluntary_ctxt_switches:\t") + status_number(status, "\nnonvoluntary_ctxt_switches:\t");
	if (state[8] == 'R' || switches != agent->switches || agent->ran_at == 0)
		agent->ran_at = now;
	agent->switches = switches;
	return now - agent->ran_at < STILL_US;
}

void peer_hasten(const struct agent *agent)
{
	/* On Linux a thread has a priority of its own (setpriority(2), BUGS). Without CAP_SYS_NICE it stays as it is. */
	if (agent->tid > 0 && !agent->thread_dead)
		setpriority(PRIO_PROCESS, (id_t)agent->tid, -20);
}

void peer_kill(const struct agent *agent)
{
	if (agent->pidfd >= 0)
		syscall(SYS_pidfd_send_signal, agent->pidfd, SIGKILL, NULL, 0);
}
