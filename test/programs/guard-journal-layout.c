/* guard-journal-layout: prints the offset of each field of src/guard/journal.h, one "field offset" per line, for a test of its mirror. */
#include "../../src/guard/journal.h"
#include <stddef.h>
#include <stdio.h>

#define FIELD(field) printf("%s %zu\n", #field, offsetof(struct record, field))
#define VALUE(name) printf("%s %d\n", #name, (int)(name))

int main(void)
{
	FIELD(magic), FIELD(crc), FIELD(state), FIELD(boot), FIELD(capture), FIELD(container), FIELD(version);
	FIELD(inode), FIELD(device), FIELD(announced_us), FIELD(freezer_deadline_us), FIELD(hold_deadline_us);
	FIELD(pid), FIELD(tid), FIELD(start_ticks);
	FIELD(found_closed), FIELD(outcome), FIELD(cause), FIELD(path);
	VALUE(RECORD_BYTES), VALUE(RECORD_UNUSED), VALUE(RECORD_OPEN), VALUE(RECORD_CLOSED), VALUE(RECORD_RECOVERED);
	VALUE(GUARD_THAWED), VALUE(GUARD_GUARD_DIED);
	VALUE(MAX_FREEZERS + MAX_RECOVERED);
	printf("%s 0\n", RECORD_MAGIC);
	return 0;
}
