/*
 * guard-client SOCKET DIRECTORY v1|v2: an agent of stasis-guard, reduced to the behaviour that the guard can see. It announces and
 * closes the freezer of the cgroup DIRECTORY as the lines of its stdin say, and answers each line with "ok" or an errno.
 *
 *   announce CONTAINER FREEZER_MS HOLD_MS | freeze | thaw | opened CONTAINER | disowned CONTAINER | done | seize | hello
 *   own DIRECTORY
 *   end-thread   ends the tracing thread; the main thread obeys the lines that follow
 *   spin MS      uses the CPU for MS milliseconds
 *   wait-in-kernel MS   waits in state D for MS milliseconds, where no signal but SIGKILL reaches the thread
 *   hang-up      closes the connection
 *   hang FILE    starts a thread that reads FILE again and again, until a silent server keeps the thread from dying
 *   connect PATH connects to another guard, in place of the first
 *   storm        repeats without end: announce, freeze, thaw, opened, done
 *
 * SOCKET may be the number of a descriptor. DIRECTORY may have any byte as %XX.
 */
#include "common.h"
#include "../../src/guard/protocol.h"
#include <dirent.h>
#include <poll.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

static const char *directory, *version;
static int fd, own = -1;
static uint32_t sequence;
static uint8_t capture[GUARD_CAPTURE_BYTES] = "guard-client-";

static int ask(void *message, size_t size, int kind, int passed)
{
	struct guard_header *header = message;
	char control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec part = { message, size };
	struct msghdr sent = { .msg_iov = &part, .msg_iovlen = 1 };
	struct pollfd poll_fd = { fd, POLLIN, 0 };
	char bytes[256];
	struct guard_answer answer;

	*header = (struct guard_header){ (uint16_t)kind, (uint16_t)size, ++sequence };
	if (passed >= 0) {
		struct cmsghdr *rights;

		sent.msg_control = control;
		sent.msg_controllen = sizeof(control);
		rights = CMSG_FIRSTHDR(&sent);
		rights->cmsg_level = SOL_SOCKET;
		rights->cmsg_type = SCM_RIGHTS;
		rights->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(rights), &passed, sizeof(int));
	}
	if (sendmsg(fd, &sent, MSG_NOSIGNAL) < 0)
		return errno;
	if (poll(&poll_fd, 1, 2000) != 1)
		return ETIMEDOUT;
	if (recv(fd, bytes, sizeof(bytes), 0) < (ssize_t)sizeof(answer))
		return ECONNRESET;
	memcpy(&answer, bytes, sizeof(answer));
	return answer.header.sequence == sequence ? answer.status : EPROTO;
}

static int hello(void)
{
	struct guard_hello message = { .protocol = GUARD_PROTOCOL_VERSION, .pid = getpid(), .tid = gettid() };

	message.flags = own >= 0 ? GUARD_OWN_FREEZER : 0;
	return ask(&message, sizeof(message), GUARD_HELLO, own);
}

static int announce(long container, long freezer_ms, long hold_ms)
{
	static struct guard_announce message;
	struct stat status;
	int result, of = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (of < 0 || fstat(of, &status) != 0)
		return errno;
	memset(&message, 0, sizeof(message));
	memcpy(message.capture, capture, sizeof(capture));
	message.container = (uint32_t)container;
	message.version = strcmp(version, "v1") == 0 ? GUARD_VERSION_V1 :
			  strcmp(version, "v2") == 0 ? GUARD_VERSION_V2 : GUARD_VERSION_NONE;
	message.inode = status.st_ino;
	message.freezer_us = (uint64_t)freezer_ms * 1000;
	message.hold_us = (uint64_t)hold_ms * 1000;
	strncpy(message.path, directory, sizeof(message.path) - 1);
	result = ask(&message, sizeof(message), GUARD_ANNOUNCE, of);
	close(of);
	return result;
}

static int subject(int kind, long container)
{
	struct guard_subject message = { .container = (uint32_t)container };

	memcpy(message.capture, capture, sizeof(capture));
	return ask(&message, sizeof(message), kind, -1);
}

/* The freezer is written through a descriptor that was opened before the announcement, as the agent does it. */
static int control = -1;

static int open_control(void)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", directory, strcmp(version, "v1") == 0 ? "freezer.state" : "cgroup.freeze");
	control = open(path, O_WRONLY | O_CLOEXEC);
	return control;
}

static int freezer(int frozen)
{
	const char *word = strcmp(version, "v1") == 0 ? (frozen ? "FROZEN" : "THAWED") : (frozen ? "1" : "0");

	return write(control, word, strlen(word)) < 0 ? errno : 0;
}

static int seize(void)
{
	char path[4096], line[32];
	FILE *tasks;
	int result = 0;

	snprintf(path, sizeof(path), "%s/%s", directory, strcmp(version, "v1") == 0 ? "tasks" : "cgroup.threads");
	tasks = fopen(path, "re");
	if (tasks == NULL)
		return errno;
	while (result == 0 && fgets(line, sizeof(line), tasks) != NULL) {
		pid_t tid = (pid_t)atol(line);

		if (ptrace(PTRACE_SEIZE, tid, 0, 0) != 0 || ptrace(PTRACE_INTERRUPT, tid, 0, 0) != 0)
			result = errno;
	}
	fclose(tasks);
	return result;
}

