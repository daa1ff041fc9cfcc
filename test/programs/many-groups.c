/*
 * many-groups N: N processes that are in 65,536 supplementary groups each, which makes the status file of each 722 kB long.
 */
#include "common.h"
#include <grp.h>

#define GROUPS 65536

int main(int argc, char **argv)
{
	long count = argument(argc, argv, 1, 10);
	static gid_t groups[GROUPS];

	limit_life();
	for (int i = 0; i < GROUPS; i++)
		groups[i] = 1000000000u + (gid_t)i;
	if (setgroups(GROUPS, groups) != 0)
		die("setgroups");
	for (long i = 1; i < count; i++) {
		pid_t pid = fork();

		if (pid < 0)
			die("fork");
		if (pid == 0) {
			limit_life();
			sleep_for_ever();
		}
	}
	say_ready();
	sleep_for_ever();
}
