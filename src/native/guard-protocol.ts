/**
 * Mirrors src/guard/protocol.h: the place of each number in each message. Pure. test/kernel/guard-protocol.test.ts compares the
 * two files.
 */
import {
  CAPTURE_ID_BYTES,
  GUARD_CAUSES,
  GUARD_OUTCOMES,
  type Announcement,
  type GuardHealth,
  type Recovered,
} from './guard.js';
import { pathBytes } from './path-text.js';

export const PROTOCOL_VERSION = 2;
/** Largest size of a cgroup's path in bytes, its NUL included. A longer path does not fit into a record of the guard's journal. */
export const PATH_BYTES = 3968;

export const KIND = {
  hello: 1,
  announce: 2,
  opened: 3,
  done: 4,
  ping: 5,
  recovered: 6,
  acknowledge: 7,
  disowned: 8,
} as const;
export type Kind = (typeof KIND)[keyof typeof KIND];
/** Kinds whose message names a freezer, or only a capture. */
export type SubjectKind = typeof KIND.opened | typeof KIND.disowned | typeof KIND.done | typeof KIND.acknowledge;
/** This bit is set in the kind of every answer. */
export const ANSWER = 0x80;

/** Bit of `flags` in the hello: a descriptor of the process's own freezer directory comes with the message. */
export const OWN_FREEZER = 1;
/** Bits of `capabilities` in the welcome. */
export const CAPABILITY = { threadPidfd: 1, memoryLocked: 2, journal: 4, service: 8 } as const;
export const VERSION = { none: 0, v1: 1, v2: 2 } as const;

/**
 * The size of each message and the offsets of its fields, in bytes. Every message begins with kind (u16), size (u16) and sequence
 * (u32).
 */
export const LAYOUT = {
  header: { size: 8, kind: 0, length: 2, sequence: 4 },
  hello: { size: 24, protocol: 8, pid: 12, tid: 16, flags: 20 },
  welcome: { size: 32, status: 8, protocol: 12, guardPid: 16, capabilities: 20, recovered: 24 },
  announce: { size: 4024, capture: 8, container: 24, version: 28, inode: 32, freezerUs: 40, holdUs: 48, path: 56 },
  subject: { size: 32, capture: 8, container: 24 },
  answer: { size: 16, status: 8 },
  pong: { size: 24, status: 8, agents: 12, open: 16, recovered: 20 },
  recoveredQuery: { size: 16, index: 8 },
  recovered: { size: 40, status: 8, outcome: 12, capture: 16, container: 32, cause: 36 },
} as const;

/** Size in bytes of a buffer that the largest answer fits into. */
export const ANSWER_BYTES = 64;

function message(kind: Kind, size: number): DataView {
  const view = new DataView(new ArrayBuffer(size));
  view.setUint16(LAYOUT.header.kind, kind, true);
  view.setUint16(LAYOUT.header.length, size, true);
  return view;
}

function bytesOf(view: DataView): Uint8Array {
  return new Uint8Array(view.buffer);
}

/** Sets the sequence number. This is called just before the message is sent. */
export function setSequence(bytes: Uint8Array, sequence: number): void {
  new DataView(bytes.buffer, bytes.byteOffset).setUint32(LAYOUT.header.sequence, sequence, true);
}

export function encodeHello(pid: number, tid: number, ownFreezer: boolean): Uint8Array {
  const at = LAYOUT.hello;
  const view = message(KIND.hello, at.size);
  view.setUint32(at.protocol, PROTOCOL_VERSION, true);
  view.setInt32(at.pid, pid, true);
  view.setInt32(at.tid, tid, true);
  view.setUint32(at.flags, ownFreezer ? OWN_FREEZER : 0, true);
  return bytesOf(view);
}

/**
 * Returns undefined when the path is longer than the guard accepts. An announcement without freezer carries no path, because the
 * guard needs none.
 *
 * @param inode of the cgroup's directory
 */
