/* The conversation with one agent: what it says, what is answered. */
#ifndef GUARD_CONNECTION_H
#define GUARD_CONNECTION_H

#include "guard.h"

/* A new connection; closes it when it is nobody's that may ask, or when there are too many. */
void connection_accept(struct guard *guard, int socket);
/* Reads one message and answers it. Hangs up (socket becomes -1) at the end of the connection, and on what is no message. */
void connection_serve(struct guard *guard, struct agent *agent);

#endif
