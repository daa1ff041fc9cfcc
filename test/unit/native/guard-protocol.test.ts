import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import {
  ANSWER,
  captureIdOf,
  decodePong,
  decodeRecovered,
  decodeWelcome,
  encodeAnnounce,
  isAnswer,
  KIND,
  LAYOUT,
  PATH_BYTES,
  statusOf,
  uidOf,
} from '../../../src/native/guard-protocol.js';
import type { Announcement } from '../../../src/native/guard.js';

const announcement: Announcement = {
  capture: Uint8Array.from({ length: 16 }, (_, index) => index),
  container: 7,
  version: 'v2',
  directory: '/sys/fs/cgroup/a',
  freezerMicroseconds: 900_000.2,
  holdMicroseconds: -1,
};

function view(size: number): DataView {
  return new DataView(new ArrayBuffer(size));
}

describe('encodeAnnounce()', () => {
  test('writes each field where the guard looks for it', () => {
    const bytes = encodeAnnounce(announcement, 0x1_0000_0002n) ?? new Uint8Array();
    const at = new DataView(bytes.buffer);
    expect(bytes.length).toBe(4024);
    expect([at.getUint16(0, true), at.getUint16(2, true)]).toEqual([2, 4024]);
    expect([...bytes.subarray(8, 24)]).toEqual([...announcement.capture]);
    expect([at.getUint32(24, true), at.getUint32(28, true)]).toEqual([7, 2]);
    expect(at.getBigUint64(32, true)).toBe(0x1_0000_0002n);
    expect([at.getBigUint64(40, true), at.getBigUint64(48, true)]).toEqual([900_001n, 0n]);
    expect(Buffer.from(bytes.subarray(56, 73)).toString()).toBe('/sys/fs/cgroup/a\0');
  });

  test('refuses a path that does not fit, counted in bytes', () => {
    const [fits, tooLong] = [PATH_BYTES / 2 - 1, PATH_BYTES / 2].map((length) => 'é'.repeat(length));
    expect(encodeAnnounce({ ...announcement, directory: fits ?? '' }, 1n)).toBeDefined();
    expect(encodeAnnounce({ ...announcement, directory: tooLong ?? '' }, 1n)).toBeUndefined();
  });

  test('writes the bytes of a name that is not UTF-8', () => {
    const bytes = encodeAnnounce({ ...announcement, directory: '/\udcff\udc80é' }, 1n);
    expect([...(bytes?.subarray(56, 62) ?? [])]).toEqual([0x2f, 0xff, 0x80, 0xc3, 0xa9, 0]);
  });

  test('writes no path where no freezer is announced, so that none is too long', () => {
    const directory = `/${'x'.repeat(PATH_BYTES)}`;
    expect(encodeAnnounce({ ...announcement, version: 'none', directory }, 0n)?.[56]).toBe(0);
  });
});

describe('isAnswer()', () => {
  test('takes only the answer to this very question', () => {
    const answer = view(LAYOUT.answer.size);
    answer.setUint16(0, KIND.opened | ANSWER, true);
    answer.setUint32(4, 9, true);
    answer.setInt32(8, 16, true);
    expect(isAnswer(answer, KIND.opened, 9)).toBe(true);
    expect(isAnswer(answer, KIND.opened, 8)).toBe(false);
    expect(isAnswer(answer, KIND.done, 9)).toBe(false);
    expect(isAnswer(view(8), KIND.opened, 0)).toBe(false);
    expect(statusOf(answer)).toBe(16);
  });
});

describe('the decoders', () => {
  test('answer undefined to what has another size', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        const message = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
        expect(decodeWelcome(message) === undefined).toBe(bytes.length !== LAYOUT.welcome.size);
        expect(decodePong(message) === undefined).toBe(bytes.length !== LAYOUT.pong.size);
        const recovered = bytes.length === LAYOUT.recovered.size ? undefined : decodeRecovered(message);
        expect(recovered).toBeUndefined();
      }),
    );
  });

  test('decodeRecovered() knows no outcome or cause beyond the list', () => {
    const message = view(LAYOUT.recovered.size);
    expect(decodeRecovered(message)).toMatchObject({ outcome: 'None', cause: 'None', container: 0 });
    message.setUint32(LAYOUT.recovered.cause, 7, true);
    expect(decodeRecovered(message)).toBeUndefined();
  });
});

describe('captureIdOf()', () => {
  test('is undone by uidOf()', () => {
    fc.assert(fc.property(fc.uuid(), (uid) => expect(uidOf(captureIdOf(uid) ?? new Uint8Array())).toBe(uid)));
  });

  test('refuses what is no UID', () => {
    expect([captureIdOf(''), captureIdOf('01234567-89ab-cdef-0123-456789abcdeg')]).toEqual([undefined, undefined]);
  });
});