export function encodeAnnounce(announcement: Announcement, inode: bigint): Uint8Array | undefined {
  const at = LAYOUT.announce;
  const path = announcement.version === 'none' ? new Uint8Array() : pathBytes(announcement.directory);
  if (path.length >= PATH_BYTES) return undefined;
  const view = message(KIND.announce, at.size);
  const bytes = bytesOf(view);
  bytes.set(announcement.capture.subarray(0, CAPTURE_ID_BYTES), at.capture);
  view.setUint32(at.container, announcement.container, true);
  view.setUint32(at.version, VERSION[announcement.version], true);
  view.setBigUint64(at.inode, inode, true);
  view.setBigUint64(at.freezerUs, microseconds(announcement.freezerMicroseconds), true);
  view.setBigUint64(at.holdUs, microseconds(announcement.holdMicroseconds), true);
  bytes.set(path, at.path);
  return bytes;
}

/** A negative time (a deadline in the past) is sent as 0, which means now. */
function microseconds(value: number): bigint {
  return BigInt(Math.max(0, Math.ceil(value)));
}

export function encodeSubject(kind: SubjectKind, capture: Uint8Array, container: number): Uint8Array {
  const view = message(kind, LAYOUT.subject.size);
  const bytes = bytesOf(view);
  bytes.set(capture.subarray(0, CAPTURE_ID_BYTES), LAYOUT.subject.capture);
  view.setUint32(LAYOUT.subject.container, container, true);
  return bytes;
}

export function encodePing(): Uint8Array {
  return bytesOf(message(KIND.ping, LAYOUT.header.size));
}

export function encodeRecoveredQuery(index: number): Uint8Array {
  const view = message(KIND.recovered, LAYOUT.recoveredQuery.size);
  view.setUint32(LAYOUT.recoveredQuery.index, index, true);
  return bytesOf(view);
}

/** Whether the datagram is the answer to the question of this kind and sequence number. */
export function isAnswer(answer: DataView, kind: Kind, sequence: number): boolean {
  const { header } = LAYOUT;
  return (
    answer.byteLength >= LAYOUT.answer.size &&
    answer.getUint16(header.kind, true) === (kind | ANSWER) &&
    answer.getUint32(header.sequence, true) === sequence
  );
}

/** The status of an answer: 0 or an errno. Every answer has its status at the same offset. */
export function statusOf(answer: DataView): number {
  return answer.getInt32(LAYOUT.answer.status, true);
}

export interface Welcome {
  readonly protocol: number;
  readonly guardPid: number;
  readonly capabilities: number;
}

export function decodeWelcome(answer: DataView): Welcome | undefined {
  const at = LAYOUT.welcome;
  if (answer.byteLength !== at.size) return undefined;
  return {
    protocol: answer.getUint32(at.protocol, true),
    guardPid: answer.getInt32(at.guardPid, true),
    capabilities: answer.getUint32(at.capabilities, true),
  };
}

export function decodePong(answer: DataView): GuardHealth | undefined {
  const at = LAYOUT.pong;
  if (answer.byteLength !== at.size) return undefined;
  return {
    agents: answer.getUint32(at.agents, true),
    open: answer.getUint32(at.open, true),
    recovered: answer.getUint32(at.recovered, true),
  };
}

export function decodeRecovered(answer: DataView): Recovered | undefined {
  const at = LAYOUT.recovered;
  if (answer.byteLength !== at.size) return undefined;
  const outcome = GUARD_OUTCOMES[answer.getUint32(at.outcome, true)];
  const cause = GUARD_CAUSES[answer.getUint32(at.cause, true)];
  if (outcome === undefined || cause === undefined) return undefined;
  const start = answer.byteOffset + at.capture;
  return {
    capture: new Uint8Array(answer.buffer.slice(start, start + CAPTURE_ID_BYTES) as ArrayBuffer),
    container: answer.getUint32(at.container, true),
    outcome,
    cause,
  };
}

/** Converts a UID to the 16 bytes of a capture's id. Returns undefined when the text is no UID. */
export function captureIdOf(uid: string): Uint8Array | undefined {
  const digits = uid.replaceAll('-', '');
  if (!/^[0-9a-f]{32}$/i.test(digits)) return undefined;
  return Uint8Array.from({ length: CAPTURE_ID_BYTES }, (_, index) =>
    Number.parseInt(digits.slice(2 * index, 2 * index + 2), 16),
  );
}

/** Converts the 16 bytes of a capture's id to a UID. */
export function uidOf(capture: Uint8Array): string {
  const digits = Array.from(capture, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
