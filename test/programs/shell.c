/*
 * shell (fg|bg) PROGRAM [ARGUMENT...]: what a shell with job control does with one job on a terminal.
 *
 * The terminal is a pseudo-terminal with `stty tostop`. What is typed comes from the standard input (^Z is byte 26), what the
 * terminal shows goes to the standard output, and what the shell sees of the job goes to the standard error, a line each:
 * "pid N", "stopped N", "continued", "exited N", "killed N" with the number of the signal or status. Before its program
 * starts the job waits until the shell has put it into the foreground or the background.
 * SIGUSR1 puts the job into the foreground and continues it, SIGUSR2 continues it in the background. The end of the standard
 * input closes the terminal, as an ssh connection that breaks does.
 */
#include "common.h"
#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>

static pid_t shell, job;
static volatile sig_atomic_t resume_as;

static void tell(const char *what, int number)
{
	char line[64];
	int length = snprintf(line, sizeof(line), "%s %d\n", what, number);

	if (write(2, line, (size_t)length) < 0)
		_exit(1);
}

static void on_resume(int signal_number)
{
	resume_as = signal_number;
}

static void forward(int signal_number)
{
	kill(shell, signal_number);
}

static void start_job(int terminal, int foreground, char **command)
{
	int go[2];
	char byte;

	if (pipe2(go, O_CLOEXEC) != 0)
		die("pipe2");
	job = fork();
	if (job < 0)
		die("fork");
	if (job != 0) {
		setpgid(job, job);
		if (foreground)
			tcsetpgrp(terminal, job);
		tell("pid", job);
		close(go[0]);
		close(go[1]);
		return;
	}
	setpgid(0, 0);
	close(go[1]);
	if (read(go[0], &byte, 1) != 0)
		die("read");
	for (int fd = 0; fd < 3; fd++)
		dup2(terminal, fd);
	for (int number = 1; number < NSIG; number++)
		signal(number, SIG_DFL);
	execvp(command[0], command);
	die(command[0]);
}

static void be_shell(int master, int foreground, char **command)
{
	const char *path = ptsname(master);
	struct sigaction resume = { .sa_handler = on_resume };
	struct termios modes;
	int terminal, status;

	limit_life();
	setsid();
	terminal = path ? open(path, O_RDWR | O_CLOEXEC) : -1; /* the first one that a session leader opens becomes its terminal */
	if (terminal < 0 || tcgetattr(terminal, &modes) != 0)
		die("terminal");
	close(master);
	modes.c_lflag |= TOSTOP;
	tcsetattr(terminal, TCSANOW, &modes);
	signal(SIGTTOU, SIG_IGN); /* else tcsetpgrp(3) would stop the shell itself while the job is in the foreground */
	signal(SIGTSTP, SIG_IGN);
	sigaction(SIGUSR1, &resume, NULL);
	sigaction(SIGUSR2, &resume, NULL);
	start_job(terminal, foreground, command);
	for (;; sleep_us(1000)) {
		pid_t changed = waitpid(job, &status, WUNTRACED | WCONTINUED | WNOHANG);

		if (changed == job && WIFSTOPPED(status)) {
			tcsetpgrp(terminal, getpgrp());
			tell("stopped", WSTOPSIG(status));
		} else if (changed == job && WIFCONTINUED(status)) {
			tell("continued", 0);
		} else if (changed != 0) {
			tell(WIFEXITED(status) ? "exited" : "killed", WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
			_exit(0);
		}
		if (resume_as == SIGUSR1)
			tcsetpgrp(terminal, job);
		if (resume_as != 0)
			kill(-job, SIGCONT);
		resume_as = 0;
	}
}

int main(int argc, char **argv)
{
	struct sigaction pass = { .sa_handler = forward };
	struct pollfd ready[2] = { { .fd = 0, .events = POLLIN }, { .events = POLLIN } };
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	char buffer[4096];

	if (argc < 3)
		return 2;
	if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0)
		die("posix_openpt");
	limit_life();
	shell = fork();
	if (shell < 0)
		die("fork");
	if (shell == 0)
		be_shell(master, strcmp(argv[1], "fg") == 0, argv + 2);
	sigaction(SIGUSR1, &pass, NULL);
	sigaction(SIGUSR2, &pass, NULL);
	ready[1].fd = master;
	for (;;) {
		ssize_t length;

		if (poll(ready, 2, -1) < 0)
			continue;
		if (ready[1].revents) {
			/* EIO: the last one that had the terminal open is gone. */
			length = read(master, buffer, sizeof(buffer));
			if (length <= 0 || write(1, buffer, (size_t)length) < 0)
				break;
		} else if (ready[0].revents) {
			length = read(0, buffer, sizeof(buffer));
			if (length <= 0 || write(master, buffer, (size_t)length) < 0)
				break;
		}
	}
	close(master);
	waitpid(shell, NULL, 0);
	return 0;
}
