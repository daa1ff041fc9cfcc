/** Whose freezer it is, when somebody else closes it between the announcement and the end. */
import { describe, expect, test } from '@jest/globals';
import { constants } from 'node:os';
import { EBUSY } from '../../../../src/native/errno.js';
import { fakeGuard, type FakeGuard } from '../../../fake/guard.js';
import { containerTarget, freezerWrites, makeScene, POD, type Scene } from './scene.js';

function kindsOf(guard: FakeGuard): string[] {
  return guard.told.map(({ kind }) => kind);
}

function scene(mode: 'v1' | 'v2'): Scene {
  const made = makeScene(mode);
  made.add();
  return made;
}

describe.each(['v1', 'v2'] as const)('capture() with %s, and a freezer that somebody else closes', (mode) => {
  test('disowns what it announced and never closed', () => {
    const made = scene(mode);
    const guard = fakeGuard({
      announce: () => {
        made.host.freeze(mode, POD, true);
        return -constants.errno.ENOSPC;
      },
    });
    const raw = made.run({}, { guard });
    expect(raw.failure?.reason).toBe('GuardUnavailable');
    expect(kindsOf(guard)).toEqual(['announce', 'disowned', 'done']);
    expect(freezerWrites(made)).toEqual([]);
    expect(made.host.cgroup(mode, POD).frozenBy).toBe('other');
  });

  test('refuses a cgroup whose path is too long for the guard, and says how long it may be', () => {
    const made = scene(mode);
    const raw = made.run({}, { guard: fakeGuard({ announce: () => -constants.errno.ENAMETOOLONG }) });
    expect(raw.failure).toMatchObject({
      reason: 'InvalidTarget',
      message: expect.stringMatching(
        /^the path of the cgroup has \d+ bytes, and the guard takes at most 3967; nothing was frozen: \//,
      ),
    });
    expect(freezerWrites(made)).toEqual([]);
  });

  test.each([
    [30, 9, undefined],
    [3, 90, 'the guard took longer than 200000 µs to answer for 3 cgroups, 5 times'],
    [60, 9, 'the guard took longer than 400000 µs to answer for 60 cgroups, 5 times'],
  ])(
    'of %d cgroups with %d ms for each answer of the guard ends with the message %s',
    (cgroups, milliseconds, message) => {
      const made = scene(mode);
      const containers = Array.from({ length: cgroups }, (_, index) => {
        const path = `${POD}/c${index}`;
        made.host.addCgroup(mode, path);
        made.host.addProcess({ [mode]: path });
        return containerTarget(made.host, mode, path);
      });
      const guard = fakeGuard({
        announce: () => {
          made.host.advance(1000 * milliseconds);
          return 0;
        },
      });
      const raw = made.run({ containers }, { guard });
      expect(raw.failure?.message).toBe(message);
      expect(guard.open()).toEqual([]);
      expect(made.host.audit()).toEqual([]);
    },
  );

  test('disowns what it has proved open, and does not open it a second time', () => {
    const made = scene(mode);
    const guard = fakeGuard({
      opened: () => {
        made.host.freeze(mode, POD, true);
        return -EBUSY;
      },
    });
    const raw = made.run({}, { guard });
    expect(raw.failure).toBeUndefined();
    expect(kindsOf(guard)).toEqual(['announce', 'opened', 'disowned', 'done']);
    expect(freezerWrites(made)).toEqual(mode === 'v1' ? ['FROZEN', 'THAWED'] : ['1', '0']);
    expect(made.host.cgroup(mode, POD).frozenBy).toBe('other');
    expect(guard.open()).toEqual([]);
  });
});
