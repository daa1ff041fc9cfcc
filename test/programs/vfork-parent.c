/*
 * vfork-parent MS: the parent waits in vfork(2) (state D) for MS milliseconds, or, with MS 0, until its child gets SIGUSR1. A task in
 * vfork(2) reaches no stop and cannot be detached. Afterwards the parent says "returned" and sleeps.
 * The child prints its pid ("child PID") and "ready", because the parent cannot run yet.
 */
#include "common.h"

static void child_of_vfork(long milliseconds, const sigset_t *until)
{
	char line[32];
	int length = snprintf(line, sizeof(line), "child %d\nready\n", getpid());

	alarm(LIFE_LIMIT_SECONDS);
	if (write(1, line, (size_t)length) < 0)
		_exit(1);
	if (milliseconds > 0)
		sleep_us(milliseconds * 1000);
	else
		/* A freeze or a ptrace stop ends sigwaitinfo with EINTR (signal(7)). */
		while (sigwaitinfo(until, NULL) == -1 && errno == EINTR)
			;
	_exit(0);
}

int main(int argc, char **argv)
{
	long milliseconds = argument(argc, argv, 1, 0);
	sigset_t until;
	pid_t pid;

	limit_life();
	sigemptyset(&until);
	sigaddset(&until, SIGUSR1);
	sigprocmask(SIG_BLOCK, &until, NULL);
	pid = vfork();
	if (pid < 0)
		die("vfork");
	if (pid == 0)
		child_of_vfork(milliseconds, &until);
	waitpid(pid, NULL, 0);
	say("returned\n");
	sleep_for_ever();
}
