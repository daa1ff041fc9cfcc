#include "connection.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "announce.h"
#include "journal.h"
#include "log.h"
#include "peer.h"

union message {
	struct guard_header header;
	struct guard_hello hello;
	struct guard_announce announce;
	struct guard_subject subject;
	struct guard_recovered_query query;
};

/* Never waits: an agent that does not read its answers loses them. */
static void answer(const struct agent *agent, const struct guard_header *question, void *message, size_t size)
{
	struct guard_header *header = message;

	header->kind = question->kind | GUARD_ANSWER;
	header->size = (uint16_t)size;
	header->sequence = question->sequence;
	if (send(agent->socket, message, size, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		return;
}

/* `result` is 0 or -errno. */
static void answer_status(const struct agent *agent, const struct guard_header *question, int result)
{
	struct guard_answer message = { .status = -result };

	answer(agent, question, &message, sizeof(message));
}

static unsigned count_open(const struct guard *guard)
{
	unsigned open = 0;

	for (int i = 0; i < MAX_FREEZERS; i++)
		open += guard->freezers[i].announced;
	return open;
}

static void on_hello(struct guard *guard, struct agent *agent, const struct guard_hello *hello, int fd)
{
	struct guard_welcome welcome = { .protocol = GUARD_PROTOCOL_VERSION, .guard_pid = getpid() };
	int result = 0;

	if (hello->protocol != GUARD_PROTOCOL_VERSION)
		result = -EPROTONOSUPPORT;
	else if (hello->pid != agent->pid)
		result = -EPERM;
	else if (agent->holding)
		result = -EBUSY;
	else
		result = peer_watch_thread(agent, hello->tid);
	if (result == 0 && (hello->flags & GUARD_OWN_FREEZER))
		result = fd < 0 ? -EBADF : peer_own_cgroup(agent, fd);
	welcome.status = -result;
	welcome.capabilities = (agent->threadfd >= 0 ? GUARD_THREAD_PIDFD : 0) |
			       (guard->memory_locked ? GUARD_MEMORY_LOCKED : 0) |
			       (journal_open(guard) == 0 ? GUARD_JOURNAL : 0) | (guard->service ? GUARD_SERVICE : 0);
	welcome.recovered = guard->recovered_count;
	answer(agent, &hello->header, &welcome, sizeof(welcome));
}

static void on_ping(const struct guard *guard, const struct agent *agent, const struct guard_header *ping)
{
	struct guard_pong pong = { .open = count_open(guard), .recovered = guard->recovered_count };

	for (int i = 0; i < MAX_AGENTS; i++)
		pong.agents += guard->agents[i].state != AGENT_FREE && guard->agents[i].tid != 0;
	answer(agent, ping, &pong, sizeof(pong));
}

static void on_recovered(const struct guard *guard, const struct agent *agent, const struct guard_recovered_query *query)
{
	struct guard_recovered message = { .status = ENOENT };

	if (query->index < guard->recovered_count) {
		const struct recovered *found = &guard->recovered[query->index];

		message.status = 0;
		message.outcome = found->outcome;
		message.cause = found->cause;
		message.container = found->container;
		memcpy(message.capture, found->capture, sizeof(message.capture));
	}
	answer(agent, &query->header, &message, sizeof(message));
}

static void on_acknowledge(struct guard *guard, const struct agent *agent, const struct guard_subject *subject)
{
	bool known = recovered_remove(guard, subject->capture, subject->container);

	if (known)
		journal_save_recovered(guard);
	answer_status(agent, &subject->header, known ? 0 : -ENOENT);
}

static void on_message(struct guard *guard, struct agent *agent, const union message *message, int fd)
{
	const struct guard_header *header = &message->header;
	const struct guard_subject *subject = &message->subject;

	/* A ping needs no hello: it is all that the health check of a container sends. */
	if (agent->tid == 0 && header->kind != GUARD_HELLO && header->kind != GUARD_PING) {
		answer_status(agent, header, -EPROTO);
		return;
	}
	switch (header->kind) {
	case GUARD_HELLO:
		on_hello(guard, agent, &message->hello, fd);
		return;
	case GUARD_ANNOUNCE:
		answer_status(agent, header, announce(guard, agent, &message->announce, fd));
		return;
	case GUARD_OPENED:
		answer_status(agent, header, announce_opened(guard, agent, subject->capture, subject->container));
		return;
	case GUARD_DISOWNED:
		answer_status(agent, header, announce_disowned(guard, agent, subject->capture, subject->container));
		return;
	case GUARD_DONE:
		answer_status(agent, header, announce_done(guard, agent, subject->capture));
		return;
	case GUARD_PING:
		on_ping(guard, agent, header);
		return;
	case GUARD_RECOVERED:
		on_recovered(guard, agent, &message->query);
		return;
	case GUARD_ACKNOWLEDGE:
		on_acknowledge(guard, agent, subject);
		return;
	}
}

static bool is_sound(const union message *message, ssize_t length)
{
	static const uint16_t sizes[] = {
		[GUARD_HELLO] = sizeof(struct guard_hello),
		[GUARD_ANNOUNCE] = sizeof(struct guard_announce),
		[GUARD_OPENED] = sizeof(struct guard_subject),
		[GUARD_DONE] = sizeof(struct guard_subject),
		[GUARD_DISOWNED] = sizeof(struct guard_subject),
		[GUARD_PING] = sizeof(struct guard_header),
		[GUARD_RECOVERED] = sizeof(struct guard_recovered_query),
		[GUARD_ACKNOWLEDGE] = sizeof(struct guard_subject),
	};
	uint16_t kind = message->header.kind;

	return length >= (ssize_t)sizeof(struct guard_header) && kind < sizeof(sizes) / sizeof(sizes[0]) &&
	       sizes[kind] != 0 && length == sizes[kind] && message->header.size == length;
}

/* There is room for one descriptor; the kernel closes those that do not fit. */
static int received_fd(struct msghdr *message)
{
	struct cmsghdr *part = CMSG_FIRSTHDR(message);
	int fd = -1;

	if (part != NULL && part->cmsg_level == SOL_SOCKET && part->cmsg_type == SCM_RIGHTS &&
	    part->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(&fd, CMSG_DATA(part), sizeof(fd));
	return fd;
}

void connection_serve(struct guard *guard, struct agent *agent)
{
	static union message message;
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
	struct iovec part = { &message, sizeof(message) };
	/* CMSG_SPACE would be too long: with its padding a second descriptor fits, which nobody would close. */
	struct msghdr received = {
		.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = CMSG_LEN(sizeof(int))
	};
	ssize_t length = recvmsg(agent->socket, &received, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	int fd;

	if (length < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	fd = length < 0 ? -1 : received_fd(&received);
	if (length > 0 && is_sound(&message, length))
		on_message(guard, agent, &message, fd);
	else
		close_fd(&agent->socket);
	close_fd(&fd);
}

void connection_accept(struct guard *guard, int socket)
{
	struct agent *agent = agent_new(guard);
	int result;

	if (agent == NULL) {
		close_fd(&socket);
		return;
	}
	agent->socket = socket;
	result = peer_identify(agent);
	if (result == 0)
		return;
	log_begin("error", "connectionRefused");
	log_error(result);
	log_end();
	agent_clear(agent);
}
