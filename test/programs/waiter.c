/*
 * waiter FILE: forks a child that sleeps, waits for the child by waitpid, and records in FILE when waitpid returned. The first process
 * of a container waits in the same way, and so does a container runtime. A tracer that does not reap a dead tracee keeps
 * them waiting.
 */
#include "common.h"

/* Native-endian; the test that uses this program names the fields in this order. */
struct counters {
	_Atomic uint64_t child;
	_Atomic uint64_t returned; /* ns of CLOCK_MONOTONIC; 0 until waitpid returns */
};

int main(int argc, char **argv)
{
	struct counters *counters;
	pid_t pid;

	if (argc < 2)
		return 2;
	limit_life();
	counters = map_counters(argv[1], sizeof(*counters));
	pid = fork();
	if (pid < 0)
		die("fork");
	if (pid == 0) {
		limit_life();
		sleep_for_ever();
	}
	counters->child = (uint64_t)pid;
	say_ready();
	while (waitpid(pid, NULL, 0) != pid)
		;
	counters->returned = now_ns();
	sleep_for_ever();
}
