import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  parseStatus,
  stateOf,
  tgidOf,
  tracerPidOf,
  unescapeComm,
} from '../../../../src/node-agent/pure/proc-status.js';

const ZOMBIE = `Name:\tsleep
State:\tZ (zombie)
Tgid:\t8042
Ngid:\t0
Pid:\t8043
PPid:\t8040
TracerPid:\t7
Uid:\t0\t1\t2\t4294967295
Gid:\t10\t11\t12\t13
FDSize:\t0
Groups:\t10 20 
NStgid:\t8042\t12
NSpid:\t8043\t13
NSpgid:\t8037\t1
NSsid:\t3220\t1
Kthread:\t0
Threads:\t1
SigQ:\t0/96365
CapInh:\t0000000000000000
CapPrm:\t000001fffeffffff
CapEff:\t000001fffeffff0f
CapBnd:\t000001fffeffffff
CapAmb:\t0000000000000001
NoNewPrivs:\t1
Seccomp:\t2
Seccomp_filters:\t1
Speculation_Store_Bypass:\tvulnerable
Cpus_allowed:\t3
nonvoluntary_ctxt_switches:\t0
`;

/** What Linux 3.10 prints of these fields. */
const OLD = `Name:\told
State:\tS (sleeping)
Tgid:\t5
Pid:\t5
PPid:\t1
TracerPid:\t0
Uid:\t0\t0\t0\t0
Gid:\t0\t0\t0\t0
Groups:\t
CapInh:\t0000000000000000
CapPrm:\t0000001fffffffff
CapEff:\t0000001fffffffff
CapBnd:\t0000001fffffffff
`;

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const escapeComm = (comm: string): string => comm.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');

const comm = fc
  .string({ unit: fc.constantFrom('a', ' ', '(', ')', '\n', '\\', 'n', '\t', ':', 'T', 'é', '😀'), maxLength: 15 })
  .filter((text) => !text.includes('\0'));
const id = fc.integer({ min: 0, max: 0x7fffffff });

describe('parseStatus()', () => {
  test('parseStatus() reads every field', () => {
    expect(parseStatus(ZOMBIE)).toEqual({
      ok: true,
      value: {
        comm: 'sleep',
        state: 'Z',
        tgid: 8042,
        pid: 8043,
        ppid: 8040,
        tracerPid: 7,
        uids: { real: 0, effective: 1, saved: 2, filesystem: 4294967295 },
        gids: { real: 10, effective: 11, saved: 12, filesystem: 13 },
        nsPids: [8042, 12],
        nsTids: [8043, 13],
        pgid: 8037,
        sid: 3220,
        capabilities: {
          inheritable: '0000000000000000',
          permitted: '000001fffeffffff',
          effective: '000001fffeffff0f',
          bounding: '000001fffeffffff',
          ambient: '0000000000000001',
        },
        noNewPrivileges: true,
        seccomp: 'Filter',
        kthread: false,
      },
    });
  });

  test('parseStatus() fills in what an old kernel does not print', () => {
    const parsed = parseStatus(OLD);
    expect(parsed).toMatchObject({
      ok: true,
      value: { nsPids: [5], nsTids: [5], pgid: 0, sid: 0, noNewPrivileges: false, seccomp: 'Disabled' },
    });
    expect(parsed.ok && parsed.value.capabilities.ambient).toBe('0000000000000000');
    expect(parsed.ok && 'kthread' in parsed.value).toBe(false);
  });

  test.each([
    ['0', 'Disabled'],
    ['1', 'Strict'],
    ['3', 'Filter'],
  ])('parseStatus() reads seccomp mode %s as %s', (mode, seccomp) => {
    expect(parseStatus(ZOMBIE.replace('Seccomp:\t2', `Seccomp:\t${mode}`))).toMatchObject({ value: { seccomp } });
  });

  test.each(['Name', 'State', 'Tgid', 'Pid', 'PPid', 'TracerPid', 'Uid', 'Gid'])(
    'parseStatus() says that %s is missing',
    (name) => {
      const text = ZOMBIE.replace(new RegExp(`^${name}:.*\n`, 'm'), '');
      expect(parseStatus(text)).toEqual({ ok: false, error: { file: '/proc/PID/status', line: 0, text: name } });
    },
  );

  test.each([
    ['Tgid:\t8042', 'Tgid:\t-1', 3],
    ['Pid:\t8043', 'Pid:\t80x', 5],
    ['State:\tZ (zombie)', 'State:\t', 2],
    ['State:\tZ (zombie)', 'State:\tZombie', 2],
    ['Uid:\t0\t1\t2\t4294967295', 'Uid:\t0\t1\t2', 8],
    ['Uid:\t0\t1\t2\t4294967295', 'Uid:\t0\t1\t2\t3\t4', 8],
    ['NStgid:\t8042\t12', 'NStgid:\t8042\t', 12],
    ['CapEff:\t000001fffeffff0f', 'CapEff:\t1f', 21],
    ['NoNewPrivs:\t1', 'NoNewPrivs:\t2', 24],
    ['Seccomp:\t2', 'Seccomp:\t4', 25],
    ['Kthread:\t0', 'Kthread:\t', 16],
  ])('parseStatus() names the line when %j is damaged to %j', (before, after, line) => {
    const parsed = parseStatus(ZOMBIE.replace(before, after));
    expect(parsed).toMatchObject({ ok: false, error: { line } });
  });

  test('parseStatus() rejects a file cut in the middle of a line', () => {
    const parts = Array.from(ZOMBIE, (_, length) => ZOMBIE.slice(0, length)).filter((part) => !part.endsWith('\n'));
    expect(parts.filter((part) => parseStatus(part).ok)).toEqual([]);
  });

  test('parseStatus() returns the name that the kernel escaped, whatever is in it', () => {
    fc.assert(
      fc.property(comm, id, id, (name, tgid, ppid) => {
        const text = ZOMBIE.replace('sleep', () => escapeComm(name))
          .replace('Tgid:\t8042', `Tgid:\t${tgid}`)
          .replace('PPid:\t8040', `PPid:\t${ppid}`);
        expect(parseStatus(text)).toMatchObject({ ok: true, value: { comm: name, tgid, ppid } });
        expect(tgidOf(encode(text), encode(text).length)).toBe(tgid);
      }),
    );
  });

  test('parseStatus() never throws, and its error is short and printable', () => {
    const line = fc.oneof(fc.constantFrom(...ZOMBIE.split('\n')), fc.string({ unit: 'binary', maxLength: 200 }));
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        const parsed = parseStatus(`${lines.join('\n')}\n`);
        const text = parsed.ok ? '' : parsed.error.text;
        expect(text.length).toBeLessThanOrEqual(80);
        expect(text).not.toMatch(/\p{C}/u);
      }),
    );
  });
});

