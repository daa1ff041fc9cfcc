/*
 * signal-counter FILE N: receives the signals SIGRTMIN with payloads 1..N that signal-sender queues, and records in FILE whether
 * each signal came once and in order. The process has one thread, because only then the kernel promises the order of
 * delivery (signal(7), real-time signals).
 */
#include "common.h"

/* Native-endian, followed by one byte per payload. test/kernel/harness/counters.ts names the fields in this order. */
struct counters {
	_Atomic uint64_t received;
	_Atomic uint64_t last_payload;
	_Atomic uint64_t out_of_order;
	_Atomic uint64_t duplicates;
	_Atomic uint64_t strangers; /* payloads outside 1..N */
};

static struct counters *counters;
static unsigned char *seen;
static uint64_t expected;

static void on_signal(int signal_number, siginfo_t *info, void *context)
{
	uint64_t payload = (uint64_t)(unsigned)info->si_value.sival_int;

	(void)signal_number;
	(void)context;
	counters->received++;
	if (payload == 0 || payload > expected || info->si_code != SI_QUEUE) {
		counters->strangers++;
		return;
	}
	if (seen[payload])
		counters->duplicates++;
	if (payload < counters->last_payload)
		counters->out_of_order++;
	seen[payload] = 1;
	counters->last_payload = payload;
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_RESTART };

	if (argc < 3)
		return 2;
	limit_life();
	expected = (uint64_t)atol(argv[2]);
	counters = map_counters(argv[1], sizeof(*counters) + expected + 1);
	seen = (unsigned char *)(counters + 1);
	sigaction(SIGRTMIN, &action, NULL);
	say_ready();
	sleep_for_ever();
}
