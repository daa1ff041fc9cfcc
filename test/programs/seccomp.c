/*
 * seccomp (strict|filter): a process that may make almost no system call and waits in read(2) of an empty pipe. The kernel would
 * kill it if a tracer injected a system call.
 */
#include "common.h"
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

/* The calls that strict mode allows, and restart_syscall, which the kernel itself issues after a freeze. Any other call kills. */
static const struct sock_filter RULES[] = {
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_read, 5, 0),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_write, 4, 0),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 3, 0),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_rt_sigreturn, 2, 0),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_restart_syscall, 1, 0),
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
};

int main(int argc, char **argv)
{
	struct sock_fprog program = { sizeof(RULES) / sizeof(RULES[0]), (struct sock_filter *)RULES };
	int filter = argc > 1 && strcmp(argv[1], "filter") == 0;
	int empty[2];
	char byte;

	limit_life();
	if (pipe(empty) != 0)
		die("pipe");
	if (filter) {
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
			die("PR_SET_SECCOMP filter");
	} else if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) != 0) {
		die("PR_SET_SECCOMP strict");
	}
	say_ready();
	while (read(empty[0], &byte, 1) != 0)
		;
	return 0;
}
