/*
 * joiner DIR N INTERVAL_US [LIFE_US]: starts N processes, one every INTERVAL_US. Each process moves itself into the cgroup DIR,
 * sleeps LIFE_US (default 20,000) and exits. kubectl exec and exec probes do the same to a pod that is held. Says "joined"
 * at the end.
 */
#include "common.h"

static void join(const char *directory, long life)
{
	char path[4096];
	int fd;

	limit_life();
	snprintf(path, sizeof(path), "%s/cgroup.procs", directory);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	/* "0" means the writing process itself, on both hierarchies. */
	if (fd < 0 || write(fd, "0", 1) != 1)
		die(path);
	close(fd);
	sleep_us(life);
	_exit(0);
}

int main(int argc, char **argv)
{
	long count = argument(argc, argv, 2, 1);
	long interval = argument(argc, argv, 3, 1000);
	long life = argument(argc, argv, 4, 20000);

	if (argc < 2)
		return 2;
	limit_life();
	say_ready();
	for (long i = 0; i < count; i++) {
		pid_t pid = fork();

		if (pid < 0)
			die("fork");
		if (pid == 0)
			join(argv[1], life);
		sleep_us(interval);
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
	}
	while (waitpid(-1, NULL, 0) > 0)
		;
	say("joined\n");
	return 0;
}
