/*
 * What an agent and the guard say to each other: one message a datagram on a Unix socket of type SOCK_SEQPACKET.
 *
 * Every number is little-endian, and every structure has no padding but what is named `reserved` (sent as 0). The
 * agent asks and the guard answers, with the sequence number of the question; nothing is sent unasked. The mirror is
 * src/native/guard-protocol.ts; a test holds the two together.
 */
#ifndef GUARD_PROTOCOL_H
#define GUARD_PROTOCOL_H

#include <stdint.h>

#define GUARD_PROTOCOL_VERSION 1
#define GUARD_CAPTURE_BYTES 16
/* With the NUL at its end. The path of a container's cgroup takes about 220 bytes; a longer one is refused (ENAMETOOLONG). */
#define GUARD_PATH_BYTES 896

enum guard_kind {
	GUARD_HELLO = 1,
	GUARD_ANNOUNCE = 2,
	GUARD_OPENED = 3,
	GUARD_DONE = 4,
	GUARD_PING = 5,
	GUARD_RECOVERED = 6,
	GUARD_ACKNOWLEDGE = 7,
	GUARD_DISOWNED = 8,
	/* Set in the kind of every answer. */
	GUARD_ANSWER = 0x80,
};

/* Of `announce`. With NONE no freezer will be written: only the deadline of the hold is kept. */
enum guard_version { GUARD_VERSION_NONE = 0, GUARD_VERSION_V1 = 1, GUARD_VERSION_V2 = 2 };

/* Bits of `hello.flags`. */
enum guard_hello_flag {
	/* A descriptor of the directory of the sender's own cgroup in the v1 freezer hierarchy comes with the message. */
	GUARD_OWN_FREEZER = 1,
};

/* Bits of `welcome.capabilities`. */
enum guard_capability {
	/* The end of the tracing thread is told by the kernel (PIDFD_THREAD, Linux 6.9), not looked for every 20 ms. */
	GUARD_THREAD_PIDFD = 1,
	/* Its memory is locked: it never waits for a page. */
	GUARD_MEMORY_LOCKED = 2,
	/* Its journal can be written. Without it every announcement is refused. */
	GUARD_JOURNAL = 4,
	/* It serves a node, and outlives its agents. */
	GUARD_SERVICE = 8,
};

/* Why the guard acted. */
enum guard_cause {
	GUARD_CAUSE_NONE = 0,
	GUARD_AGENT_DIED = 1,
	GUARD_THREAD_DIED = 2,
	/* The connection was closed with the capture not done. */
	GUARD_HUNG_UP = 3,
	GUARD_FREEZER_DEADLINE = 4,
	GUARD_HOLD_DEADLINE = 5,
	/* A guard before this one died, and left the record in its journal. */
	GUARD_GUARD_DIED = 6,
};

/* What became of one freezer. */
enum guard_outcome {
	GUARD_OUTCOME_NONE = 0,
	/* The guard found it closed, opened it, and proved it. */
	GUARD_THAWED = 1,
	/* It was open already, and stays so. */
	GUARD_FOUND_THAWED = 2,
	/* The cgroup no longer exists, or another one has its path. */
	GUARD_CGROUP_GONE = 3,
	/* The machine was started anew since: freezers do not outlive that. */
	GUARD_REBOOTED = 4,
};

struct guard_header {
	uint16_t kind;
	uint16_t size; /* of the whole message */
	uint32_t sequence; /* chosen by the agent; an answer carries that of its question */
};

/* First on every connection, and again when another thread goes on with it while nothing is held. */
struct guard_hello {
	struct guard_header header;
	uint32_t protocol;
	int32_t pid;
	int32_t tid; /* of the tracing thread */
	uint32_t flags;
};

struct guard_welcome {
	struct guard_header header;
	int32_t status; /* 0, or an errno; the same in every answer */
	uint32_t protocol;
	int32_t guard_pid;
	uint32_t capabilities;
	uint32_t recovered; /* records that nobody acknowledged yet */
	uint32_t reserved;
};

/* Before a freezer is closed; comes with a descriptor of the cgroup's directory (SCM_RIGHTS). Only after the answer 0 may FROZEN be written. */
struct guard_announce {
	struct guard_header header;
	uint8_t capture[GUARD_CAPTURE_BYTES];
	uint32_t container;
	uint32_t version;
	uint64_t inode; /* of the directory */
	uint64_t freezer_us; /* how long the freezer may stay closed, from now; the guard takes 1 s at most */
	uint64_t hold_us; /* how long the whole capture may take, from now */
	char path[GUARD_PATH_BYTES];
};

/*
 * Names a freezer (opened, disowned, acknowledge) or a capture (done: `container` is not looked at). `opened` is believed when it is
 * true. `disowned`: this agent never wrote it, or has proved it open since, and will not write it again; if it is closed now, then
 * by somebody else, and it is left alone.
 */
struct guard_subject {
	struct guard_header header;
	uint8_t capture[GUARD_CAPTURE_BYTES];
	uint32_t container;
	uint32_t reserved;
};

struct guard_answer {
	struct guard_header header;
	int32_t status;
	uint32_t reserved;
};

/* The answer to a ping, which is a bare header. */
struct guard_pong {
	struct guard_header header;
	int32_t status;
	uint32_t agents;
	uint32_t open; /* freezers that were announced, and are not known to be open again */
	uint32_t recovered;
};

/* Asks for the record at `index` of those that nobody acknowledged; the answer's status is ENOENT behind the last. */
struct guard_recovered_query {
	struct guard_header header;
	uint32_t index;
	uint32_t reserved;
};

struct guard_recovered {
	struct guard_header header;
	int32_t status;
	uint32_t outcome;
	uint8_t capture[GUARD_CAPTURE_BYTES];
	uint32_t container;
	uint32_t cause;
};

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the messages are little-endian");
_Static_assert(sizeof(struct guard_announce) == 56 + GUARD_PATH_BYTES, "no padding");

#endif
