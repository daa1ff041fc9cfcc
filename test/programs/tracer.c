/*
 * tracer PID [stop]: plays a debugger of somebody else. It seizes the task PID and passes signals on. With `stop` it also holds the
 * task in a ptrace stop. SIGTERM ends the tracer, and the kernel then detaches the task, as for every tracer.
 */
#include "common.h"
#include <sys/ptrace.h>

static void serve(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, __WALL | WNOHANG) == pid) {
		int signal_number = WSTOPSIG(status);
		int event = status >> 16;

		if (!WIFSTOPPED(status))
			_exit(0);
		if (event == PTRACE_EVENT_STOP && signal_number != SIGTRAP)
			ptrace(PTRACE_LISTEN, pid, 0, 0);
		else
			ptrace(PTRACE_CONT, pid, 0, event == 0 ? signal_number : 0);
	}
}

int main(int argc, char **argv)
{
	pid_t pid = (pid_t)argument(argc, argv, 1, 0);
	int stop = argc > 2 && strcmp(argv[2], "stop") == 0;
	sigset_t awaited;

	if (pid <= 1)
		return 2;
	limit_life();
	sigemptyset(&awaited);
	sigaddset(&awaited, SIGTERM);
	sigaddset(&awaited, SIGCHLD);
	sigprocmask(SIG_BLOCK, &awaited, NULL);
	if (ptrace(PTRACE_SEIZE, pid, 0, 0) != 0)
		die("PTRACE_SEIZE");
	if (stop) {
		siginfo_t info;

		if (ptrace(PTRACE_INTERRUPT, pid, 0, 0) != 0)
			die("PTRACE_INTERRUPT");
		if (waitid(P_PID, (id_t)pid, &info, WSTOPPED | WEXITED | WNOWAIT | __WALL) != 0)
			die("waitid");
	}
	say_ready();
	/* With `stop` the tracee stays in its stop, so its events are left alone. */
	while (sigwaitinfo(&awaited, NULL) != SIGTERM)
		if (!stop)
			serve(pid);
	return 0;
}
