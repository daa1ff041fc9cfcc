import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseCgroupEvents } from '../../../../src/node-agent/pure/cgroup-events.js';
import { parseFreezerState } from '../../../../src/node-agent/pure/freezer-state.js';
import { parseTaskList } from '../../../../src/node-agent/pure/task-list.js';

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

function tasks(bytes: Uint8Array, length: number = bytes.length): number[] {
  const into: number[] = [];
  parseTaskList(bytes, length, into);
  return into;
}

describe('parseCgroupEvents()', () => {
  test.each([
    ['populated 1\nfrozen 0\n', true, false],
    ['populated 0\nfrozen 1\nlater 7 8\n', false, true],
    ['frozen 1\npopulated 1\n', true, true],
  ])('parseCgroupEvents() reads %j', (text, populated, frozen) => {
    expect(parseCgroupEvents(text)).toEqual({ ok: true, value: { populated, frozen } });
  });

  test.each([
    ['', 1, ''],
    ['populated 1\nfrozen 1', 2, 'frozen 1'],
    ['populated 1\n', 0, 'frozen'],
    ['frozen 1\n', 0, 'populated'],
    ['populated 1\nfrozen 2\n', 2, 'frozen 2'],
    ['populated 1 1\nfrozen 0\n', 1, 'populated 1 1'],
  ])('parseCgroupEvents() rejects %j', (content, line, text) => {
    expect(parseCgroupEvents(content)).toEqual({ ok: false, error: { file: 'cgroup.events', line, text } });
  });

  test('parseCgroupEvents() never throws', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(typeof parseCgroupEvents(text).ok).toBe('boolean');
      }),
    );
  });
});

describe('parseFreezerState()', () => {
  test.each(['THAWED', 'FREEZING', 'FROZEN'])('parseFreezerState() reads %s', (value) => {
    expect(parseFreezerState(`${value}\n`)).toEqual({ ok: true, value });
    for (let length = 0; length <= value.length; length++) {
      expect(parseFreezerState(value.slice(0, length)).ok).toBe(false);
    }
  });

  test('parseFreezerState() rejects everything else', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(parseFreezerState(`${text}?\n`).ok).toBe(false);
      }),
    );
  });
});

describe('parseTaskList()', () => {
  test('parseTaskList() appends in order, with repetitions and 0', () => {
    const into = [7];
    const bytes = encode('3\n1\n3\n0\n4194304\n');
    parseTaskList(bytes, bytes.length, into);
    expect(into).toEqual([7, 3, 1, 3, 0, 4194304]);
  });

  test('parseTaskList() leaves out an id without its newline', () => {
    expect(tasks(encode('12\n345'))).toEqual([12]);
  });

  test('parseTaskList() does not look beyond the length, nor beyond the bytes', () => {
    expect(tasks(encode('12\n34\n'), 4)).toEqual([12]);
    expect(tasks(encode('12\n'), 400)).toEqual([12]);
  });

  test('parseTaskList() leaves out damaged lines only', () => {
    expect(tasks(encode('1\n-2\n3x\n\n99999999999\n 4\n5\n'))).toEqual([1, 4, 5]);
  });

  test('parseTaskList() round-trips, and cut anywhere gives a prefix', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 0x7fffffff })), fc.nat(), (tids, at) => {
        const bytes = encode(tids.map((tid) => `${tid}\n`).join(''));
        expect(tasks(bytes)).toEqual(tids);
        const part = tasks(bytes, at % (bytes.length + 1));
        expect(part).toEqual(tids.slice(0, part.length));
      }),
    );
  });

  test('parseTaskList() answers ids only, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(tasks(bytes).every((tid) => Number.isInteger(tid) && tid >= 0 && tid <= 0x7fffffff)).toBe(true);
      }),
    );
  });
});
