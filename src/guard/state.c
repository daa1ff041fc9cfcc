#include "state.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "protocol.h"

/* A node has a few agents' threads; more than these wait in connect(2). */
#define BACKLOG 16
#define PING_MS 1000

int folder_open(const char *path)
{
	struct stat status;
	int folder, error = 0;

	if (mkdir(path, 0700) != 0 && errno != EEXIST)
		return -errno;
	folder = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (folder < 0)
		return -errno;
	/* An emptyDir is 0777, a hostPath that kubelet makes 0755. A folder of another user would never be safe. */
	if (fstat(folder, &status) != 0)
		error = -errno;
	else if (status.st_uid != geteuid())
		error = -EPERM;
	else if ((status.st_mode & 07777) != 0700 && fchmod(folder, 0700) != 0)
		error = -errno;
	if (error == 0)
		return folder;
	close(folder);
	return error;
}

int folder_lock(int folder)
{
	int lock = openat(folder, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	int error;

	if (lock >= 0 && flock(lock, LOCK_EX | LOCK_NB) == 0)
		return lock;
	error = -errno;
	if (lock >= 0)
		close(lock);
	return error;
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

/* The folder that the socket lies in, made safe. */
static int check_folder(const char *path)
{
	char folder[sizeof(((struct sockaddr_un *)0)->sun_path)];
	char *last;
	int fd;

	strcpy(folder, path);
	last = strrchr(folder, '/');
	if (last == NULL || last == folder)
		return -EINVAL;
	*last = 0;
	fd = folder_open(folder);
	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

int socket_listen(const char *path)
{
	struct sockaddr_un address;
	int error = address_of(path, &address);
	int fd;

	if (error == 0)
		error = check_folder(path);
	if (error != 0)
		return error;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (unlink(path) != 0 && errno != ENOENT)
		error = -errno;
	/* The umask makes it 0700 from the first moment. */
	else if (bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 || chmod(path, 0600) != 0 ||
		 listen(fd, BACKLOG) != 0)
		error = -errno;
	if (error == 0)
		return fd;
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
