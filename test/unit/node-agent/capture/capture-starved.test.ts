/** A capture on a node without CPU time: what takes milliseconds as a rule takes seconds, and no freezer is closed for a second. */
import { describe, expect, test } from '@jest/globals';
import { fakeGuard } from '../../../fake/guard.js';
import { containerTarget, freezerWrites, makeScene, type Scene } from './scene.js';

const WINDOW_MICROSECONDS = 800_000;
/** The clock is looked at after 64 seizes, of a millisecond each here; the guard acts at 1 s. */
const SLACK_MICROSECONDS = 80_000;
const LONG = { timeoutMicroseconds: 10_000_000 };

/** From the first word written to a freezer to the last, which has to be the one that opens it. */
function closedFor(scene: Scene): number {
  const writes = scene.kernel.script.log.filter(({ name }) => name === 'write');
  expect(['THAWED', '0']).toContain(freezerWrites(scene).at(-1));
  return (writes.at(-1)?.at ?? 0) - (writes[0]?.at ?? 0);
}

/** It took longer than any freezer may be closed, went on without, and left nothing. */
function expectWentOn(scene: Scene, raw: ReturnType<Scene['run']>, tasks: number): void {
  expect(raw).toMatchObject({ failure: undefined, thawUnproved: [], unfrozen: [], threadMustEnd: false });
  expect(scene.report(raw).threads).toBe(tasks);
  expect(raw.timings.pauseMicroseconds).toBeGreaterThan(WINDOW_MICROSECONDS);
  expect(closedFor(scene)).toBeLessThan(WINDOW_MICROSECONDS + SLACK_MICROSECONDS);
  expect(scene.kernel.openPaths()).toEqual([]);
  expect(scene.host.audit()).toEqual([]);
}

describe('capture() of a container that was found frozen, beside one that was not', () => {
  test.each([0, 1])(
    'seizes every task of both when the freezer has to be opened meanwhile, found frozen as number %i',
    (index) => {
      const scene = makeScene('v2');
      const paths = ['/kubepods/pod/ours', '/kubepods/pod/theirs'];
      if (index === 0) paths.reverse();
      for (const v2 of paths) scene.add({ v2, threads: 999 });
      scene.host.freeze('v2', '/kubepods/pod/theirs');
      scene.host.advance(10_000);
      scene.kernel.script.always(
        ({ name }) => name === 'seize',
        () => scene.host.advance(1_000),
      );
      const raw = scene.run({ ...LONG, containers: paths.map((path) => containerTarget(scene.host, 'v2', path)) });
      expect(raw.failure).toBeUndefined();
      expect(scene.report(raw).containers.map(({ threads }) => threads)).toEqual([1000, 1000]);
      expect(freezerWrites(scene)).toEqual(['1', '0']);
      expect(closedFor(scene)).toBeLessThan(WINDOW_MICROSECONDS + SLACK_MICROSECONDS);
      expect(scene.host.audit()).toEqual([]);
    },
  );
});

describe.each(['v1', 'v2'] as const)('capture() with the %s freezer', (version) => {
  test('goes on by interrupts when a task does not get to its freezer in time', () => {
    const scene = makeScene(version);
    scene.add();
    scene.add({ activity: 'running', freezeMicroseconds: 3_000_000 });
    const guard = fakeGuard();
    const raw = scene.run(LONG, { guard });
    expectWentOn(scene, raw, 2);
    expect(raw.targets).toMatchObject([{ freezer: 'none' }]);
    expect(guard.told.map(({ kind }) => kind)).toEqual(['announce', 'opened', 'opened', 'done']);
  });

  test('goes on by interrupts when seizing takes longer than that', () => {
    const scene = makeScene(version);
    scene.add({ threads: 1499 });
    scene.kernel.script.always(
      ({ name }) => name === 'seize',
      () => scene.host.advance(1_000),
    );
    const raw = scene.run(LONG);
    expectWentOn(scene, raw, 1500);
    expect(raw.targets).toMatchObject([{ freezer: 'none' }]);
  });

  test('waits with its freezer open for who does not get to the stop in time', () => {
    const scene = makeScene(version, { stopMicroseconds: 2_000_000 });
    scene.add({ threads: 3 });
    const raw = scene.run(LONG);
    expectWentOn(scene, raw, 4);
    expect(raw.targets).toMatchObject([{ freezer: version }]);
  });

  test('still fails with FreezeTimeout at the timeout of the capture', () => {
    const scene = makeScene(version, { stopMicroseconds: 20_000_000 });
    const pid = scene.add();
    const raw = scene.run({ timeoutMicroseconds: 2_000_000 });
    expect(raw.failure?.reason).toBe('FreezeTimeout');
    expect(raw.unfrozen.map(({ tid }) => tid)).toEqual([pid]);
    expect(closedFor(scene)).toBeLessThan(WINDOW_MICROSECONDS + SLACK_MICROSECONDS);
    // A task that has not come to its stop cannot be detached: the end of the thread lets it go.
    expect(raw.threadMustEnd).toBe(true);
    scene.kernel.endTracingThread();
    expect(scene.host.audit()).toEqual([]);
  });
});
