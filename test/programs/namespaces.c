/*
 * namespaces: a process outside, its child as process 1 of new user, pid, mount and UTS namespaces, and a grandchild inside
 * these namespaces. User ids and pids then depend on the namespace of the observer.
 */
#include "common.h"
#include <sched.h>
#include <sys/syscall.h>

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		die(path);
	close(fd);
}

static void on_limit(int signal_number)
{
	_exit(128 + signal_number);
}

static void first_inside(int mapped)
{
	char byte;
	pid_t pid;

	/* Process 1 of a pid namespace ignores signals that have the default action, even its own alarm (pid_namespaces(7)). */
	signal(SIGALRM, on_limit);
	limit_life();
	if (read(mapped, &byte, 1) != 1 || getpid() != 1)
		_exit(1);
	if (sethostname("inside", 6) != 0)
		die("sethostname");
	pid = fork();
	if (pid < 0)
		die("fork");
	if (pid > 0)
		sleep_for_ever();
	limit_life();
	say_ready();
	sleep_for_ever();
}

int main(void)
{
	unsigned long flags = CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWUTS | SIGCHLD;
	char path[64];
	int mapped[2];
	long pid;

	limit_life();
	if (pipe(mapped) != 0)
		die("pipe");
	/* The raw call without a stack is a fork into new namespaces. All other arguments are zero, so their order does not matter. */
	pid = syscall(SYS_clone, flags, 0, 0, 0, 0);
	if (pid < 0)
		die("clone");
	if (pid == 0)
		first_inside(mapped[0]);
	snprintf(path, sizeof(path), "/proc/%ld/uid_map", pid);
	write_file(path, "0 100000 1000");
	snprintf(path, sizeof(path), "/proc/%ld/gid_map", pid);
	write_file(path, "0 100000 1000");
	if (write(mapped[1], "", 1) != 1)
		die("write");
	sleep_for_ever();
}
