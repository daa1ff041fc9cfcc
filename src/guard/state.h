/* The state folder and the socket, which only the guard's own user can write to. */
#ifndef GUARD_STATE_H
#define GUARD_STATE_H

/*
 * Opens a folder. A missing folder is made with mode 0700; its parent must exist. The mode of an existing folder is never changed: it
 * may be /tmp. A descriptor, or -errno, with the reason for people in `why`: -EPERM when another user owns the folder or others can
 * write to it, so that they could remove a journal; -ELOOP or -ENOTDIR when the path is a link or no folder.
 */
int folder_open(const char *path, const char **why);
/* Makes this guard the only one of the folder, as long as it lives. 0, -EWOULDBLOCK when another guard is, or -errno. */
int folder_lock(int folder);
/* Listens at `path`, mode 0600, in a folder as folder_open() accepts it, and replaces what was there. A descriptor, or -errno. */
int socket_listen(const char *path, const char **why);
/* Whether a guard answers there within a second: 0, or -errno. */
int socket_ping(const char *path);

#endif