static int connect_to(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int next = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
	if (next < 0 || connect(next, (struct sockaddr *)&address, sizeof(address)) != 0)
		return errno;
	if (fd > 0)
		close(fd);
	fd = next;
	return 0;
}

static char hanging_file[4096];

static void *hang(void *unused)
{
	char bytes[4096];
	int file = open(hanging_file, O_RDONLY | O_CLOEXEC);

	(void)unused;
	while (file >= 0 && lseek(file, 0, SEEK_SET) == 0 && read(file, bytes, sizeof(bytes)) > 0)
		sleep_us(1000);
	return NULL;
}

static int spin(long ms)
{
	uint64_t end = now_ns() + (uint64_t)ms * 1000000;

	while (now_ns() < end)
		;
	return 0;
}

/* The parent of a vfork waits in state D until its child ends. */
static int wait_in_kernel(long ms)
{
	pid_t child = vfork();

	if (child == 0) {
		sleep_us(ms * 1000);
		_exit(0);
	}
	return child < 0 || waitpid(child, NULL, 0) != child ? errno : 0;
}

static void storm(void)
{
	for (uint32_t round = 0;; round++) {
		memcpy(capture + 12, &round, sizeof(round));
		if (announce(0, 900, 5000) != 0 || freezer(1) != 0)
			_exit(3);
		sleep_us(200);
		if (freezer(0) != 0 || subject(GUARD_OPENED, 0) != 0 || subject(GUARD_DONE, 0) != 0)
			_exit(4);
	}
}

static int run(const char *word, long a, long b, long c, const char *rest)
{
	if (strcmp(word, "announce") == 0)
		return announce(a, b, c);
	if (strcmp(word, "freeze") == 0)
		return freezer(1);
	if (strcmp(word, "thaw") == 0)
		return freezer(0);
	if (strcmp(word, "opened") == 0)
		return subject(GUARD_OPENED, a);
	if (strcmp(word, "disowned") == 0)
		return subject(GUARD_DISOWNED, a);
	if (strcmp(word, "done") == 0)
		return subject(GUARD_DONE, 0);
	if (strcmp(word, "acknowledge") == 0)
		return subject(GUARD_ACKNOWLEDGE, a);
	if (strcmp(word, "seize") == 0)
		return seize();
	if (strcmp(word, "hello") == 0)
		return hello();
	if (strcmp(word, "hang-up") == 0)
		return close(fd);
	if (strcmp(word, "hang") == 0) {
		snprintf(hanging_file, sizeof(hanging_file), "%s", rest);
		start_thread(hang, NULL);
		return 0;
	}
	if (strcmp(word, "spin") == 0)
		return spin(a);
	if (strcmp(word, "wait-in-kernel") == 0)
		return wait_in_kernel(a);
	if (strcmp(word, "connect") == 0)
		return connect_to(rest);
	if (strcmp(word, "storm") == 0)
		storm();
	if (strcmp(word, "own") == 0) {
		own = open(rest, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		return own < 0 ? errno : hello();
	}
	return EINVAL;
}

static void decode(char *text)
{
	char *to = text;

	for (const char *at = text; *at; at++, to++) {
		char digits[3] = { at[0] == '%' ? at[1] : 0, at[0] == '%' ? at[2] : 0, 0 };

		*to = digits[0] ? (char)strtol(digits, NULL, 16) : *at;
		at += digits[0] ? 2 : 0;
	}
	*to = 0;
}

static void answer(int result)
{
	char text[32];

	snprintf(text, sizeof(text), result == 0 ? "ok\n" : "%s\n", strerrorname_np(result));
	say(text);
}

static void *obey(void *unused)
{
	char line[4096];

	(void)unused;
	while (fgets(line, sizeof(line), stdin) != NULL) {
		char word[32] = "", rest[4000] = "";
		long a = 0, b = 0, c = 0;

		sscanf(line, "%31s %3999s", word, rest);
		sscanf(line, "%*s %ld %ld %ld", &a, &b, &c);
		if (strcmp(word, "end-thread") == 0)
			return NULL;
		answer(run(word, a, b, c, rest));
	}
	_exit(0);
}

int main(int argc, char **argv)
{
	pthread_t thread;

	if (argc < 4)
		return 2;
	limit_life();
	decode(argv[2]);
	directory = argv[2];
	version = argv[3];
	if (strcmp(version, "none") != 0 && open_control() < 0)
		die(directory);
	fd = atoi(argv[1]);
	if (fd == 0 && connect_to(argv[1]) != 0)
		die(argv[1]);
	if (pthread_create(&thread, NULL, obey, NULL) != 0)
		die("pthread_create");
	pthread_join(thread, NULL);
	answer(0);
	obey(NULL);
}
