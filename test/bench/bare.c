/*
 * bare (v1|v2) CGROUP_DIR ROUNDS: the yardstick. What a capture must do and nothing else, in C: freeze, seize, thaw,
 * stop, read one /proc status a task, detach. Prints a line of JSON a round, in microseconds of CLOCK_MONOTONIC. One
 * cgroup, no children of it. Thaws on every exit but SIGKILL; its end detaches whatever it still traces.
 */
#include "common.h"
#include <poll.h>
#include <sys/ptrace.h>

#define MAX_TASKS 65536
#define FREEZE_TIMEOUT_NS 10000000000u
/* Between rounds the workload runs, so that a round does not measure the tail of the last one. */
#define REST_US 50000

static int version;
static const char *directory;
static int freezer = -1;
static pid_t tasks[MAX_TASKS];
static size_t task_count;

static void thaw(void)
{
	const char *text = version == 1 ? "THAWED" : "0";

	if (freezer >= 0 && write(freezer, text, strlen(text)) < 0)
		_exit(3);
}

static void fail(const char *what)
{
	perror(what);
	exit(1); /* atexit thaws */
}

static void on_signal(int signal_number)
{
	thaw();
	_exit(128 + signal_number);
}

static int open_in_cgroup(const char *name, int flags)
{
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	fd = open(path, flags | O_CLOEXEC);
	if (fd < 0)
		fail(path);
	return fd;
}

static int file_says(int fd, const char *word)
{
	char text[256];
	ssize_t length = pread(fd, text, sizeof(text) - 1, 0);

	if (length < 0)
		fail("read");
	text[length] = 0;
	return strstr(text, word) != NULL;
}

/*
 * A vfork parent stays FREEZING until FROZEN is written again; a process in exec until it was thawed for a moment. So:
 * look every 50 us, write again every 2 ms, and at every third write thaw for 0.3 ms.
 */
static void freeze_v1(uint64_t start)
{
	uint64_t written = start;

	for (int writes = 1;;) {
		if (write(freezer, "FROZEN", 6) != 6)
			fail("freezer.state");
		for (;;) {
			if (file_says(freezer, "FROZEN"))
				return;
			if (now_ns() - start > FREEZE_TIMEOUT_NS)
				fail("not FROZEN in time");
			if (now_ns() - written > 2000000)
				break;
			sleep_us(50);
		}
		if (++writes % 3 == 0) {
			thaw();
			sleep_us(300);
		}
		written = now_ns();
	}
}

static void freeze_v2(uint64_t start, int events)
{
	struct pollfd changed = { .fd = events, .events = POLLPRI };

	if (write(freezer, "1", 1) != 1)
		fail("cgroup.freeze");
	while (!file_says(events, "frozen 1")) {
		if (now_ns() - start > FREEZE_TIMEOUT_NS)
			fail("not frozen in time");
		poll(&changed, 1, 10);
	}
}

static size_t list_tasks(pid_t *into)
{
	static char text[MAX_TASKS * 8];
	int fd = open_in_cgroup(version == 1 ? "tasks" : "cgroup.threads", O_RDONLY);
	size_t length = 0, count = 0;
	ssize_t got;

	while ((got = read(fd, text + length, sizeof(text) - 1 - length)) > 0)
		length += (size_t)got;
	close(fd);
	text[length] = 0;
	for (char *at = text; *at && count < MAX_TASKS; at++)
		into[count++] = (pid_t)strtol(at, &at, 10);
	return count;
}

static void seize_all(void)
{
	static pid_t again[MAX_TASKS];

	task_count = list_tasks(tasks);
	for (size_t i = 0; i < task_count; i++)
		if (ptrace(PTRACE_SEIZE, tasks[i], 0, 0) != 0)
			fail("PTRACE_SEIZE");
	/* A tid that was reused between listing and seizing is not in the second list. */
	if (list_tasks(again) != task_count || memcmp(again, tasks, task_count * sizeof(pid_t)) != 0)
		fail("the list of tasks changed");
	for (size_t i = 0; i < task_count; i++)
		if (ptrace(PTRACE_INTERRUPT, tasks[i], 0, 0) != 0)
			fail("PTRACE_INTERRUPT");
}

