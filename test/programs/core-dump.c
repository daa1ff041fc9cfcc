/*
 * core-dump MEGABYTES FOLDER: fills memory, starts four threads, says ready and crashes: the kernel then writes a core file into FOLDER,
 * where kernel.core_pattern is a plain name.
 */
#include "common.h"
#include <sys/prctl.h>
#include <sys/resource.h>

int main(int argc, char **argv)
{
	size_t bytes = (size_t)argument(argc, argv, 1, 100) << 20;
	struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };
	char *memory;

	limit_life();
	if (argc < 3 || chdir(argv[2]) != 0)
		die("chdir");
	if (setrlimit(RLIMIT_CORE, &unlimited) != 0)
		die("setrlimit");
	prctl(PR_SET_DUMPABLE, 1);
	memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		die("mmap");
	for (size_t at = 0; at < bytes; at += 4096)
		memory[at] = (char)(at >> 12) | 1;
	for (int i = 0; i < 4; i++)
		start_thread(sleeping_thread, NULL);
	say_ready();
	abort();
}
