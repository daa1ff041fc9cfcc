/*
 * stasis-guard: opens freezers that an agent announced and can no longer open itself, because it died, hangs or was stopped.
 *
 *   stasis-guard --state DIR --socket PATH [--exclusive]   serves the agents of a node until SIGTERM
 *   stasis-guard --state DIR --fd N                        serves the command at the other end of a socket pair, and ends with it
 *   stasis-guard --ping PATH                               exits 0 when a guard answers at PATH
 *
 * On SIGTERM the guard thaws every freezer that is announced, waits until that is final, and ends. Exit status: 0, 1 (the guard cannot
 * start), 2 (usage).
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "connection.h"
#include "journal.h"
#include "log.h"
#include "recover.h"
#include "state.h"

/* Milliseconds between two attempts to take the folder's lock, and after how many of them the log says so again. */
#define LOCK_TRY_MS 100
#define LOCK_SAY_EVERY 10
/*
 * Microseconds that the guard spends on what dead agents left, before it answers the first agent. What cannot be opened in that time
 * is opened later, and does not keep the node waiting.
 */
#define RECOVERY_BOUND_US 1000000u

struct options {
	const char *state, *socket, *ping;
	int fd;
	bool exclusive;
};

static struct guard guard;

/* `why` is for people. */
static int fail(const char *what, const char *why)
{
	log_begin("error", "cannotStart");
	log_text("subject", what);
	log_text("error", why);
	log_end();
	return 1;
}

static bool parse(int argc, char **argv, struct options *options)
{
	*options = (struct options){ .fd = -1 };
	for (int i = 1; i < argc; i++) {
		const char *value = i + 1 < argc ? argv[i + 1] : NULL;

		if (strcmp(argv[i], "--exclusive") == 0) {
			options->exclusive = true;
			continue;
		}
		if (value == NULL)
			return false;
		if (strcmp(argv[i], "--state") == 0)
			options->state = value;
		else if (strcmp(argv[i], "--socket") == 0)
			options->socket = value;
		else if (strcmp(argv[i], "--ping") == 0)
			options->ping = value;
		else if (strcmp(argv[i], "--fd") == 0)
			options->fd = atoi(value);
		else
			return false;
		i++;
	}
	if (options->ping != NULL)
		return true;
	return options->state != NULL && (options->socket != NULL) != (options->fd >= 0);
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd >= 0 && write(fd, text, strlen(text)) < 0)
		text = NULL;
	close_fd(&fd);
}

/* The kernel may refuse each of these. In a cluster the settings of the guard's container do the same. */
static void harden(void)
{
	struct rlimit files;

	setsid();
	if (chdir("/") != 0)
		return;
	umask(077);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	write_file("/proc/self/oom_score_adj", "-1000");
	setpriority(PRIO_PROCESS, 0, -20);
	/* MAX_AGENTS and MAX_FREEZERS need 1,450 descriptors at most; 1,024 is the usual soft limit. */
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	guard.memory_locked = mlockall(MCL_CURRENT | MCL_FUTURE) == 0;
}

static int signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* Waits until this guard is the only one of the folder. 0, -errno, or -ECANCELED when it was told to end meanwhile. */
static int become_the_one(int signal_fd)
{
	for (unsigned tries = 0;; tries++) {
		struct pollfd end = { signal_fd, POLLIN, 0 };
		int result = folder_lock(guard.state_directory);

		if (result != -EWOULDBLOCK)
			return result;
		if (tries % LOCK_SAY_EVERY == 0) {
			log_begin("warn", "waitingForLock");
			log_end();
		}
		if (poll(&end, 1, LOCK_TRY_MS) == 1)
			return -ECANCELED;
	}
}

static bool any_agent(void)
{
	for (int i = 0; i < MAX_AGENTS; i++)
		if (guard.agents[i].state != AGENT_FREE)
			return true;
	return false;
}

/* Whether a freezer may be closed. */
static bool any_announced(void)
{
	for (int i = 0; i < MAX_FREEZERS; i++)
		if (guard.freezers[i].announced)
			return true;
	return false;
}

/* Whether the guard still opens what a dead agent left. */
static bool recovering(void)
{
	for (int i = 0; i < MAX_AGENTS; i++) {
		const struct agent *agent = &guard.agents[i];

		if (agent->state != AGENT_FREE && (agent->process_dead || agent->thread_dead))
			return true;
	}
	return false;
}

