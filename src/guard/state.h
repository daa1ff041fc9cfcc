/* The state folder and the socket: only this user can open them. */
#ifndef GUARD_STATE_H
#define GUARD_STATE_H

#include <stdbool.h>

/* Opens a folder, made if it is missing (its parent must exist), its mode set to 0700. A descriptor, or -errno: -ELOOP, -ENOTDIR for a link. */
int folder_open(const char *path);
/* Tries to become the one guard of the folder. The descriptor of the lock, -EWOULDBLOCK when another has it, or -errno. */
int folder_lock(int folder);
/* Listens at `path`, mode 0600, in a folder of mode 0700; what stood there is replaced. A descriptor, or -errno. */
int socket_listen(const char *path);
/* Whether a guard answers there within a second: 0, or -errno. */
int socket_ping(const char *path);

#endif
