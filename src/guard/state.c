#include "state.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "protocol.h"

/* Connections that wait in connect(2) to be accepted. A node's agent makes one per tracing thread, and seldom two at once. */
#define BACKLOG 16
/* Milliseconds. An answer takes 0.1 ms as a rule. */
#define PING_MS 1000
/* Write permission for the group and for all others. */
#define FOREIGN_WRITES 0022
/* Every permission of the group and of all others. */
#define FOREIGN 0077

static bool is_empty(int folder)
{
	DIR *directory = fdopendir(openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	bool empty = directory != NULL;

	for (struct dirent *entry; empty && (entry = readdir(directory)) != NULL;)
		empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
	if (directory != NULL)
		closedir(directory);
	return empty;
}

int folder_open(const char *path, const char **why)
{
	struct stat status;
	int folder, error = 0;

	/* Also correct in a read-only file system, which answers EEXIST for an existing folder. */
	if (mkdir(path, 0700) != 0 && errno != EEXIST)
		error = -errno;
	folder = error != 0 ? -1 : open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (error == 0 && (folder < 0 || fstat(folder, &status) != 0))
		error = -errno;
	*why = strerror(-error);
	if (error == 0 && status.st_uid != geteuid()) {
		*why = "belongs to another user";
		error = -EPERM;
	} else if (error == 0 && (status.st_mode & FOREIGN_WRITES) != 0) {
		*why = "others than its owner can write to it; name a folder that only root can write to, or one that does not exist yet";
		error = -EPERM;
	}
	/* A container runtime makes a missing folder 0755. One that holds something may serve others, and keeps its mode. */
	if (error == 0 && (status.st_mode & FOREIGN) != 0 && is_empty(folder))
		fchmod(folder, 0700);
	if (error == 0)
		return folder;
	if (folder >= 0)
		close(folder);
	return error;
}

int folder_lock(int folder)
{
	/* The folder itself is locked, and no file in it: that works where the file system is read-only, too. */
	return flock(folder, LOCK_EX | LOCK_NB) == 0 ? 0 : -errno;
}

static int address_of(const char *path, struct sockaddr_un *address)
{
	memset(address, 0, sizeof(*address));
	address->sun_family = AF_UNIX;
	if (strlen(path) >= sizeof(address->sun_path))
		return -ENAMETOOLONG;
	strcpy(address->sun_path, path);
	return 0;
}

/* Checks the folder that the socket lies in. */
static int check_folder(const char *path, const char **why)
{
	char folder[sizeof(((struct sockaddr_un *)0)->sun_path)];
	char *last;
	int fd;

	strcpy(folder, path);
	last = strrchr(folder, '/');
	*why = "the path of a socket must be absolute, and its folder not the root";
	if (last == NULL || last == folder)
		return -EINVAL;
	*last = 0;
	fd = folder_open(folder, why);
	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

int socket_listen(const char *path, const char **why)
{
	struct sockaddr_un address;
	int error = address_of(path, &address);
	int fd;

	*why = strerror(-error);
	if (error == 0)
		error = check_folder(path, why);
	if (error != 0)
		return error;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	/* The umask gives the socket the mode 0700 from its first moment on. */
	if (fd >= 0 && (unlink(path) == 0 || errno == ENOENT) &&
	    bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0 && chmod(path, 0600) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	error = -errno;
	*why = strerror(-error);
	if (fd >= 0)
		close(fd);
	return error;
}

int socket_ping(const char *path)
{
	struct guard_header ping = { GUARD_PING, sizeof(ping), 1 };
	struct guard_pong pong;
	struct sockaddr_un address;
	int error = address_of(path, &address);
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct pollfd answer = { fd, POLLIN, 0 };

	if (error == 0 && (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
			   send(fd, &ping, sizeof(ping), MSG_NOSIGNAL) < 0))
		error = -errno;
	if (error == 0 && poll(&answer, 1, PING_MS) != 1)
		error = -ETIMEDOUT;
	if (error == 0 && recv(fd, &pong, sizeof(pong), 0) != (ssize_t)sizeof(pong))
		error = -ECONNRESET;
	if (fd >= 0)
		close(fd);
	return error;
}
