/* The process and the thread at the other end of a connection, held by descriptors that no reuse of a pid can mislead. */
#ifndef GUARD_PEER_H
#define GUARD_PEER_H

#include "guard.h"

/* Field 22 of /proc/PID/stat: with the pid it names one process of this boot. 0 when it is gone. */
uint64_t start_ticks_of(int32_t pid);
/* Who made the connection, if it is of this guard's own user: fills pidfd, pid and start_ticks. 0 or -errno. */
int peer_identify(struct agent *agent);
/* Watches thread `tid` of it. 0, or -errno: -ESRCH when it is no thread of that process. */
int peer_watch_thread(struct agent *agent, int32_t tid);
/* The process that a journal names. Sets process_dead when it is gone, or another one. */
void peer_find(struct agent *agent, int32_t pid, int32_t tid, uint64_t start_ticks);
/* Looks again whether process and thread are dead. */
void peer_look(struct agent *agent);
/*
 * Whether the tracing thread lacks nothing but CPU: it is runnable, or was switched to within the last tenth of a second, and is not
 * stopped by a signal. To be asked every few milliseconds.
 */
bool peer_starved(struct agent *agent, uint64_t now);
/* CPU before others, for the thread that holds the tasks: a favour that may be refused. Only for one that is to die. */
void peer_hasten(const struct agent *agent);
/* SIGKILL. */
void peer_kill(const struct agent *agent);

#endif
