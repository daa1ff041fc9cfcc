/*
 * exec-storm [PROCESSES]: processes of six threads. A thread that is not the leader execs the program again, over and over.
 * Each exec kills the sibling threads and takes over the tid of the leader. On cgroup v1 such a process can stick in
 * FREEZING, and without a freezer PTRACE_SEIZE can deadlock with it.
 */
#include "common.h"

#define THREADS 6

static char self[4096];

static void *exec_again(void *unused)
{
	char *again[] = { self, "--again", NULL };

	(void)unused;
	sleep_us(2000);
	execv(self, again);
	die("execv");
	return NULL;
}

static void one_life(void)
{
	limit_life();
	for (int i = 2; i < THREADS; i++)
		start_thread(sleeping_thread, NULL);
	start_thread(exec_again, NULL);
	sleep_for_ever();
}

int main(int argc, char **argv)
{
	/* The path of the program comes from /proc/self/exe, because a relative argv[0] may lead nowhere. */
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (length <= 0)
		die("readlink /proc/self/exe");
	if (argc > 1 && strcmp(argv[1], "--again") == 0)
		one_life();
	limit_life();
	for (long i = argument(argc, argv, 1, 8); i > 0; i--) {
		pid_t pid = fork();

		if (pid < 0)
			die("fork");
		if (pid == 0)
			one_life();
	}
	say_ready();
	sleep_for_ever();
}
