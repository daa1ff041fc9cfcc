import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';

/** The size of a counter in bytes: the programs store each counter as a native-endian uint64. */
const WIDTH = 8;
/** True, because both architectures of this project, x86-64 and arm64, are little-endian. */
const LITTLE_ENDIAN = true;

/** The fields of `struct counters` in test/programs/stopped.c, in the same order. */
export const STOPPED_COUNTERS = ['child', 'stopped', 'continued', 'ended', 'lastSignal', 'resumed'] as const;
/** The fields of `struct counters` in test/programs/signal-counter.c, in the same order. */
export const SIGNAL_COUNTERS = ['received', 'lastPayload', 'outOfOrder', 'duplicates', 'strangers'] as const;

/** Reads the counters that a program keeps in a shared mapping of `file`, from the slot that starts at byte `start`. */
export function readCounters<Name extends string>(
  file: string,
  names: readonly Name[],
  start = 0,
): Record<Name, bigint> {
  const bytes = readFileSync(file);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const pairs = names.map((name, index) => [name, view.getBigUint64(start + index * WIDTH, LITTLE_ENDIAN)] as const);
  return Object.fromEntries(pairs) as Record<Name, bigint>;
}

/** Stores one counter. The mapping of the program shows the new value at once. */
export function writeCounter(file: string, start: number, value: bigint): void {
  const bytes = new DataView(new ArrayBuffer(WIDTH));
  bytes.setBigUint64(0, value, LITTLE_ENDIAN);
  const fd = openSync(file, 'r+');
  try {
    writeSync(fd, bytes, 0, WIDTH, start);
  } finally {
    closeSync(fd);
  }
}
