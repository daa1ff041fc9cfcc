/*
 * sleeper [SECONDS]: one process that sleeps. It is the simplest target, and the binary that fuse-hang serves.
 */
#include "common.h"

int main(int argc, char **argv)
{
	long seconds = argument(argc, argv, 1, 0);

	limit_life();
	say_ready();
	if (seconds == 0)
		sleep_for_ever();
	sleep_us(seconds * 1000000);
	return 0;
}
