import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseStat, PF_EXITING, PF_KTHREAD } from '../../../../src/node-agent/pure/proc-stat.js';

const REST =
  'Z 8040 8037 3220 0 -1 4227084 118 0 0 0 0 0 0 0 20 0 1 0 225252 0 0 18446744073709551615 0 0 0 0 0 0 0 6 0 1 0 0 17 0 0 0 0 0 0 0 0 0 0 0 0 0 0';
const ZOMBIE = `8042 (sleep) ${REST}\n`;
const KTHREADD =
  '2 (kthreadd) S 0 0 0 0 -1 2129984 0 0 0 0 0 0 0 0 20 0 1 0 24 0 0 18446744073709551615 0 0 0 0 0 0 0 2147483647 0 1 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n';

describe('parseStat()', () => {
  test('parseStat() reads a zombie, which is exiting', () => {
    const parsed = parseStat(ZOMBIE);
    expect(parsed).toEqual({
      ok: true,
      value: { pid: 8042, comm: 'sleep', state: 'Z', ppid: 8040, flags: 4227084, threads: 1, startTimeTicks: 225252 },
    });
    expect(parsed.ok && parsed.value.flags & PF_EXITING).not.toBe(0);
    expect(parsed.ok && parsed.value.flags & PF_KTHREAD).toBe(0);
  });

  test('parseStat() reads a kernel thread, which says so by its flags', () => {
    const parsed = parseStat(KTHREADD);
    expect(parsed.ok && parsed.value.flags & PF_KTHREAD).not.toBe(0);
  });

  test('parseStat() takes the name up to the last parenthesis, whatever is in it', () => {
    const comm = fc.string({ unit: fc.constantFrom('a', ' ', '(', ')', '\n', 'S', '1', 'é'), maxLength: 15 });
    fc.assert(
      fc.property(comm, fc.integer({ min: 1, max: 0x7fffffff }), (name, pid) => {
        expect(parseStat(`${pid} (${name}) ${REST}\n`)).toMatchObject({
          ok: true,
          value: { pid, comm: name, ppid: 8040 },
        });
      }),
    );
  });

  test('parseStat() rejects a file that is cut anywhere', () => {
    const text = `8042 (a) R 1\n) ${REST}\n`;
    for (let length = 0; length < text.length; length++) expect(parseStat(text.slice(0, length)).ok).toBe(false);
  });

  test.each([
    '',
    '\n',
    '()\n',
    '1 () R\n',
    'x (a) R 1 1\n',
    ZOMBIE.replace('8040', '-8040'),
    ZOMBIE.replace(' Z ', ' 9 '),
  ])('parseStat() rejects %j', (text) => {
    expect(parseStat(text)).toMatchObject({ ok: false, error: { file: '/proc/PID/stat', line: 1 } });
  });

  test('parseStat() never throws', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string(), (before, after) => {
        expect(typeof parseStat(`1 (${before}) ${after}\n`).ok).toBe('boolean');
        expect(typeof parseStat(before).ok).toBe('boolean');
      }),
    );
  });
});
