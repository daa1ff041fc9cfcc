import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  commandLines,
  countCommandLines,
  MAX_ARGUMENTS,
  type RawCommandLine,
} from '../../../../src/node-agent/pure/command-lines.js';

function raw(bytes: Buffer, lengthBytes = bytes.length) {
  return { base64: bytes.toString('base64'), lengthBytes };
}

function one(bytes: Buffer, lengthBytes?: number) {
  return commandLines(new Map([[7, raw(bytes, lengthBytes)]])).get(7);
}

describe('commandLines()', () => {
  test('commandLines() splits arguments, empty ones too', () => {
    expect(one(Buffer.from('sh\0-c\0\0'))).toEqual({ cmdline: ['sh', '-c', ''] });
    expect(one(Buffer.from('nginx: master'))).toEqual({ cmdline: ['nginx: master'] });
    expect(one(Buffer.from(''))).toEqual({ cmdline: [] });
    expect(one(Buffer.from('\0'))).toEqual({ cmdline: [''] });
  });

  test('commandLines() marks a command line that is only the beginning, and leaves out half a character', () => {
    const cut = { keptBytes: 4, lengthBytes: 9 };
    expect(one(Buffer.from('a\0b\0'), 9)).toEqual({ cmdline: ['a', 'b'], cmdlineCut: cut });
    expect(one(Buffer.from('abé').subarray(0, 3), 9)).toEqual({
      cmdline: ['ab'],
      cmdlineCut: { keptBytes: 3, lengthBytes: 9 },
    });
  });

  test('commandLines() carries every byte where some are not UTF-8', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (array) => {
        const bytes = Buffer.from(array);
        const { cmdline = [], cmdlineBase64 } = one(bytes) ?? {};
        const joined = bytes.length === 0 ? '' : cmdline.join('\0') + (bytes.at(-1) === 0 ? '\0' : '');
        const carried = cmdlineBase64 === undefined ? Buffer.from(joined) : Buffer.from(cmdlineBase64, 'base64');
        expect(carried).toEqual(bytes);
        expect(cmdlineBase64 !== undefined).toBe(!Buffer.from(bytes.toString()).equals(bytes));
      }),
    );
  });

  test('commandLines() bounds the number of arguments, of whoever has the most', () => {
    const lines = commandLines(
      new Map([
        [1, raw(Buffer.alloc(MAX_ARGUMENTS))],
        [2, raw(Buffer.alloc(MAX_ARGUMENTS))],
        [3, raw(Buffer.from('sleep\0one\0'))],
      ]),
    );
    expect(lines.get(3)).toEqual({ cmdline: ['sleep', 'one'] });
    for (const pid of [1, 2]) {
      const { cmdline, cmdlineCut } = lines.get(pid) ?? {};
      expect(cmdline).toHaveLength(MAX_ARGUMENTS / 2 - 1);
      expect(cmdlineCut).toEqual({ keptBytes: MAX_ARGUMENTS / 2 - 1, lengthBytes: MAX_ARGUMENTS });
    }
  });
});

describe('countCommandLines()', () => {
  test('countCommandLines() counts whole, cut and missing ones', () => {
    const lines = commandLines(
      new Map<number, RawCommandLine>([
        [1, raw(Buffer.from('a\0'))],
        [2, raw(Buffer.from('a\0'), 9)],
        [3, { unread: 'Gone' }],
        [4, { unread: 'Blocked' }],
        [5, { unread: 'Blocked' }],
      ]),
    );
    expect(countCommandLines(lines)).toEqual({ whole: 1, cut: 1, unread: { Gone: 1, Blocked: 2 } });
  });
});