static void wait_all(void)
{
	siginfo_t info;

	for (size_t i = 0; i < task_count; i++)
		while (waitid(P_PID, (id_t)tasks[i], &info, WSTOPPED | WEXITED | WNOWAIT | __WALL) != 0)
			if (errno != EINTR)
				fail("waitid");
}

static void collect_all(void)
{
	static char text[65536];
	char path[64];

	for (size_t i = 0; i < task_count; i++) {
		int fd;

		snprintf(path, sizeof(path), "/proc/%d/status", tasks[i]);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0 || read(fd, text, sizeof(text)) <= 0)
			fail(path);
		close(fd);
	}
}

static double microseconds(uint64_t from, uint64_t to)
{
	return (double)(to - from) / 1000.0;
}

static void one_round(long number, int events)
{
	uint64_t start, frozen, seized, stopped, thawed, collected, released;

	start = now_ns();
	if (version == 1)
		freeze_v1(start);
	else
		freeze_v2(start, events);
	frozen = now_ns();
	seize_all();
	seized = now_ns();
	/* v1 lets no task reach its ptrace stop while FROZEN; v2 does, so there it never runs in between. */
	if (version == 1) {
		thaw();
		thawed = now_ns();
		wait_all();
		stopped = now_ns();
	} else {
		wait_all();
		stopped = now_ns();
		thaw();
		thawed = now_ns();
	}
	collect_all();
	collected = now_ns();
	for (size_t i = 0; i < task_count; i++)
		if (ptrace(PTRACE_DETACH, tasks[i], 0, 0) != 0)
			fail("PTRACE_DETACH");
	released = now_ns();
	printf("{\"round\":%ld,\"version\":\"v%d\",\"tasks\":%zu,\"freeze\":%.1f,\"seize\":%.1f,\"thaw\":%.1f,\"stop\":%.1f,"
	       "\"untilStopped\":%.1f,\"collect\":%.1f,\"release\":%.1f,\"pause\":%.1f}\n",
	       number, version, task_count, microseconds(start, frozen), microseconds(frozen, seized),
	       version == 1 ? microseconds(seized, thawed) : microseconds(stopped, thawed),
	       version == 1 ? microseconds(thawed, stopped) : microseconds(seized, stopped), microseconds(start, stopped),
	       microseconds(version == 1 ? stopped : thawed, collected), microseconds(collected, released),
	       microseconds(start, released));
	fflush(stdout);
}

int main(int argc, char **argv)
{
	static const int SIGNALS[] = { SIGINT, SIGTERM, SIGHUP, SIGALRM, SIGPIPE, SIGSEGV };
	struct sigaction action = { .sa_handler = on_signal };
	int state;

	if (argc != 4)
		return 2;
	version = strcmp(argv[1], "v1") == 0 ? 1 : 2;
	directory = argv[2];
	state = open_in_cgroup(version == 1 ? "freezer.state" : "cgroup.events", O_RDONLY);
	if (!file_says(state, version == 1 ? "THAWED" : "frozen 0")) {
		fputs("the cgroup is frozen already, and not ours to thaw\n", stderr);
		return 2;
	}
	limit_life();
	for (size_t i = 0; i < sizeof(SIGNALS) / sizeof(SIGNALS[0]); i++)
		sigaction(SIGNALS[i], &action, NULL);
	freezer = open_in_cgroup(version == 1 ? "freezer.state" : "cgroup.freeze", O_RDWR);
	atexit(thaw);
	for (long i = 1; i <= atol(argv[3]); i++) {
		one_round(i, state);
		sleep_us(REST_US);
	}
	return 0;
}
