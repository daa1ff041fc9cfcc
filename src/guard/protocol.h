/*
 * The messages between an agent and the guard, one per datagram, on a Unix socket of type SOCK_SEQPACKET.
 *
 * Every number is little-endian. No structure has padding except the fields named `reserved`, which are sent as 0. The agent asks and
 * the guard answers with the sequence number of the question; the guard sends nothing unasked. The mirror of this file is
 * src/native/guard-protocol.ts, and test/kernel/guard-protocol.test.ts compares the two.
 */
#ifndef GUARD_PROTOCOL_H
#define GUARD_PROTOCOL_H

#include <stdint.h>

/* Version 2: longer paths, and only the tracing thread's own connection speaks for its capture. */
#define GUARD_PROTOCOL_VERSION 2
#define GUARD_CAPTURE_BYTES 16
/*
 * Bytes of a cgroup's path, with the NUL at its end: what is left of a journal record of one page (4,096 bytes). A longer path is
 * refused (ENAMETOOLONG). The path of a Kubernetes container takes about 220 bytes; the kernel's own limit is 4,096 (PATH_MAX).
 */
#define GUARD_PATH_BYTES 3968

enum guard_kind {
	GUARD_HELLO = 1,
	GUARD_ANNOUNCE = 2,
	GUARD_OPENED = 3,
	GUARD_DONE = 4,
	GUARD_PING = 5,
	GUARD_RECOVERED = 6,
	GUARD_ACKNOWLEDGE = 7,
	GUARD_DISOWNED = 8,
	/* This bit is set in the kind of every answer. */
	GUARD_ANSWER = 0x80,
};

/* `announce.version`. With NONE the capture writes no freezer, and the guard keeps only the deadline of the capture. */
enum guard_version { GUARD_VERSION_NONE = 0, GUARD_VERSION_V1 = 1, GUARD_VERSION_V2 = 2 };

/* Bits of `hello.flags`. */
enum guard_hello_flag {
	/* The message carries a descriptor of the directory of the agent's own cgroup in the v1 freezer hierarchy. */
	GUARD_OWN_FREEZER = 1,
};

/* Bits of `welcome.capabilities`. */
enum guard_capability {
	/* The kernel tells the guard of the tracing thread's death (PIDFD_THREAD, Linux 6.9). Without this bit the guard looks every 20 ms. */
	GUARD_THREAD_PIDFD = 1,
	/* The guard's memory is locked, so that it never waits for a page. */
	GUARD_MEMORY_LOCKED = 2,
	/* The guard can write its journal. Without this bit it refuses every announcement. */
	GUARD_JOURNAL = 4,
	/* The guard serves a node, and outlives its agents. */
	GUARD_SERVICE = 8,
};

/* Why the guard acted. */
enum guard_cause {
	GUARD_CAUSE_NONE = 0,
	GUARD_AGENT_DIED = 1,
	GUARD_THREAD_DIED = 2,
	/* The agent closed the connection in the middle of a capture. */
	GUARD_HUNG_UP = 3,
	GUARD_FREEZER_DEADLINE = 4,
	GUARD_HOLD_DEADLINE = 5,
	/* An earlier guard died and left the record in its journal. */
	GUARD_GUARD_DIED = 6,
};

/* What happened to one freezer. */
enum guard_outcome {
	GUARD_OUTCOME_NONE = 0,
	/* The guard found the freezer closed, opened it, and read back that it is open. */
	GUARD_THAWED = 1,
	/* The guard found the freezer open, and left it so. */
	GUARD_FOUND_THAWED = 2,
	/* The cgroup no longer exists, or its path leads to another cgroup. */
	GUARD_CGROUP_GONE = 3,
	/* The machine has been restarted since; no freezer outlives that. */
	GUARD_REBOOTED = 4,
};

struct guard_header {
	uint16_t kind;
	uint16_t size; /* of the whole message */
	uint32_t sequence; /* chosen by the agent; the answer repeats it */
};

/*
 * The first message of every connection. Another thread of the same process may say hello again on the same connection, to become its
 * tracing thread; EBUSY means that the capture of the thread before is not settled yet.
 */
struct guard_hello {
	struct guard_header header;
	uint32_t protocol;
	int32_t pid;
	int32_t tid; /* of the tracing thread */
	uint32_t flags;
};

struct guard_welcome {
	struct guard_header header;
	int32_t status; /* 0 or an errno; every answer has this field at this place */
	uint32_t protocol;
	int32_t guard_pid;
	uint32_t capabilities;
	uint32_t recovered; /* records that no agent has acknowledged yet */
	uint32_t reserved;
};

/*
 * Sent before a freezer is closed, with a descriptor of the cgroup's directory (SCM_RIGHTS). The agent may write FROZEN only after
 * the answer 0. With GUARD_VERSION_NONE there is neither descriptor nor inode nor path.
 */
struct guard_announce {
	struct guard_header header;
	uint8_t capture[GUARD_CAPTURE_BYTES];
	uint32_t container;
	uint32_t version;
	uint64_t inode; /* of the directory */
	uint64_t freezer_us; /* how long the freezer may stay closed, from now on; the guard allows at most 1 s */
	uint64_t hold_us; /* how long the whole capture may take, from now on */
	char path[GUARD_PATH_BYTES];
};

/*
 * Names a freezer of the sender's capture (opened, disowned), a record (acknowledge), or a capture (done, which ignores `container`).
 *
 * opened    the freezer is open; the guard believes it only when it sees the same
 * disowned  this agent never closed the freezer, or has proved it open since, and will not write it again; if the freezer is closed
 *           now, somebody else closed it, and the guard leaves it alone
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
	uint32_t open; /* freezers that are announced and not known to be open again */
	uint32_t recovered;
};

/* Asks for the record at `index` among those that no agent has acknowledged. The answer is ENOENT past the last one. */
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
