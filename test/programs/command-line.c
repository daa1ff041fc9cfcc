/*
 * command-line (long BYTES | latin | title BYTES | moved BYTES | file PATH): one process with a command line that is hard to read.
 *  long   so many bytes, in arguments of up to 100,000, the last of which is "the-end"
 *  latin  an argument in Latin-1: caf\351, which is not UTF-8
 *  title  a title of so many bytes is written over the arguments, as setproctitle(3) does, and ends in the environment
 *  moved  so many bytes of a mapping that was never written to, by prctl(2) with PR_SET_MM_MAP; needs no privilege
 *  file   the arguments are a mapping of the file PATH, of which the kernel gives nothing
 */
#include "common.h"
#include <linux/prctl.h>
#include <sys/prctl.h>

#define ARGUMENT_BYTES 100000

extern char **environ;

static void wait_here(void)
{
	limit_life();
	say_ready();
	sleep_for_ever();
}

/* "sleep" as the first argument: the program that was executed with the command line that was wanted. */
static void become(char **arguments)
{
	limit_life();
	execv("/proc/self/exe", arguments);
	die("execv");
}

static void be_long(long bytes)
{
	long left = bytes - (long)sizeof("command-line\0sleep\0the-end");
	int count = 2;
	char **arguments = calloc(4 + (size_t)(bytes / ARGUMENT_BYTES + 1), sizeof(char *));

	arguments[0] = "command-line";
	arguments[1] = "sleep";
	while (left > 0) {
		size_t length = left > ARGUMENT_BYTES ? ARGUMENT_BYTES - 1 : (size_t)left - 1;

		arguments[count] = malloc(length + 1);
		memset(arguments[count], 'a', length);
		arguments[count++][length] = 0;
		left -= (long)length + 1;
	}
	arguments[count] = "the-end";
	become(arguments);
}

static void write_title(char **argv, size_t bytes)
{
	char *last = argv[0], *end = argv[0];

	for (char **each = argv; *each; each++)
		last = *each + strlen(*each);
	for (char **each = environ; *each; each++)
		end = *each + strlen(*each);
	if (argv[0] + bytes <= last || argv[0] + bytes >= end) {
		say("the title does not end in the environment\n");
		_exit(1);
	}
	memset(argv[0], 0, (size_t)(end - argv[0]));
	memset(argv[0], 't', bytes);
	wait_here();
}

/* Field N of /proc/self/stat. */
static unsigned long stat_field(int number)
{
	static char text[4096];
	int fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
	ssize_t length = read(fd, text, sizeof(text) - 1);
	char *at;

	close(fd);
	if (length <= 0)
		die("/proc/self/stat");
	text[length] = 0;
	at = strrchr(text, ')') + 1;
	for (int field = 2; field < number - 1; field++)
		at = strchr(at + 1, ' ');
	return strtoul(at, NULL, 10);
}

static void move_to(void *start, size_t bytes)
{
	struct prctl_mm_map map = {
		.start_code = stat_field(26), .end_code = stat_field(27), .start_stack = stat_field(28),
		.start_data = stat_field(45), .end_data = stat_field(46), .start_brk = stat_field(47),
		.brk = (uintptr_t)sbrk(0), .arg_start = (uintptr_t)start, .arg_end = (uintptr_t)start + bytes,
		.env_start = stat_field(50), .env_end = stat_field(51), .exe_fd = (uint32_t)-1,
	};

	if (start == MAP_FAILED)
		die("mmap");
	if (prctl(PR_SET_MM, PR_SET_MM_MAP, &map, sizeof(map), 0) != 0)
		die("PR_SET_MM_MAP");
	wait_here();
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return 2;
	if (strcmp(argv[1], "sleep") == 0)
		wait_here();
	if (strcmp(argv[1], "long") == 0 && argc > 2)
		be_long(atol(argv[2]));
	if (strcmp(argv[1], "latin") == 0)
		become((char *[]){ "command-line", "sleep", "caf\351", NULL });
	if (strcmp(argv[1], "title") == 0 && argc > 2)
		write_title(argv, (size_t)atol(argv[2]));
	if (strcmp(argv[1], "moved") == 0 && argc > 2)
		move_to(mmap(NULL, (size_t)atol(argv[2]), PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0),
			(size_t)atol(argv[2]));
	if (strcmp(argv[1], "file") == 0 && argc > 2)
		move_to(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, open(argv[2], O_RDONLY | O_CLOEXEC), 0), 4096);
	return 2;
}
