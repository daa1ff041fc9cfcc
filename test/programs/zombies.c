/*
 * zombies N: a living parent with N children that have exited and that the parent never reaps.
 */
#include "common.h"

int main(int argc, char **argv)
{
	long count = argument(argc, argv, 1, 3);

	limit_life();
	for (long i = 0; i < count; i++) {
		siginfo_t info;
		pid_t pid = fork();

		if (pid < 0)
			die("fork");
		if (pid == 0)
			_exit(0);
		/* WNOWAIT sees that the child is dead and leaves it unreaped. */
		if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT) != 0)
			die("waitid");
	}
	say_ready();
	sleep_for_ever();
}
