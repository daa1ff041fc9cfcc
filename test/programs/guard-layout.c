/* guard-layout: prints the offset of each field of src/guard/protocol.h, one "structure.field offset" per line, for a test of its mirror. */
#include "../../src/guard/protocol.h"
#include <stddef.h>
#include <stdio.h>

#define SIZE(structure) printf(#structure " %zu\n", sizeof(struct guard_##structure))
#define FIELD(structure, field) printf(#structure "." #field " %zu\n", offsetof(struct guard_##structure, field))
#define VALUE(name) printf(#name " %d\n", (int)(name))

int main(void)
{
	SIZE(header), FIELD(header, kind), FIELD(header, size), FIELD(header, sequence);
	SIZE(hello), FIELD(hello, protocol), FIELD(hello, pid), FIELD(hello, tid), FIELD(hello, flags);
	SIZE(welcome), FIELD(welcome, status), FIELD(welcome, protocol), FIELD(welcome, guard_pid);
	FIELD(welcome, capabilities), FIELD(welcome, recovered);
	SIZE(announce), FIELD(announce, capture), FIELD(announce, container), FIELD(announce, version);
	FIELD(announce, inode), FIELD(announce, freezer_us), FIELD(announce, hold_us), FIELD(announce, path);
	SIZE(subject), FIELD(subject, capture), FIELD(subject, container);
	SIZE(answer), FIELD(answer, status);
	SIZE(pong), FIELD(pong, status), FIELD(pong, agents), FIELD(pong, open), FIELD(pong, recovered);
	SIZE(recovered_query), FIELD(recovered_query, index);
	SIZE(recovered), FIELD(recovered, status), FIELD(recovered, outcome), FIELD(recovered, capture);
	FIELD(recovered, container), FIELD(recovered, cause);
	VALUE(GUARD_PROTOCOL_VERSION), VALUE(GUARD_CAPTURE_BYTES), VALUE(GUARD_PATH_BYTES), VALUE(GUARD_ANSWER);
	VALUE(GUARD_HELLO), VALUE(GUARD_ANNOUNCE), VALUE(GUARD_OPENED), VALUE(GUARD_DONE), VALUE(GUARD_PING);
	VALUE(GUARD_RECOVERED), VALUE(GUARD_ACKNOWLEDGE), VALUE(GUARD_DISOWNED), VALUE(GUARD_OWN_FREEZER);
	VALUE(GUARD_THREAD_PIDFD), VALUE(GUARD_MEMORY_LOCKED), VALUE(GUARD_JOURNAL), VALUE(GUARD_SERVICE);
	VALUE(GUARD_VERSION_NONE), VALUE(GUARD_VERSION_V1), VALUE(GUARD_VERSION_V2);
	VALUE(GUARD_CAUSE_NONE), VALUE(GUARD_AGENT_DIED), VALUE(GUARD_THREAD_DIED), VALUE(GUARD_HUNG_UP);
	VALUE(GUARD_FREEZER_DEADLINE), VALUE(GUARD_HOLD_DEADLINE), VALUE(GUARD_GUARD_DIED);
	VALUE(GUARD_OUTCOME_NONE), VALUE(GUARD_THAWED), VALUE(GUARD_FOUND_THAWED), VALUE(GUARD_CGROUP_GONE);
	VALUE(GUARD_REBOOTED);
	return 0;
}
