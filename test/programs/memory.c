/*
 * memory MEGABYTES: a process that has so much memory, all of it touched: when it is killed the kernel needs a while to take it back.
 */
#include "common.h"

int main(int argc, char **argv)
{
	size_t bytes = (size_t)argument(argc, argv, 1, 100) << 20;
	char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	limit_life();
	if (memory == MAP_FAILED)
		die("mmap");
	madvise(memory, bytes, MADV_NOHUGEPAGE);
	for (size_t at = 0; at < bytes; at += 4096)
		memory[at] = 1;
	say_ready();
	sleep_for_ever();
}
