/*
 * tracer-death SIGN HOW THREADS ROUNDS: whether a sign of a tracing thread's death comes after the kernel has detached its tracees.
 *
 * In each round a thread of a new process seizes and interrupts THREADS threads of a sleeping process, and then dies. As soon as the
 * sign is seen, the TracerPid of each of these threads is read, in the order in which they were seized: the kernel detaches the
 * latest first. Prints how many were still traced by the dead thread, summed over all rounds.
 *
 *   SIGN  pidfd    a pidfd of the thread (PIDFD_THREAD, Linux 6.9) polls readable
 *         path     /proc/PID/task/TID is gone
 *         process  a pidfd of the process polls readable
 *         socket   end of file on a socket that only the process has open
 *   HOW   kill     SIGKILL of the process
 *         exit     the thread ends, and the process lives on
 */
#include "common.h"
#include <dirent.h>
#include <poll.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#define MAX_THREADS 10000

static pid_t tids[MAX_THREADS];
static int threads, theirs;

static void *seize_and_wait(void *unused)
{
	pid_t self = gettid();
	char byte;

	for (int i = 0; i < threads; i++)
		if (ptrace(PTRACE_SEIZE, tids[i], 0, 0) != 0 || ptrace(PTRACE_INTERRUPT, tids[i], 0, 0) != 0)
			die("PTRACE_SEIZE");
	if (write(theirs, &self, sizeof(self)) != sizeof(self) || read(theirs, &byte, 1) != 1)
		_exit(1);
	return unused;
}

static pid_t start_sleepers(void)
{
	int ready[2];
	pid_t pid, tid;

	if (pipe(ready) != 0)
		die("pipe");
	pid = fork();
	if (pid == 0) {
		limit_life();
		tid = gettid();
		for (int i = 1; i < threads; i++)
			start_thread(sleeping_thread, NULL);
		if (write(ready[1], &tid, sizeof(tid)) < 0)
			_exit(1);
		sleep_for_ever();
	}
	if (pid < 0 || read(ready[0], &tid, sizeof(tid)) != sizeof(tid))
		die("sleepers");
	return pid;
}

static void list_threads(pid_t pid)
{
	const struct dirent *entry;
	char path[64];
	DIR *tasks;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	tasks = opendir(path);
	threads = 0;
	while (tasks != NULL && threads < MAX_THREADS && (entry = readdir(tasks)) != NULL)
		if (entry->d_name[0] != '.')
			tids[threads++] = (pid_t)atol(entry->d_name);
	closedir(tasks);
}

static pid_t tracer_of(pid_t pid, pid_t tid)
{
	char path[64], status[512];
	const char *at;
	ssize_t length;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/status", pid, tid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	length = read(fd, status, sizeof(status) - 1);
	close(fd);
	if (length <= 0)
		die(path);
	status[length] = 0;
	at = strstr(status, "TracerPid:\t");
	return at == NULL ? 0 : (pid_t)atol(at + 11);
}

static void await_sign(const char *sign, int fd, const char *path, int socket)
{
	struct pollfd one = { strcmp(sign, "socket") == 0 ? socket : fd, POLLIN, 0 };

	if (strcmp(sign, "path") == 0)
		while (access(path, F_OK) == 0)
			;
	else if (poll(&one, 1, 10000) != 1)
		die("no sign");
}

static long play(pid_t sleepers, const char *sign, int kills)
{
	int ends[2], fd = -1;
	char path[64];
	pid_t process, tracer;
	long traced = 0;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
		die("socketpair");
	process = fork();
	if (process == 0) {
		limit_life();
		close(ends[0]);
		theirs = ends[1];
		start_thread(seize_and_wait, NULL);
		sleep_for_ever();
	}
	close(ends[1]);
	if (process < 0 || read(ends[0], &tracer, sizeof(tracer)) != sizeof(tracer))
		die("tracer");
	snprintf(path, sizeof(path), "/proc/%d/task/%d", process, tracer);
	if (strcmp(sign, "pidfd") == 0)
		fd = (int)syscall(SYS_pidfd_open, tracer, O_EXCL);
	if (strcmp(sign, "process") == 0)
		fd = (int)syscall(SYS_pidfd_open, process, 0);
	if ((kills ? kill(process, SIGKILL) : write(ends[0], "x", 1) != 1) != 0)
		die("strike");
	await_sign(sign, fd, path, ends[0]);
	for (int i = 0; i < threads; i++)
		traced += tracer_of(sleepers, tids[i]) == tracer;
	kill(process, SIGKILL);
	waitpid(process, NULL, 0);
	close(ends[0]);
	if (fd >= 0)
		close(fd);
	return traced;
}

int main(int argc, char **argv)
{
	long rounds = argument(argc, argv, 4, 1), traced = 0;
	char text[64];
	pid_t sleepers;

	if (argc < 5 || (threads = atoi(argv[3])) < 1 || threads > MAX_THREADS)
		return 2;
	limit_life();
	sleepers = start_sleepers();
	list_threads(sleepers);
	for (long round = 0; round < rounds; round++)
		traced += play(sleepers, argv[1], strcmp(argv[2], "kill") == 0);
	kill(sleepers, SIGKILL);
	waitpid(sleepers, NULL, 0);
	snprintf(text, sizeof(text), "%ld\n", traced);
	say(text);
	return 0;
}
