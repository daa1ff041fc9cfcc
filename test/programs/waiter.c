/*
 * waiter FILE: forks a child that sleeps, waits for it by waitpid, and records in FILE when that returned: what a
 * container's first process, or a runtime, does. A tracer that does not reap a dead tracee keeps it waiting.
 */
#include "common.h"

/* Native-endian; the test that uses it names them in this order. */
struct counters {
	_Atomic uint64_t child;
	_Atomic uint64_t returned; /* ns of CLOCK_MONOTONIC; 0: not yet */
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
