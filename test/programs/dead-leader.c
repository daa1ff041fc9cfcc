/*
 * dead-leader [THREADS]: a process whose main thread has exited while its other threads live on. /proc/PID then shows state Z,
 * and the file `tasks` of the cgroup no longer lists the pid of the process.
 */
#include "common.h"

static int leader_is_dead(void)
{
	char text[512] = "";
	int fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	char *name_ends = length > 0 ? strrchr(text, ')') : NULL;

	if (fd >= 0)
		close(fd);
	return name_ends && name_ends[2] == 'Z';
}

static void *announce(void *unused)
{
	while (!leader_is_dead())
		sleep_us(1000);
	say_ready();
	return sleeping_thread(unused);
}

int main(int argc, char **argv)
{
	limit_life();
	for (long i = argument(argc, argv, 1, 3); i > 1; i--)
		start_thread(sleeping_thread, NULL);
	start_thread(announce, NULL);
	pthread_exit(NULL);
}
