/*
 * random-tree SEED PROCESSES FORKERS [CGROUP...]: a random forest below one process. Each process has a few threads, some with a name
 * and credentials of their own; some processes live in one of the given cgroups, some are zombies, some have a dead leader. FORKERS
 * processes fork and reap all the time.
 */
#include "common.h"
#include <sys/prctl.h>
#include <sys/syscall.h>

static unsigned random_state;
static int lifeline[2];

static unsigned rnd(unsigned below)
{
	random_state = random_state * 1103515245u + 12345u;
	return (random_state >> 16) % below;
}

static void *named_thread(void *argument)
{
	unsigned kind = (unsigned)(uintptr_t)argument;
	char name[16];

	snprintf(name, sizeof(name), "t%u(\n)", kind);
	prctl(PR_SET_NAME, name);
	/* The system call itself: the C library would set the ids of all threads of the process. */
	if (kind % 3 == 0)
		syscall(SYS_setresgid, -1, 30000 + kind, -1);
	if (kind % 4 == 0)
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	sleep_for_ever();
	return NULL;
}

static void join_cgroup(const char *directory)
{
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%s/cgroup.procs", directory);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "0", 1) != 1)
		die(path);
	close(fd);
}

static void forker(void)
{
	while (!lifeline_cut(lifeline[0])) {
		pid_t pid = fork();

		if (pid == 0)
			_exit(0);
		sleep_us(500);
		if (pid > 0 && rnd(2) == 0)
			waitpid(pid, NULL, 0);
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
	}
	_exit(0);
}

static void make_zombies(unsigned count)
{
	while (count-- > 0) {
		siginfo_t info;
		pid_t pid = fork();

		if (pid == 0)
			_exit(0);
		if (pid > 0)
			waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT);
	}
}

static void grow(long processes, int ready, int groups, char **group)
{
again:
	limit_life();
	for (unsigned thread = rnd(5); thread > 0; thread--)
		start_thread(named_thread, (void *)(uintptr_t)rnd(20));
	make_zombies(rnd(3));
	if (groups > 0 && rnd(3) == 0)
		join_cgroup(group[rnd((unsigned)groups)]);
	while (processes > 0) {
		long below = 1 + (long)rnd((unsigned)processes);
		unsigned seed = rnd(1u << 15);
		pid_t pid = fork();

		if (pid < 0)
			die("fork");
		if (pid == 0) {
			random_state = seed;
			processes = below - 1;
			goto again;
		}
		processes -= below;
	}
	/* Threads need a moment to name themselves; the test waits for this byte of every process, and then for the names to settle. */
	if (write(ready, "", 1) != 1)
		_exit(1);
	if (rnd(8) == 0)
		syscall(SYS_exit, 0); /* the leader alone */
	sleep_for_ever();
}

int main(int argc, char **argv)
{
	long processes = argument(argc, argv, 2, 8);
	long forkers = argument(argc, argv, 3, 0);
	int ready[2];
	char byte;

	random_state = (unsigned)argument(argc, argv, 1, 1);
	limit_life();
	if (pipe(ready) != 0 || pipe2(lifeline, O_NONBLOCK) != 0)
		die("pipe");
	for (long i = 0; i < forkers; i++) {
		pid_t pid = fork();

		if (pid < 0)
			die("fork");
		if (pid == 0) {
			close(lifeline[1]);
			limit_life();
			forker();
		}
	}
	for (long made = 0; made < processes;) {
		long below = 1 + (long)rnd((unsigned)(processes - made));
		unsigned seed = rnd(1u << 15);
		pid_t pid = fork();

		if (pid < 0)
			die("fork");
		if (pid == 0) {
			close(lifeline[1]);
			random_state = seed;
			grow(below - 1, ready[1], argc > 4 ? argc - 4 : 0, argv + 4);
		}
		made += below;
	}
	close(ready[1]);
	for (long i = 0; i < processes; i++)
		if (read(ready[0], &byte, 1) != 1)
			die("a process did not come up");
	say_ready();
	sleep_for_ever();
}
