import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseCredentials } from '../../../../src/node-agent/pure/proc-status.js';
import { agree, digestStatus, type StatusDigest } from '../../../../src/node-agent/pure/status-digest.js';
import { dropGroups } from '../../../../src/node-agent/pure/without-groups.js';

const LINES = [
  'Name:\tserver',
  'Umask:\t0022',
  'State:\tS (sleeping)',
  'Tgid:\t4711',
  'Ngid:\t0',
  'Pid:\t4713',
  'PPid:\t1',
  'TracerPid:\t0',
  'Uid:\t33\t33\t33\t33',
  'Gid:\t34\t34\t34\t34',
  'FDSize:\t64',
  'Groups:\t4 24 27 ',
  'NStgid:\t4711',
  'NSpid:\t4713',
  'NSpgid:\t4711',
  'NSsid:\t4711',
  'Kthread:\t0',
  'VmPeak:\t    3060 kB',
  'VmSize:\t    3060 kB',
  'CoreDumping:\t0',
  'Threads:\t2',
  'SigQ:\t0/96365',
  'SigPnd:\t0000000000080000',
  'ShdPnd:\t0000000000040000',
  'SigBlk:\t0000000000000000',
  'CapInh:\t0000000000000000',
  'CapPrm:\t00000000a80425fb',
  'CapEff:\t00000000a80425fb',
  'CapBnd:\t00000000a80425fb',
  'CapAmb:\t0000000000000000',
  'NoNewPrivs:\t1',
  'Seccomp:\t2',
  'Seccomp_filters:\t1',
  'Cpus_allowed:\t3',
];

function status(change: Readonly<Record<string, string>> = {}): Uint8Array {
  const lines = LINES.map((line) => {
    const name = line.slice(0, line.indexOf(':'));
    return change[name] === undefined ? line : `${name}:\t${change[name]}`;
  });
  return Buffer.from(`${lines.join('\n')}\n`);
}

describe('digestStatus()', () => {
  test('takes name, process, state, pending stops and what tells of a core dump', () => {
    expect(digestStatus(status())).toMatchObject({
      tgid: 4711,
      comm: 'server',
      state: 'S',
      pendingStops: 1 << 19,
      sharedPendingStops: 1 << 18,
      kernelThread: false,
      hasMemory: true,
      coreDumping: false,
    });
    expect(digestStatus(status({ CoreDumping: '1' }))?.coreDumping).toBe(true);
    expect(digestStatus(status({ Kthread: '1' }))?.kernelThread).toBe(true);
  });

  test('keeps the lines that parseCredentials() reads', () => {
    expect(parseCredentials(digestStatus(status())?.credentials ?? '')).toMatchObject({
      uids: { real: 33, effective: 33, saved: 33, filesystem: 33 },
      gids: { real: 34 },
      capabilities: { effective: '00000000a80425fb' },
      noNewPrivileges: true,
      seccomp: 'Filter',
    });
  });

  test('is undefined for a file cut anywhere, but for one that still has all that is compared', () => {
    const whole = status();
    const expected = digestStatus(whole);
    const others = Array.from({ length: whole.length }, (_, length) => digestStatus(whole.subarray(0, length)))
      .filter((cut) => cut !== undefined)
      .filter((cut) => JSON.stringify(cut) !== JSON.stringify(expected));
    expect(others).toEqual([]);
  });

  test('is not misled by a name that looks like a line', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 15 }), (name) => {
        const escaped = name.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\0', '');
        expect(digestStatus(status({ Name: escaped }))?.tgid).toBe(4711);
      }),
    );
    expect(digestStatus(status({ Name: '\\nTgid:\\t1' }))).toMatchObject({ tgid: 4711, comm: '\nTgid:\\t1' });
  });
});

function digest(change: Readonly<Record<string, string>> = {}): StatusDigest {
  const made = digestStatus(status(change));
  if (made === undefined) throw new Error('no digest');
  return made;
}

describe('agree()', () => {
  test.each([
    ['name', { Name: 'other' }],
    ['user', { Uid: '0\t0\t0\t0' }],
    ['group', { Gid: '0\t34\t34\t34' }],
    ['capabilities', { CapEff: '0000000000000000' }],
    ['seccomp mode', { Seccomp: '0' }],
    ['pending stops', { SigPnd: '0000000000000000' }],
    ['process', { Tgid: '4712' }],
  ])('is false when the %s has changed', (_, change) => {
    expect(agree(digest(), digest(change as Readonly<Record<string, string>>))).toBe(false);
  });

  test('is true when only what is not compared has changed', () => {
    expect(agree(digest(), digest({ State: 'R (running)', SigQ: '1/96365', Threads: '9' }))).toBe(true);
  });
});

describe('dropGroups()', () => {
  test('cuts the groups out, however many, and leaves every other line', () => {
    const bytes = Uint8Array.from(status({ Groups: Array.from({ length: 65_536 }, (_, id) => id + 70_000).join(' ') }));
    const length = dropGroups(bytes, bytes.length);
    const text = Buffer.from(bytes.subarray(0, length)).toString();
    expect(text).toBe(`${LINES.filter((line) => !line.startsWith('Groups:')).join('\n')}\n`);
    expect(digestStatus(bytes.subarray(0, length))).toEqual(digestStatus(status()));
  });

  test('leaves a file without the line, or cut in it, as it is', () => {
    const cut = Uint8Array.from(Buffer.from('Name:\tsh\nGroups:\t4 24'));
    expect(dropGroups(cut, cut.length)).toBe(cut.length);
    const without = Uint8Array.from(Buffer.from('Name:\tsh\nState:\tS\n'));
    expect(dropGroups(without, without.length)).toBe(without.length);
  });
});
