/*
 * fuse-hang DIR (read|read-later|exec|mmap-lock) [BINARY]: a file system whose server stops answering, as a dead NFS or
 * FUSE server does.
 *
 * The program mounts a FUSE file system with the file `f` on DIR, in a mount namespace of its own, and starts a reader there:
 *  read        the server never answers the first READ of the reader
 *  read-later  the reader reads again and again; SIGUSR1 makes the server silent, and the server says "hanging"
 *  exec        the reader executes `f`, which is BINARY; then the server answers nothing, so /proc/READER/exe leads into a
 *              file system that hangs
 *  mmap-lock   a READ of one thread, never answered, keeps a page locked; the leader waits for that page in mmap(2) and has
 *              taken mmap_lock for writing; reading /proc/READER/cmdline then blocks
 * It prints "reader PID", and "ready" when that state is reached. A test moves the reader into its cgroup; the server stays
 * outside. SIGTERM, the limit of life, or any death of the server closes /dev/fuse. The kernel then aborts the connection,
 * and the waits end with an error.
 */
#include "fuse-server.h"

/* How long the server lives, in seconds: half the limit of a workload, because no signal ends a reader that waits for the server. */
#define SERVER_SECONDS (LIFE_LIMIT_SECONDS / 2)
/* A program that has said "ready" and caused no page fault for this many milliseconds has loaded all pages that it needs to sleep. */
#define QUIET_MS 100

static struct fuse_server server;
static int go[2], output[2];
static volatile sig_atomic_t told_to_hang, told_to_end;

static void on_signal(int signal_number)
{
	*(signal_number == SIGUSR1 ? &told_to_hang : &told_to_end) = 1;
}

static void *read_file(void *path)
{
	char buffer[4096];
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	while (fd >= 0 && lseek(fd, 0, SEEK_SET) == 0 && read(fd, buffer, sizeof(buffer)) > 0)
		sleep_us(1000);
	_exit(0);
}

static void reader(const char *mode, char *path)
{
	char byte;
	int fd;

	signal(SIGTERM, SIG_DFL);
	close(server.device);
	limit_life();
	if (strcmp(mode, "exec") == 0) {
		dup2(output[1], 1);
		execl(path, path, (char *)NULL);
		die("execl");
	}
	if (strcmp(mode, "mmap-lock") != 0)
		read_file(path);
	start_thread(read_file, path);
	if (read(go[0], &byte, 1) != 1)
		_exit(1);
	/* The file is opened with direct I/O. mmap(2) of such a file first drops its cached pages one by one, each under its lock. */
	fd = open(path, O_RDONLY | O_CLOEXEC);
	mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
	sleep_for_ever();
}

static void serve_exec(void)
{
	char text[64];
	int ready = 0;

	for (;;) {
		const struct fuse_in_header *in = fuse_next(&server, QUIET_MS);

		if (in)
			fuse_answer(&server, in);
		else if (ready)
			return;
		else if (told_to_end)
			_exit(0);
		ready = ready || read(output[0], text, sizeof(text)) > 0;
	}
}

/* Answers requests until a READ arrives that shall hang. */
static void serve_until_hung(int at_once)
{
	int said_ready = at_once;

	/* With direct I/O each read(2) asks the server, and no page is cached. */
	if (!at_once)
		server.open_flags = FOPEN_DIRECT_IO;
	while (!told_to_end) {
		const struct fuse_in_header *in = fuse_next(&server, 1000);

		if (in && in->opcode == FUSE_READ) {
			if (at_once || told_to_hang)
				return;
			fuse_answer(&server, in);
			if (!said_ready)
				say_ready();
			said_ready = 1;
		} else if (in) {
			fuse_answer(&server, in);
		}
	}
}

/* Leaves the READ unanswered, and answers every other request until the leader of the reader sleeps uninterruptibly. */
static void serve_mmap(pid_t pid)
{
	char path[64], text[256];

	/* Without KEEP_CACHE, open(2) itself would drop the cached pages and wait there, without mmap_lock. */
	server.open_flags = FOPEN_DIRECT_IO | FOPEN_KEEP_CACHE;
	if (write(go[1], "", 1) != 1)
		die("write");
	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	for (text[0] = 0; !strstr(text, ") D ") && !told_to_end;) {
		const struct fuse_in_header *in = fuse_next(&server, 10);
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

		if (length <= 0)
			die("the reader ended");
		text[length] = 0;
		close(fd);
		if (in && in->opcode != FUSE_READ)
			fuse_answer(&server, in);
	}
}

static void load(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat about;

	if (fd < 0 || fstat(fd, &about) != 0)
		die(path);
	server.size = (size_t)about.st_size;
	server.content = mmap(NULL, server.size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
	if (server.content == MAP_FAILED)
		die("mmap");
	close(fd);
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = on_signal };
	char path[4096], line[32];
	pid_t pid;

	if (argc < 3 || (strcmp(argv[2], "exec") == 0 && argc < 4))
		return 2;
	server.content = "content";
	server.size = strlen(server.content);
	if (argc > 3)
		load(argv[3]);
	limit_life();
	alarm(SERVER_SECONDS);
	sigaction(SIGUSR1, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	if (pipe2(go, O_CLOEXEC) != 0 || pipe2(output, O_CLOEXEC | O_NONBLOCK) != 0)
		die("pipe2");
	fuse_mount(&server, argv[1]);
	snprintf(path, sizeof(path), "%s/f", argv[1]);
	pid = fork();
	if (pid < 0)
		die("fork");
	if (pid == 0)
		reader(argv[2], path);
	snprintf(line, sizeof(line), "reader %d\n", pid);
	say(line);
	if (strcmp(argv[2], "exec") == 0)
		serve_exec();
	else
		serve_until_hung(strcmp(argv[2], "read-later") != 0);
	if (strcmp(argv[2], "mmap-lock") == 0)
		serve_mmap(pid);
	say(strcmp(argv[2], "read-later") == 0 ? "hanging\n" : "ready\n");
	while (!told_to_end)
		sleep_us(10000);
	/* The abort comes first: before it, SIGKILL does not end a process that waits for an answer. */
	close(server.device);
	kill(pid, SIGKILL);
	for (int i = 0; i < 200 && waitpid(pid, NULL, WNOHANG) == 0; i++)
		sleep_us(5000);
	return 0;
}
