/*
 * crowd PROCESSES [GROUPS]: so many sleeping processes, each with so many supplementary groups. With 65,536 of them, which CAP_SETGID
 * allows, /proc/PID/status is 722 kB long and takes the kernel 18 ms. All of them die with the first.
 */
#include "common.h"
#include <grp.h>
#include <sys/prctl.h>

int main(int argc, char **argv)
{
	long processes = argument(argc, argv, 1, 1), groups = argument(argc, argv, 2, 0);
	gid_t *list = calloc((size_t)groups + 1, sizeof(*list));

	limit_life();
	for (long i = 0; list != NULL && i < groups; i++)
		list[i] = (gid_t)(1000000000 + i);
	if (list == NULL || (groups > 0 && setgroups((size_t)groups, list) != 0))
		die("setgroups");
	for (long i = 1; i < processes; i++) {
		pid_t pid = fork();

		if (pid < 0)
			die("fork");
		if (pid == 0) {
			limit_life();
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			sleep_for_ever();
		}
	}
	say_ready();
	sleep_for_ever();
}
