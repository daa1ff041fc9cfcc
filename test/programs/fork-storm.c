/*
 * fork-storm [CHAINS]: chains of processes. Each process of a chain forks the next process and exits. A program that lists the
 * processes of the cgroup once, or until a pass finds nothing new, misses some of them.
 */
#include "common.h"
#include <sys/prctl.h>

static void link_of_chain(int lifeline)
{
	for (;;) {
		pid_t pid;

		limit_life();
		/* Each chain makes about 1,000 processes per second, so a pid is reused after seconds and not while a capture looks at it. */
		sleep_us(1000);
		if (lifeline_cut(lifeline))
			_exit(0);
		pid = fork();
		if (pid > 0)
			_exit(0);
		if (pid < 0)
			continue;
	}
}

int main(int argc, char **argv)
{
	long chains = argument(argc, argv, 1, 20);
	int lifeline[2];

	limit_life();
	if (pipe2(lifeline, O_NONBLOCK) != 0)
		die("pipe2");
	/* The processes of a chain are orphans. This process reaps them, so that the storm does not depend on process 1. */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	for (long i = 0; i < chains; i++) {
		pid_t pid = fork();

		if (pid < 0)
			die("fork");
		if (pid == 0) {
			close(lifeline[1]);
			link_of_chain(lifeline[0]);
		}
	}
	say_ready();
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		;
	return 1;
}
