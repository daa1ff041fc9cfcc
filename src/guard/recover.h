/* What guards that are dead have left in the state folder. */
#ifndef GUARD_RECOVER_H
#define GUARD_RECOVER_H

#include "guard.h"

/*
 * Reads the journals of dead guards, at start. A freezer that one of them left open becomes one of this guard's, of an agent that
 * has hung up, and goes the way of all such: thawed at once, and settled when its writer is dead. It takes over nothing that is
 * not provably the same cgroup of the same boot.
 */
void recover(struct guard *guard);

#endif
