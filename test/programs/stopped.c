/*
 * stopped FILE [SIGNAL [THREADS]]: a parent with a child of THREADS threads that is in a job-control stop (SIGNAL: 19 SIGSTOP, the
 * default; 20 SIGTSTP; 21 SIGTTIN). The parent counts in FILE the reports of waitpid. So FILE shows whether a capture
 * caused a second report of the same stop, or a continuation that nobody asked for.
 */
#include "common.h"

/* Native-endian; test/kernel/harness/counters.ts names the fields in this order. */
struct counters {
	_Atomic uint64_t child;
	_Atomic uint64_t stopped; /* WIFSTOPPED reports */
	_Atomic uint64_t continued; /* WIFCONTINUED reports */
	_Atomic uint64_t ended;
	_Atomic uint64_t last_signal; /* the signal of the last stop */
	_Atomic uint64_t resumed; /* how often the child came out of its stop */
};

static void child(struct counters *counters, int signal_number, long threads)
{
	limit_life();
	/*
	 * The child has a process group of its own in the session of its parent. SIGTSTP and SIGTTIN would not stop an orphaned
	 * group. If the parent dies, the group becomes orphaned, the kernel sends SIGHUP and SIGCONT, and the child ends.
	 */
	setpgid(0, 0);
	for (long i = 1; i < threads; i++)
		start_thread(sleeping_thread, NULL);
	kill(getpid(), signal_number);
	counters->resumed++;
	for (;;)
		pause();
}

int main(int argc, char **argv)
{
	int signal_number = (int)argument(argc, argv, 2, SIGSTOP);
	struct counters *counters;
	pid_t pid;
	int status;

	if (argc < 2)
		return 2;
	limit_life();
	counters = map_counters(argv[1], sizeof(*counters));
	pid = fork();
	if (pid < 0)
		die("fork");
	if (pid == 0)
		child(counters, signal_number, argument(argc, argv, 3, 1));
	counters->child = (uint64_t)pid;
	while (waitpid(pid, &status, WUNTRACED | WCONTINUED) == pid || errno == EINTR) {
		if (WIFSTOPPED(status)) {
			counters->last_signal = (uint64_t)WSTOPSIG(status);
			if (counters->stopped++ == 0)
				say_ready();
		} else if (WIFCONTINUED(status)) {
			counters->continued++;
		} else {
			counters->ended++;
			break;
		}
	}
	sleep_for_ever();
}
