/** Reads the pause that the workload felt, from the file that test/programs/heartbeat.c keeps. */
import { readCounters, writeCounter } from './counters.js';
import { eventually } from './waiting.js';

/** The fields of `struct slot` in heartbeat.c, in the same order. */
const FIELDS = ['beats', 'longest', 'reset', 'start', 'end', 'interrupted', 'tid', 'last'] as const;
const SLOT_BYTES = 64;
const RESET_OFFSET = 2 * 8;

export interface Heartbeat {
  readonly tid: number;
  readonly beats: bigint;
  /** The longest time between two beats since the last reset: 0.2 to 1 ms on a quiet machine. */
  readonly longestGapMicroseconds: number;
  /** The begin and the end of that gap, in nanoseconds of CLOCK_MONOTONIC, the clock of process.hrtime.bigint(). */
  readonly gapStart: bigint;
  readonly gapEnd: bigint;
  /** The number of nanosleep calls that returned EINTR since the last reset. */
  readonly interrupted: number;
  readonly lastBeat: bigint;
}

/** Reads the slot of one thread (0 is the leader). Reads again while the thread is writing its slot. */
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

/** Makes the thread forget its longest gap. Returns when that is done, so a pause that begins afterwards is counted. */
export async function resetHeartbeat(file: string, thread = 0): Promise<void> {
  writeCounter(file, thread * SLOT_BYTES + RESET_OFFSET, 1n);
  const isReset = (): boolean => readCounters(file, FIELDS, thread * SLOT_BYTES).reset === 0n;
  await eventually(`heartbeat ${thread} is reset`, isReset);
}
