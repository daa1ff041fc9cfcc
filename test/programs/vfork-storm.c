/*
 * vfork-storm [PROCESSES]: processes that vfork a child, which sleeps 1 to 4 ms and then either execs or exits. At any moment most of
 * the processes wait in vfork. On cgroup v1 a single write of FROZEN leaves such a cgroup in FREEZING.
 */
#include "common.h"

static char self[4096];

static void storm(unsigned seed)
{
	for (;;) {
		long rest = 1000 + rand_r(&seed) % 3000;
		int exec = rand_r(&seed) % 2;
		pid_t pid = vfork();

		if (pid == 0) {
			struct timespec t = { 0, rest * 1000 };

			/* Timers are not inherited over vfork, so the child needs a limit of its own for the case that it is held. */
			alarm(LIFE_LIMIT_SECONDS);
			nanosleep(&t, NULL);
			if (exec)
				execl(self, self, "--exit", (char *)NULL);
			_exit(0);
		}
		if (pid > 0)
			waitpid(pid, NULL, 0);
	}
}

int main(int argc, char **argv)
{
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (argc > 1 && strcmp(argv[1], "--exit") == 0)
		return 0;
	if (length <= 0)
		die("readlink /proc/self/exe");
	limit_life();
	for (long i = argument(argc, argv, 1, 20); i > 0; i--) {
		pid_t pid = fork();

		if (pid < 0)
			die("fork");
		if (pid == 0) {
			limit_life();
			storm((unsigned)i);
		}
	}
	say_ready();
	sleep_for_ever();
}