describe('unescapeComm()', () => {
  test('unescapeComm() does not take an escaped backslash before an n for a newline', () => {
    expect(unescapeComm('a\\\\nb')).toBe('a\\nb');
    expect(unescapeComm('a\\nb')).toBe('a\nb');
  });
});

describe('raw fields', () => {
  const bytes = encode(ZOMBIE);

  test('tgidOf(), tracerPidOf() and stateOf() find their fields', () => {
    expect(tgidOf(bytes, bytes.length)).toBe(8042);
    expect(tracerPidOf(bytes, bytes.length)).toBe(7);
    expect(String.fromCharCode(stateOf(bytes, bytes.length))).toBe('Z');
  });

  test('tgidOf() and tracerPidOf() never answer half a number, however the file is cut', () => {
    for (let length = 0; length <= bytes.length; length++) {
      expect([-1, 8042]).toContain(tgidOf(bytes, length));
      expect([-1, 7]).toContain(tracerPidOf(bytes, length));
      expect([-1, 'Z'.charCodeAt(0)]).toContain(stateOf(bytes, length));
    }
  });

  test('tgidOf() does not look beyond the length, where an earlier file may stand', () => {
    expect(tgidOf(bytes, ZOMBIE.indexOf('Tgid'))).toBe(-1);
  });

  test('tgidOf() is not deceived by a name', () => {
    const text = ZOMBIE.replace('sleep', 'a\\nTgid:\\t1\\n');
    expect(tgidOf(encode(text), text.length)).toBe(8042);
  });

  test('tgidOf(), tracerPidOf() and stateOf() never throw and answer an id or -1', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.integer({ min: 0, max: 300 }), (damage, length) => {
        const mixed = new Uint8Array([...encode('Name:\tx\nTgid:\t'), ...damage]);
        for (const answer of [tgidOf(mixed, length), tracerPidOf(mixed, length), stateOf(mixed, length)]) {
          expect(Number.isSafeInteger(answer) && answer >= -1).toBe(true);
        }
      }),
    );
  });
});
