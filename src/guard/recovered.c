/* What guards did without an agent, in memory, until an agent acknowledges that it knows. */
#include <string.h>

#include "guard.h"

static bool is(const struct recovered *recovered, const uint8_t *capture, uint32_t container)
{
	return recovered->container == container && memcmp(recovered->capture, capture, GUARD_CAPTURE_BYTES) == 0;
}

static void drop(struct guard *guard, unsigned index)
{
	guard->recovered_count--;
	memmove(&guard->recovered[index], &guard->recovered[index + 1],
		(guard->recovered_count - index) * sizeof(struct recovered));
}

void recovered_add(struct guard *guard, const uint8_t *capture, uint32_t container, uint32_t outcome, uint32_t cause)
{
	struct recovered *added;

	for (unsigned i = 0; i < guard->recovered_count; i++)
		if (is(&guard->recovered[i], capture, container))
			return;
	if (guard->recovered_count == MAX_RECOVERED)
		drop(guard, 0);
	added = &guard->recovered[guard->recovered_count++];
	memcpy(added->capture, capture, GUARD_CAPTURE_BYTES);
	added->container = container;
	added->outcome = outcome;
	added->cause = cause;
}

bool recovered_remove(struct guard *guard, const uint8_t *capture, uint32_t container)
{
	for (unsigned i = 0; i < guard->recovered_count; i++) {
		if (!is(&guard->recovered[i], capture, container))
			continue;
		drop(guard, i);
		return true;
	}
	return false;
}
