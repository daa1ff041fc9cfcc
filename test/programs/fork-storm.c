/*
 * fork-storm [CHAINS]: chains of processes in which each link forks the next and exits. A lister that reads the
 * cgroup's processes once, or until a pass finds nothing new, misses some of them.
 */
#include "common.h"
#include <sys/prctl.h>

static void link_of_chain(int lifeline)
{
	for (;;) {
		pid_t pid;

		limit_life();
		/* About 1,000 links a second and chain: pids come round after seconds, not while one is being looked at. */
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
	/* Links are orphans; they are reaped here, so that the storm does not depend on what process 1 does. */
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
