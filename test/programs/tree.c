/*
 * tree P T: a first process with P children of T threads each, all asleep: P * T + 1 tasks. The benchmark uses this workload because
 * it takes no CPU, so the figures are those of the capture and not of the workload.
 */
#include "common.h"

static void child(long threads, int ready)
{
	limit_life();
	for (long i = 1; i < threads; i++)
		start_thread(sleeping_thread, NULL);
	if (write(ready, "", 1) != 1)
		_exit(1);
	close(ready);
	sleep_for_ever();
}

int main(int argc, char **argv)
{
	long processes = argument(argc, argv, 1, 1);
	long threads = argument(argc, argv, 2, 1);
	int ready[2];
	char byte;

	limit_life();
	if (pipe(ready) != 0)
		die("pipe");
	for (long i = 0; i < processes; i++) {
		pid_t pid = fork();

		if (pid < 0)
			die("fork");
		if (pid == 0)
			child(threads, ready[1]);
	}
	close(ready[1]);
	/* End of file before the last byte means that a child failed. */
	for (long i = 0; i < processes; i++)
		if (read(ready[0], &byte, 1) != 1)
			die("a child did not come up");
	say_ready();
	sleep_for_ever();
}
