/*
 * clone-storm [CHAINS]: one process with chains of threads. Each thread of a chain creates the next thread and ends.
 */
#include "common.h"

static void *link_of_chain(void *unused)
{
	(void)unused;
	sleep_us(1000);
	start_thread(link_of_chain, NULL);
	return NULL;
}

int main(int argc, char **argv)
{
	long chains = argument(argc, argv, 1, 20);

	limit_life();
	for (long i = 0; i < chains; i++)
		start_thread(link_of_chain, NULL);
	say_ready();
	sleep_for_ever();
}
