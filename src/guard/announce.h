/* What an agent declares of its freezers. Each returns 0 or -errno, which is the answer. */
#ifndef GUARD_ANNOUNCE_H
#define GUARD_ANNOUNCE_H

#include "guard.h"

/* Takes over `directory` when it is of use, and sets it to -1 then. */
int announce(struct guard *guard, struct agent *agent, const struct guard_announce *message, int *directory);
/* -EBUSY when it is closed. Also for a capture that another connection of the same process began. */
int announce_opened(struct guard *guard, const struct agent *agent, const uint8_t *capture, uint32_t container);
/* Whatever its state is. -EPERM when it is not the living writer who says so. */
int announce_disowned(struct guard *guard, const struct agent *agent, const uint8_t *capture, uint32_t container);
/* -EBUSY while a freezer is announced whose writer may be alive, or that is closed. */
int announce_done(struct guard *guard, const struct agent *agent, const uint8_t *capture);

#endif
