import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  asRecovered,
  GUARD_DIED,
  guardOfJournal,
  parseJournal,
  RECORD_BYTES,
  RECORD_LAYOUT,
  RECORD_MAGIC,
  sumOf,
  THAWED,
} from '../../../../src/node-agent/pure/guard-journal.js';
import { pathBytes } from '../../../../src/native/path-text.js';

const at = RECORD_LAYOUT;

function seal(bytes: Uint8Array): Uint8Array {
  new DataView(bytes.buffer).setUint32(at.crc, sumOf(bytes), true);
  return bytes;
}

const PATH = '/sys/fs/cgroup/kubepods';

function record(state = 1, path: string | Uint8Array = PATH): Uint8Array {
  const bytes = new Uint8Array(RECORD_BYTES);
  const view = new DataView(bytes.buffer);
  bytes.set(new TextEncoder().encode(RECORD_MAGIC));
  view.setUint32(at.state, state, true);
  bytes.fill(0xab, at.boot, at.boot + 16);
  bytes.fill(0xcd, at.capture, at.capture + 16);
  view.setUint32(at.container, 3, true);
  view.setUint32(at.version, 2, true);
  view.setBigUint64(at.inode, 4711n, true);
  view.setBigUint64(at.device, 35n, true);
  view.setBigUint64(at.announcedUs, 1_000_000n, true);
  view.setBigUint64(at.freezerDeadlineUs, 2_000_000n, true);
  view.setBigUint64(at.holdDeadlineUs, 3_000_000n, true);
  view.setInt32(at.pid, 42, true);
  view.setInt32(at.tid, 43, true);
  view.setBigUint64(at.startTicks, 12_345n, true);
  bytes.set(typeof path === 'string' ? new TextEncoder().encode(path) : path, at.path);
  return seal(bytes);
}

const SOUND = {
  sort: 'Sound',
  record: {
    state: 'Open',
    boot: 'abababab-abab-abab-abab-abababababab',
    capture: 'cdcdcdcd-cdcd-cdcd-cdcd-cdcdcdcdcdcd',
    container: 3,
    version: 'v2',
    inode: 4711n,
    device: 35n,
    announcedMicroseconds: 1_000_000,
    freezerDeadlineMicroseconds: 2_000_000,
    holdDeadlineMicroseconds: 3_000_000,
    pid: 42,
    tid: 43,
    startTicks: 12_345,
    path: PATH,
  },
};

describe('parseJournal()', () => {
  test('reads every field of a record', () => {
    expect(parseJournal(record())).toEqual([SOUND]);
  });

  test('passes over slots that were never written, and finds those behind them', () => {
    expect(parseJournal(Buffer.concat([new Uint8Array(RECORD_BYTES), record()]))).toEqual([{ sort: 'Empty' }, SOUND]);
  });

  test.each([
    ['UTF-8', '/sys/fs/cgroup/größe'],
    ['quotes, backslashes and control characters', '/sys/fs/cgroup/"a"\\b\u0001\t'],
    ['the longest length', `/${'x'.repeat(RECORD_BYTES - at.path - 2)}`],
  ])('reads a path with %s', (_, path) => {
    expect(parseJournal(record(1, path))).toMatchObject([{ record: { path } }]);
  });

  test('reads a path of any bytes so that the same bytes come back from it', () => {
    const byte = fc.integer({ min: 1, max: 255 });
    fc.assert(
      fc.property(fc.array(byte, { minLength: 1, maxLength: RECORD_BYTES - at.path - 1 }), (bytes) => {
        const [slot] = parseJournal(record(1, Uint8Array.from(bytes)));
        if (slot?.sort !== 'Sound') throw new Error('the record is not sound');
        expect([...pathBytes(slot.record.path)]).toEqual(bytes);
      }),
    );
  });

  test.each([
    ['of a state that it does not know', record(9)],
    ['of another format', seal(Uint8Array.from(record(), (byte, index) => (index === 7 ? 0x31 : byte)))],
  ])('calls a record %s foreign', (_, bytes) => {
    expect(parseJournal(bytes)).toEqual([{ sort: 'Foreign' }]);
  });

  test('calls a record torn whose path has no end', () => {
    const bytes = record();
    bytes.fill(0x61, at.path);
    expect(parseJournal(seal(bytes))).toEqual([{ sort: 'Torn' }]);
  });

  test('calls a slot torn that was cut anywhere behind its magic', () => {
    fc.assert(
      fc.property(fc.integer({ min: 8, max: RECORD_BYTES - 1 }), (length) => {
        expect(parseJournal(record().subarray(0, length))).toEqual([{ sort: 'Torn' }]);
      }),
    );
  });

  test('believes no record of which a byte was changed, up to the end of its path', () => {
    fc.assert(
      fc.property(fc.nat(at.path + PATH.length), fc.integer({ min: 1, max: 255 }), (index, change) => {
        const bytes = record();
        bytes[index] = (bytes[index] ?? 0) ^ change;
        expect(['Torn', 'Foreign']).toContain(parseJournal(bytes)[0]?.sort);
      }),
    );
  });

  test('reads any bytes without throwing, one row per record', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 3 * RECORD_BYTES }), (bytes) => {
        expect(parseJournal(bytes)).toHaveLength(Math.ceil(bytes.length / RECORD_BYTES));
      }),
    );
  });
});

describe('asRecovered()', () => {
  test('keeps the capture, seals the record anew, and leaves the old one as it is', () => {
    const before = record();
    const bytes = asRecovered(before);
    expect(parseJournal(bytes)).toEqual([{ ...SOUND, record: { ...SOUND.record, state: 'Recovered' } }]);
    const view = new DataView(bytes.buffer);
    expect([view.getUint32(at.outcome, true), view.getUint32(at.cause, true)]).toEqual([THAWED, GUARD_DIED]);
    expect(before).toEqual(record());
  });
});

describe('guardOfJournal()', () => {
  test.each([
    ['4711-123456.journal', { pid: 4711, startTicks: 123_456 }],
    ['1-99-3.journal', { pid: 1, startTicks: 99 }],
    ['lock', undefined],
    ['guard.sock', undefined],
    ['-5.journal', undefined],
    ['4711-123456.journal.old', undefined],
  ])('reads %s', (name, expected) => {
    expect(guardOfJournal(name)).toEqual(expected);
  });
});
