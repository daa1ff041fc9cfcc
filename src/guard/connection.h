/* The conversation with one agent: reads its messages and answers them. */
#ifndef GUARD_CONNECTION_H
#define GUARD_CONNECTION_H

#include "guard.h"

/* Takes a new connection, or closes it: when its peer is another user's process, or when there are too many agents. */
void connection_accept(struct guard *guard, int socket);
/* Reads one message and answers it. Hangs up (socket becomes -1) at the end of the connection, and on a malformed message. */
void connection_serve(struct guard *guard, struct agent *agent);

#endif
