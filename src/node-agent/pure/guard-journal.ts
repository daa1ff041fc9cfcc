/** The guard's journal: mirrors struct record in src/guard/journal.h. Pure. test/kernel/doctor-journal.test.ts compares the two. */
import { pathText } from '../../native/path-text.js';

/** Bytes of one record. A journal is an array of records: one per freezer, then one per recovery that no agent has acknowledged. */
export const RECORD_BYTES = 4096;
/** Most freezers and recoveries that a guard remembers (MAX_FREEZERS and MAX_RECOVERED in src/guard/guard.h). */
export const MAX_RECORDS = 384;
export const RECORD_MAGIC = 'STASISJ2';

/** Offsets of the fields of a record, in bytes. All numbers are little-endian. */
export const RECORD_LAYOUT = {
  magic: 0,
  crc: 8,
  state: 12,
  boot: 16,
  capture: 32,
  container: 48,
  version: 52,
  inode: 56,
  device: 64,
  announcedUs: 72,
  freezerDeadlineUs: 80,
  holdDeadlineUs: 88,
  pid: 96,
  tid: 100,
  startTicks: 104,
  foundClosed: 112,
  outcome: 116,
  cause: 120,
  path: 128,
} as const;

/**
 * The index is the number in journal.h. Open: the freezer may be closed. Recovered: the record tells an agent how a guard acted
 * on a freezer.
 */
export const RECORD_STATES = ['Unused', 'Open', 'Closed', 'Recovered'] as const;
/** The index is the number in protocol.h. */
const VERSIONS = ['none', 'v1', 'v2'] as const;

/** Times are microseconds of CLOCK_MONOTONIC. */
export interface JournalRecord {
  readonly state: (typeof RECORD_STATES)[number];
  /** Boot id and UID of the capture, as text. */
  readonly boot: string;
  readonly capture: string;
  /** Index of the cgroup in the capture's request. */
  readonly container: number;
  readonly version: (typeof VERSIONS)[number];
  /** Inode and device of the cgroup's directory (stat(2)). */
  readonly inode: bigint;
  readonly device: bigint;
  readonly announcedMicroseconds: number;
  /** From this time on the guard opens the freezer itself. */
  readonly freezerDeadlineMicroseconds: number;
  readonly holdDeadlineMicroseconds: number;
  /** The agent's process and its tracing thread. Only that thread writes FROZEN. */
  readonly pid: number;
  readonly tid: number;
  /** Field 22 of /proc/PID/stat. */
  readonly startTicks: number;
  /**
   * The path of the cgroup's directory in the guard's mount namespace. {@link ../../native/path-text.ts} tells how it shows bytes
   * that are not UTF-8.
   */
  readonly path: string;
}

/** Torn: a guard died while it wrote the record, and its agent never got the answer. Foreign: the record has another format. */
export type JournalSlot =
  { readonly sort: 'Empty' | 'Torn' | 'Foreign' } | { readonly sort: 'Sound'; readonly record: JournalRecord };

/** Returns one row per record. A last record that is cut short is torn. */
export function parseJournal(bytes: Uint8Array): readonly JournalSlot[] {
  const slots: JournalSlot[] = [];
  for (let at = 0; at < bytes.length; at += RECORD_BYTES) slots.push(parseSlot(bytes.subarray(at, at + RECORD_BYTES)));
  return slots;
}

function parseSlot(bytes: Uint8Array): JournalSlot {
  if (bytes.every((byte) => byte === 0)) return { sort: 'Empty' };
  if (text(bytes, RECORD_LAYOUT.magic, RECORD_MAGIC.length) !== RECORD_MAGIC) return { sort: 'Foreign' };
  if (bytes.length < RECORD_BYTES) return { sort: 'Torn' };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const at = RECORD_LAYOUT;
  const end = bytes.indexOf(0, at.path);
  if (bytes.at(-1) !== 0 || view.getUint32(at.crc, true) !== sumOf(bytes)) return { sort: 'Torn' };
  const state = RECORD_STATES[view.getUint32(at.state, true)];
  const version = VERSIONS[view.getUint32(at.version, true)];
  if (state === undefined || version === undefined) return { sort: 'Foreign' };
  const record: JournalRecord = {
    state,
    boot: uuid(bytes, at.boot),
    capture: uuid(bytes, at.capture),
    container: view.getUint32(at.container, true),
    version,
    inode: view.getBigUint64(at.inode, true),
    device: view.getBigUint64(at.device, true),
    announcedMicroseconds: Number(view.getBigUint64(at.announcedUs, true)),
    freezerDeadlineMicroseconds: Number(view.getBigUint64(at.freezerDeadlineUs, true)),
    holdDeadlineMicroseconds: Number(view.getBigUint64(at.holdDeadlineUs, true)),
    pid: view.getInt32(at.pid, true),
    tid: view.getInt32(at.tid, true),
    startTicks: Number(view.getBigUint64(at.startTicks, true)),
    path: pathText(bytes.subarray(at.path, end)),
  };
  return { sort: 'Sound', record };
}

/** GUARD_THAWED and GUARD_GUARD_DIED of protocol.h. */
export const THAWED = 1;
export const GUARD_DIED = 6;

/**
 * Turns the record into a recovery, for a freezer that the doctor has opened in place of a dead guard. The next guard tells an
 * agent of the recovery, and leaves a freezer alone that somebody else has closed since.
 */
export function asRecovered(record: Uint8Array): Uint8Array {
  const bytes = record.slice();
  const view = new DataView(bytes.buffer);
  view.setUint32(RECORD_LAYOUT.state, RECORD_STATES.indexOf('Recovered'), true);
  view.setUint32(RECORD_LAYOUT.outcome, THAWED, true);
  view.setUint32(RECORD_LAYOUT.cause, GUARD_DIED, true);
  view.setUint32(RECORD_LAYOUT.crc, sumOf(bytes), true);
  return bytes;
}

/** Pid and start time of a guard, from the name of its journal, `PID-START.journal`. Undefined for any other name. */
export function guardOfJournal(name: string): { readonly pid: number; readonly startTicks: number } | undefined {
  const [, pid, start] = /^(\d{1,10})-(\d{1,15})(?:-\d)?\.journal$/.exec(name) ?? [];
  return pid === undefined ? undefined : { pid: Number(pid), startTicks: Number(start) };
}

function text(bytes: Uint8Array, from: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(from, from + length));
}

function uuid(bytes: Uint8Array, from: number): string {
  const digits = Array.from(bytes.subarray(from, from + 16), (byte) => byte.toString(16).padStart(2, '0')).join('');
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/**
 * The checksum of the bytes from `state` to the NUL that ends the path, as journal.c computes it. The bytes behind the NUL mean
 * nothing.
 */
export function sumOf(record: Uint8Array): number {
  return crc32(record.subarray(RECORD_LAYOUT.state, record.indexOf(0, RECORD_LAYOUT.path) + 1));
}

/** CRC-32 of IEEE 802.3. */
function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ ((crc & 1) === 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}
