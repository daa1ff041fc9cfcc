/* Reads what dead guards have left in the state folder. */
#ifndef GUARD_RECOVER_H
#define GUARD_RECOVER_H

#include "guard.h"

/*
 * Reads the journals of dead guards; to be called once, at the start. A freezer whose record is open becomes one of this guard's, of
 * an agent that has hung up, and is treated as such: thawed at once, and settled when its writer is dead. The guard takes over only
 * what is provably the same cgroup in the same boot.
 */
void recover(struct guard *guard);

#endif
