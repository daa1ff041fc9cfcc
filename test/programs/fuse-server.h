/*
 * A minimal FUSE server: a directory with the one file `f`. It speaks to /dev/fuse directly (linux/fuse.h), so that the caller
 * decides which request is answered and which is never answered. The threads of libfuse would answer by themselves.
 */
#ifndef FUSE_SERVER_H
#define FUSE_SERVER_H

#include "common.h"
#include <linux/fuse.h>
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>

#define FUSE_FILE_NODE 2
/* The most bytes of one READ: the kernel sends at most 32 pages of 4 KiB by default (max_pages). */
#define FUSE_MAX_IO (128 * 1024)

struct fuse_server {
	int device;
	const char *content;
	size_t size;
	uint32_t open_flags; /* FOPEN_* flags in the answer to the next OPEN */
};

/* Mounts on `directory` in a new mount namespace. The mount ends with the last process of that namespace. */
static inline void fuse_mount(struct fuse_server *server, const char *directory)
{
	char options[96];

	if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
		die("private mount namespace");
	server->device = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	if (server->device < 0)
		die("/dev/fuse");
	snprintf(options, sizeof(options), "fd=%d,rootmode=40755,user_id=0,group_id=0", server->device);
	if (mount("stasis-hang", directory, "fuse", MS_NOSUID | MS_NODEV, options) != 0)
		die("mount fuse");
}

/* Returns the next request, or NULL when no request came within `wait_ms` or a signal interrupted the wait. */
static inline const struct fuse_in_header *fuse_next(struct fuse_server *server, int wait_ms)
{
	static _Alignas(8) char request[4096 + FUSE_MAX_IO];
	struct pollfd readable = { .fd = server->device, .events = POLLIN };

	if (poll(&readable, 1, wait_ms) <= 0)
		return NULL;
	if (read(server->device, request, sizeof(request)) < (ssize_t)sizeof(struct fuse_in_header))
		return NULL;
	return (const void *)request;
}

static inline void fuse_reply(struct fuse_server *server, uint64_t unique, int error, const void *data, size_t size)
{
	static char reply[sizeof(struct fuse_out_header) + FUSE_MAX_IO];
	struct fuse_out_header header = { (uint32_t)(sizeof(header) + size), error, unique };

	memcpy(reply, &header, sizeof(header));
	if (size > 0)
		memcpy(reply + sizeof(header), data, size);
	/* ENOENT: the process that asked was killed in the meantime. */
	if (write(server->device, reply, header.len) < 0 && errno != ENOENT)
		die("fuse reply");
}

/* All attributes are valid for 0 s, so each look at the file asks the server again, and hangs once the server is silent. */
static inline struct fuse_attr fuse_attributes(struct fuse_server *server, uint64_t node)
{
	int root = node == FUSE_ROOT_ID;
	struct fuse_attr attr = { .ino = node, .nlink = 1, .blksize = 4096 };

	attr.mode = root ? S_IFDIR | 0755 : S_IFREG | 0755;
	attr.size = root ? 0 : server->size;
	return attr;
}

static inline void fuse_answer(struct fuse_server *server, const struct fuse_in_header *in)
{
	const void *body = in + 1;

	switch (in->opcode) {
	case FUSE_INIT: {
		struct fuse_init_out out = { .major = 7, .minor = 31, .max_write = 4096, .max_readahead = FUSE_MAX_IO };

		fuse_reply(server, in->unique, 0, &out, sizeof(out));
		break;
	}
	case FUSE_LOOKUP: {
		struct fuse_entry_out out = { .nodeid = FUSE_FILE_NODE, .attr = fuse_attributes(server, FUSE_FILE_NODE) };

		if (strcmp(body, "f") == 0)
			fuse_reply(server, in->unique, 0, &out, sizeof(out));
		else
			fuse_reply(server, in->unique, -ENOENT, NULL, 0);
		break;
	}
	case FUSE_GETATTR: {
		struct fuse_attr_out out = { .attr = fuse_attributes(server, in->nodeid) };

		fuse_reply(server, in->unique, 0, &out, sizeof(out));
		break;
	}
	case FUSE_OPEN: {
		struct fuse_open_out out = { .fh = 1, .open_flags = server->open_flags };

		fuse_reply(server, in->unique, 0, &out, sizeof(out));
		break;
	}
	case FUSE_READ: {
		const struct fuse_read_in *wanted = body;
		size_t start = wanted->offset < server->size ? wanted->offset : server->size;
		size_t left = server->size - start;

		fuse_reply(server, in->unique, 0, server->content + start, left < wanted->size ? left : wanted->size);
		break;
	}
	case FUSE_FLUSH:
	case FUSE_RELEASE:
	case FUSE_ACCESS:
		fuse_reply(server, in->unique, 0, NULL, 0);
		break;
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
	case FUSE_INTERRUPT:
		break; /* the kernel expects no answer to these requests */
	default:
		fuse_reply(server, in->unique, -ENOSYS, NULL, 0);
	}
}

#endif
