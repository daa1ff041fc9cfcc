import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseBootTime } from '../../../../src/node-agent/pure/boot-time.js';
import { decimal, decimals } from '../../../../src/node-agent/pure/decimal.js';
import { parseNsLink } from '../../../../src/node-agent/pure/ns-link.js';
import {
  cut,
  describeParseError,
  missing,
  printable,
  unreadable,
} from '../../../../src/node-agent/pure/parse-error.js';

describe('parseNsLink()', () => {
  test('parseNsLink() reads type and inode', () => {
    expect(parseNsLink('mnt:[4026531840]')).toEqual({ ok: true, value: { type: 'mnt', inode: 4026531840 } });
  });

  test.each([
    '',
    'mnt',
    'mnt:[]',
    'mnt:[4026531840',
    'mnt:[x]',
    ':[1]',
    'mnt:[1]\n',
    '/dev/null',
    `mnt:[${'9'.repeat(20)}]`,
  ])('parseNsLink() rejects %j', (text) => {
    expect(parseNsLink(text).ok).toBe(false);
  });

  test('parseNsLink() never throws', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(typeof parseNsLink(text).ok).toBe('boolean');
      }),
    );
  });
});

describe('parseBootTime()', () => {
  const STAT = 'cpu  1 2 3\nintr 9 0 0\nctxt 5\nbtime 1795434000\nprocesses 3\n';

  test('parseBootTime() reads seconds since the epoch, on whichever line', () => {
    expect(parseBootTime(STAT)).toEqual({ ok: true, value: 1795434000 });
    expect(parseBootTime('btime 5\n')).toEqual({ ok: true, value: 5 });
  });

  test('parseBootTime() never answers half a number', () => {
    for (let length = 0; length < STAT.length; length++) {
      const parsed = parseBootTime(STAT.slice(0, length));
      expect([-1, 1795434000]).toContain(parsed.ok ? parsed.value : -1);
    }
  });

  test('parseBootTime() names what is wrong', () => {
    expect(parseBootTime('cpu 1\nxbtime 5\n')).toMatchObject({ error: { line: 0, text: 'btime' } });
    expect(parseBootTime('cpu 1\nbtime x\n')).toMatchObject({ error: { line: 2, text: 'btime x' } });
  });

  test('parseBootTime() never throws', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(typeof parseBootTime(`btime ${text}`).ok).toBe('boolean');
      }),
    );
  });
});

describe('decimal()', () => {
  test.each(['', ' 1', '+1', '-1', '1e3', '0x1', '1.0', '١', '1234567890123456'])('decimal() refuses %j', (text) => {
    expect(decimal(text)).toBe(-1);
  });

  test('decimal() reads what the kernel prints', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 999_999_999_999_999 }), (n) => {
        expect(decimal(`x${n}y`, 1, `${n}`.length + 1)).toBe(n);
      }),
    );
  });

  test('decimals() reads a list, or nothing when one of it is damaged', () => {
    expect(decimals('1\t2\t3', '\t', 0, 5)).toEqual([1, 2, 3]);
    expect(decimals('1\t2\t3', '\t', 0, 3)).toEqual([1, 2]);
    expect(decimals('1\t\t3', '\t', 0, 4)).toBeUndefined();
    expect(decimals('', '\t', 0, 0)).toBeUndefined();
  });
});

describe('ParseError', () => {
  test('printable() escapes control, format and separator characters', () => {
    expect(printable('a\n\u001b[31m\u202e\u2028\ud800')).toBe('a\\u{a}\\u{1b}[31m\\u{202e}\\u{2028}\\u{d800}');
  });

  test('printable() is idempotent on what it answers, short, and whole characters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), fc.integer({ min: 1, max: 200 }), (text, max) => {
        const answer = printable(text, max);
        expect(answer.length).toBeLessThanOrEqual(max);
        expect(printable(answer, max)).toBe(answer);
        expect(answer).not.toMatch(/\p{Cs}/u);
      }),
    );
  });

  test('printable() marks a cut, also one in the middle of a surrogate pair', () => {
    expect(printable('x'.repeat(81))).toBe(`${'x'.repeat(79)}…`);
    expect(printable('x'.repeat(80))).toBe('x'.repeat(80));
    expect(printable(`${'x'.repeat(78)}😀😀`)).toBe(`${'x'.repeat(78)}…`);
  });

  test('describeParseError() says where, or what is missing', () => {
    expect(describeParseError(unreadable('f', 3, 'x\n').error)).toBe('f: line 3 cannot be read: "x\\u{a}"');
    expect(describeParseError(missing('f', 'Tgid').error)).toBe('f: Tgid is missing');
    expect(cut('f', 'a\nb\nhal').error).toEqual({ file: 'f', line: 3, text: 'hal' });
  });
});