static void recover_first(void)
{
	uint64_t end = now_us() + RECOVERY_BOUND_US;
	int error = journal_open(&guard);

	if (error != 0) {
		log_begin("error", "journalRefused");
		log_error(error);
		log_end();
	}
	recover(&guard);
	for (int wait = watch(&guard); recovering() && now_us() < end; wait = watch(&guard))
		poll(NULL, 0, wait);
}

/* Where the entries of each agent begin in the poll set; 0 for an agent that is not used. */
static nfds_t polled[MAX_AGENTS];

static nfds_t poll_set(struct pollfd *fds, int signal_fd, int listener)
{
	nfds_t count = 0;

	fds[count++] = (struct pollfd){ signal_fd, POLLIN, 0 };
	fds[count++] = (struct pollfd){ guard.draining ? -1 : listener, POLLIN, 0 };
	for (int i = 0; i < MAX_AGENTS; i++) {
		const struct agent *agent = &guard.agents[i];

		/* Only used entries: poll(2) refuses more entries than RLIMIT_NOFILE allows descriptors. */
		polled[i] = agent->state == AGENT_FREE ? 0 : count;
		if (polled[i] == 0)
			continue;
		/* poll(2) ignores -1. A death that was seen is not polled again. */
		fds[count++] = (struct pollfd){ agent->socket, POLLIN, 0 };
		fds[count++] = (struct pollfd){ agent->process_dead ? -1 : agent->pidfd, POLLIN, 0 };
		fds[count++] = (struct pollfd){ agent->thread_dead ? -1 : agent->threadfd, POLLIN, 0 };
	}
	return count;
}

/* Messages are read before watch() acts: an agent whose message says that a freezer is open is not late with it. */
static void serve(struct pollfd *fds, int listener)
{
	struct signalfd_siginfo info;

	if (fds[0].revents != 0 && read(fds[0].fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
		guard.draining = true;
	for (int i = 0; i < MAX_AGENTS; i++)
		if (polled[i] != 0 && fds[polled[i]].revents != 0)
			connection_serve(&guard, &guard.agents[i]);
	if (fds[1].revents != 0) {
		int socket = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (socket >= 0)
			connection_accept(&guard, socket);
	}
}

static void run(int signal_fd, int listener)
{
	static struct pollfd fds[2 + 3 * MAX_AGENTS];
	int result;

	for (;;) {
		int wait = watch(&guard);

		if (guard.draining ? !any_announced() : !guard.service && !any_agent())
			return;
		result = poll(fds, poll_set(fds, signal_fd, listener), wait);
		if (result > 0)
			serve(fds, listener);
		else if (result < 0)
			/* ENOMEM, for instance: watch() goes on, and no CPU is burnt. */
			poll(NULL, 0, 1);
	}
}

int main(int argc, char **argv)
{
	struct options options;
	int signal_fd, listener = -1, result;
	const char *why;

	if (!parse(argc, argv, &options)) {
		static const char usage[] = "usage: stasis-guard --state DIR (--socket PATH [--exclusive] | --fd N)\n"
					    "       stasis-guard --ping PATH\n";
		return write(STDERR_FILENO, usage, sizeof(usage) - 1) < 0 ? 1 : 2;
	}
	if (options.ping != NULL)
		return socket_ping(options.ping) == 0 ? 0 : 1;
	guard.service = options.socket != NULL;
	signal_fd = signals();
	harden();
	guard.state_directory = folder_open(options.state, &why);
	if (guard.state_directory < 0)
		return fail(options.state, why);
	result = options.exclusive ? become_the_one(signal_fd) : 0;
	if (result == -ECANCELED)
		return 0;
	if (result != 0)
		return fail(options.state, strerror(-result));
	result = journal_prepare();
	if (result != 0)
		return fail("boot_id", strerror(-result));
	recover_first();
	if (guard.service) {
		listener = socket_listen(options.socket, &why);
		if (listener < 0)
			return fail(options.socket, why);
	} else {
		fcntl(options.fd, F_SETFD, FD_CLOEXEC);
		connection_accept(&guard, options.fd);
	}
	log_begin("info", "ready");
	log_number("pid", getpid());
	log_end();
	run(signal_fd, listener);
	journal_end(&guard, guard.recovered_count > 0);
	return 0;
}
