/* What an agent says about its freezers. Each function returns 0 or -errno, which is the answer to the agent. */
#ifndef GUARD_ANNOUNCE_H
#define GUARD_ANNOUNCE_H

#include "guard.h"

/* `directory` is a descriptor of the cgroup's directory, or -1, and stays the caller's. */
int announce(struct guard *guard, struct agent *agent, const struct guard_announce *message, int directory);
/* -EBUSY when the freezer is closed. */
int announce_opened(struct guard *guard, const struct agent *agent, const uint8_t *capture, uint32_t container);
/* Believed whatever the freezer's state. -EPERM when the agent does not live as it should. */
int announce_disowned(struct guard *guard, const struct agent *agent, const uint8_t *capture, uint32_t container);
/* -EBUSY while a freezer is announced, and not known to be open again. */
int announce_done(struct guard *guard, struct agent *agent, const uint8_t *capture);

#endif
