/*
 * signal-sender PID N INTERVAL_US: queues SIGRTMIN with the payloads 1..N to PID, a signal-counter, and then says "sent".
 */
#include "common.h"

int main(int argc, char **argv)
{
	pid_t pid = (pid_t)argument(argc, argv, 1, 0);
	long count = argument(argc, argv, 2, 0);
	long interval = argument(argc, argv, 3, 0);

	if (pid <= 1)
		return 2;
	limit_life();
	say_ready();
	for (long payload = 1; payload <= count; payload++) {
		union sigval value = { .sival_int = (int)payload };

		/* EAGAIN: the receiver is held, and RLIMIT_SIGPENDING is used up. The signal was not queued, so it is sent again. */
		while (sigqueue(pid, SIGRTMIN, value) != 0) {
			if (errno != EAGAIN)
				die("sigqueue");
			sleep_us(1000);
		}
		if (interval > 0)
			sleep_us(interval);
	}
	say("sent\n");
	return 0;
}
