/*
 * heartbeat FILE [THREADS]: measures a pause from inside the workload. Each thread sleeps 100 us at a time and records, in its
 * own slot of FILE, the longest gap between two beats since the last reset. So a test can compare the pause that the
 * capture reports with the pause that the workload felt.
 */
#include "common.h"
#include <sys/prctl.h>

/* One slot per thread, one cache line per slot. Native-endian; test/kernel/harness/heartbeat.ts reads the fields in this order. */
struct slot {
	_Atomic uint64_t beats;
	_Atomic uint64_t longest_gap_ns;
	_Atomic uint64_t reset_request; /* the test writes 1; this program acknowledges with 0 */
	_Atomic uint64_t longest_gap_start_ns; /* CLOCK_MONOTONIC */
	_Atomic uint64_t longest_gap_end_ns;
	_Atomic uint64_t interrupted; /* how often nanosleep returned EINTR */
	_Atomic uint64_t tid;
	_Atomic uint64_t last_beat_ns;
};

static void *beat(void *argument)
{
	struct slot *slot = argument;
	struct timespec interval = { 0, 100 * 1000 };
	uint64_t last = now_ns();

	/* The default timer slack of 50 us would add noise of half an interval. */
	prctl(PR_SET_TIMERSLACK, 1);
	slot->tid = (uint64_t)gettid();
	for (;;) {
		uint64_t now;

		if (nanosleep(&interval, NULL) == -1 && errno == EINTR)
			slot->interrupted++;
		now = now_ns();
		if (slot->reset_request) {
			slot->longest_gap_ns = slot->longest_gap_start_ns = slot->longest_gap_end_ns = 0;
			slot->interrupted = 0;
			slot->reset_request = 0;
		} else if (now - last > slot->longest_gap_ns) {
			slot->longest_gap_start_ns = last;
			slot->longest_gap_end_ns = now;
			slot->longest_gap_ns = now - last;
		}
		slot->last_beat_ns = last = now;
		slot->beats++;
	}
	return NULL;
}

int main(int argc, char **argv)
{
	long threads = argument(argc, argv, 2, 1);
	struct slot *slots;

	if (argc < 2 || threads < 1)
		return 2;
	limit_life();
	slots = map_counters(argv[1], (size_t)threads * sizeof(struct slot));
	for (long i = 1; i < threads; i++)
		start_thread(beat, &slots[i]);
	say_ready();
	beat(&slots[0]);
}
