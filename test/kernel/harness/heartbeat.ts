/** The pause as the workload felt it: the file that test/programs/heartbeat.c keeps. */
import { readCounters, writeCounter } from './counters.js';
import { eventually } from './waiting.js';

/** `struct slot` of heartbeat.c. */
const FIELDS = ['beats', 'longest', 'reset', 'start', 'end', 'interrupted', 'tid', 'last'] as const;
const SLOT_BYTES = 64;
const RESET_OFFSET = 2 * 8;

export interface Heartbeat {
  readonly tid: number;
  readonly beats: bigint;
  /** Longest time between two beats since the last reset. A quiet machine has 0.2 to 1 ms. */
  readonly longestGapMicroseconds: number;
  /** When that gap began and ended: nanoseconds of CLOCK_MONOTONIC, the clock of process.hrtime.bigint(). */
  readonly gapStart: bigint;
  readonly gapEnd: bigint;
  /** nanosleep calls that returned EINTR since the last reset. */
  readonly interrupted: number;
  readonly lastBeat: bigint;
}

/** Reads the slot of one thread (0: the leader). Reads again while the thread is writing it. */
export function readHeartbeat(file: string, thread = 0): Heartbeat {
  for (;;) {
    const slot = readCounters(file, FIELDS, thread * SLOT_BYTES);
    if (slot.end - slot.start !== slot.longest) continue;
    return {
      tid: Number(slot.tid),
      beats: slot.beats,
      longestGapMicroseconds: Number(slot.longest) / 1000,
      gapStart: slot.start,
      gapEnd: slot.end,
      interrupted: Number(slot.interrupted),
      lastBeat: slot.last,
    };
  }
}

/** Forgets the longest gap so far. Returns once the thread has done so: a pause that begins afterwards is counted. */
export async function resetHeartbeat(file: string, thread = 0): Promise<void> {
  writeCounter(file, thread * SLOT_BYTES + RESET_OFFSET, 1n);
  const isReset = (): boolean => readCounters(file, FIELDS, thread * SLOT_BYTES).reset === 0n;
  await eventually(`heartbeat ${thread} is reset`, isReset);
}
