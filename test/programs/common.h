/*
 * What every workload shares: a limit on its own life, the word "ready", threads with small stacks, and counters in
 * a file that a test reads while the program runs. Static inline, so that each program stays a single source file.
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
 * Seconds that any process of a workload may live. Workloads outlive their starter on purpose (no PR_SET_PDEATHSIG:
 * a test kills tracers and agents while the workload stays), so this is what cleans up after a test that died.
 */
#ifndef LIFE_LIMIT_SECONDS
#define LIFE_LIMIT_SECONDS 120
#endif

static time_t life_ends; /* CLOCK_MONOTONIC; inherited over fork, so that a chain of forks has one limit, not many */

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
 * Arms the watchdog of this process; each calls it once, as alarm(2) is not inherited over fork. It is kept over
 * execve: a running one is left alone, because arming it anew with the whole seconds it has left would let a program
 * that execs all the time live for ever.
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

/* write(2), not stdio: nothing may wait in a buffer that a fork would copy. */
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

/* A detached thread with a stack of 64 KiB, so that 10,000 of them fit into any container. */
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

/* A file of `bytes` zeroes, mapped shared: what is stored there, a reader of the file sees at once. */
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
 * A lifeline: all descendants hold the read end and only the first process the write end. It reads end of file as
 * soon as the first process is dead, however it died, so a storm cannot outrun whoever kills it pid by pid.
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
