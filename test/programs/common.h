/*
 * The parts that all workloads share: a limit on the life of a workload, the word "ready", threads with small stacks, and
 * counters in a file that a test reads while the program runs. All functions are static inline, so that each program
 * stays a single source file.
 */
#ifndef COMMON_H
#define COMMON_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/*
 * How long any process of a workload may live, in seconds. Workloads outlive their starter on purpose (no PR_SET_PDEATHSIG),
 * because a test kills tracers and agents while the workload stays. This limit cleans up after a test that died.
 */
#ifndef LIFE_LIMIT_SECONDS
#define LIFE_LIMIT_SECONDS 120
#endif

static time_t life_ends; /* CLOCK_MONOTONIC, in seconds; inherited over fork, so that a chain of forks has one limit */

static inline void die(const char *what)
{
	perror(what);
	_exit(1);
}

static inline uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/*
 * Arms the alarm that ends this process. Each process calls limit_life() once, because alarm(2) is not inherited over fork. An
 * alarm survives execve, and a running alarm is left alone: alarm(2) takes whole seconds, so a program that execs all
 * the time and rounds the rest up each time would live for ever.
 */
static inline void limit_life(void)
{
	time_t now = (time_t)(now_ns() / 1000000000u);
	struct itimerval running;

	getitimer(ITIMER_REAL, &running);
	if (life_ends == 0)
		life_ends = now + LIFE_LIMIT_SECONDS;
	if (running.it_value.tv_sec == 0 && running.it_value.tv_usec == 0)
		alarm(life_ends > now ? (unsigned)(life_ends - now) : 1);
}

/* Uses write(2) instead of stdio, because a fork would copy text that waits in a buffer. */
static inline void say(const char *text)
{
	if (write(1, text, strlen(text)) < 0)
		_exit(1);
}

static inline void say_ready(void)
{
	say("ready\n");
}

static inline void sleep_us(long microseconds)
{
	struct timespec t = { microseconds / 1000000, microseconds % 1000000 * 1000 };

	while (nanosleep(&t, &t) == -1 && errno == EINTR)
		;
}

static inline void sleep_for_ever(void)
{
	for (;;)
		pause();
}

static inline void *sleeping_thread(void *unused)
{
	(void)unused;
	sleep_for_ever();
	return NULL;
}

/* Starts a detached thread. Its stack has 64 KiB, so that 10,000 threads fit into any container. */
static inline void start_thread(void *(*body)(void *), void *argument)
{
	pthread_attr_t attributes;
	pthread_t thread;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, 64 * 1024);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	errno = pthread_create(&thread, &attributes, body, argument);
	if (errno)
		die("pthread_create");
	pthread_attr_destroy(&attributes);
}

/* Maps a file of `bytes` zeroes as shared memory: a reader of the file sees each stored value at once. */
static inline void *map_counters(const char *path, size_t bytes)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	void *counters;

	if (fd < 0 || ftruncate(fd, (off_t)bytes) != 0)
		die(path);
	counters = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, 0);
	if (counters == MAP_FAILED)
		die("mmap");
	close(fd);
	return counters;
}

/*
 * A lifeline is a pipe. All descendants hold its read end, and only the first process holds its write end. The read end reports
 * end of file as soon as the first process is dead, for any reason. So a storm cannot outrun a test that kills it pid by pid.
 */
static inline int lifeline_cut(int read_end)
{
	char byte;

	return read(read_end, &byte, 1) == 0;
}

static inline long argument(int argc, char **argv, int index, long otherwise)
{
	return argc > index ? atol(argv[index]) : otherwise;
}

#endif
