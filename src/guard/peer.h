/* The process and the thread at the other end of a connection, held by descriptors, which the reuse of a pid cannot mislead. */
#ifndef GUARD_PEER_H
#define GUARD_PEER_H

#include "guard.h"

/* Field 22 of /proc/PID/stat: with the pid it names one process of this boot. 0 when there is no such process. */
uint64_t start_ticks_of(int32_t pid);
/* Finds out who made the connection: fills pidfd, pid and start_ticks. 0, or -errno: -EPERM when it is another user. */
int peer_identify(struct agent *agent);
/* Watches thread `tid` of the agent's process from now on. 0, or -errno: -ESRCH when the process has no such thread. */
int peer_watch_thread(struct agent *agent, int32_t tid);
/* Watches the writer that a journal names. Sets process_dead when that process is gone, also when another one has its pid now. */
void peer_find(struct agent *agent, int32_t pid, int32_t tid, uint64_t start_ticks);
/* Looks again whether the process and the thread are dead. */
void peer_look(struct agent *agent);
/*
 * Whether the tracing thread is late by no fault of its own: it waits for a CPU, it has had one within the last tenth of a second, or
 * it is in an uninterruptible wait in the kernel, such as the lock on all cgroups. False when a signal or a freezer has stopped it. To
 * be asked every few milliseconds, as the answer depends on what was seen before.
 */
bool peer_delayed(struct agent *agent, uint64_t now);
/* Raises the priority of the tracing thread, where the guard may do that. Only for an agent that is to die. */
void peer_hasten(const struct agent *agent);
/* Sends SIGKILL. */
void peer_kill(const struct agent *agent);

/* Remembers the agent's own v1 cgroup by its directory. 0 or -errno. */
int peer_own_cgroup(struct agent *agent, int directory);
/*
 * Thaws the agent's own cgroup, if it is frozen and the agent is in it. True when it did. A thread in a frozen v1 cgroup does not die
 * of SIGKILL.
 */
bool peer_thaw_own(struct agent *agent);

#endif
