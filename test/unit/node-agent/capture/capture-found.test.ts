/** A capture of a pod that somebody else has frozen, or is freezing: it is left so, and never thawed in between. */
import { describe, expect, test } from '@jest/globals';
import { containerTarget, count, freezerWrites, makeScene, POD, type Scene } from './scene.js';

const VERSIONS = ['v1', 'v2'] as const;
type Version = (typeof VERSIONS)[number];
const PTRACE = ['seize', 'interrupt', 'detach', 'eventMessage', 'peek', 'reap'] as const;

function frozen(version: Version): Scene & { readonly pid: number } {
  const scene = makeScene(version);
  const pid = scene.add({ threads: 1 });
  scene.host.freeze(version, POD);
  scene.host.advance(10_000);
  return { ...scene, pid };
}

function expectLeftFrozen(scene: Scene, version: Version): void {
  expect(freezerWrites(scene)).toEqual([]);
  expect(scene.host.cgroup(version, POD).frozenBy).toBe('other');
  expect(scene.kernel.openPaths()).toEqual([]);
  expect(scene.host.audit()).toEqual([]);
}

function ptraceCalls(scene: Scene): number {
  return PTRACE.reduce((sum, name) => sum + count(scene, name), 0);
}

/** As the resolver hands it over where freezers are not to be used, or as usual. */
function targets(scene: Scene, version: Version, freezer: 'asFound' | 'none') {
  const target = containerTarget(scene.host, version);
  return { containers: [freezer === 'none' ? { ...target, freezer } : target] };
}

describe.each(['asFound', 'none'] as const)('capture() of a cgroup found FROZEN, freezer %s', (freezer) => {
  test('on v1 reads it and makes no call of ptrace', () => {
    const scene = frozen('v1');
    const raw = scene.run(targets(scene, 'v1', freezer));
    const made = scene.report(raw);
    expect(raw.failure).toBeUndefined();
    expect(made.tree).toMatchObject([{ pid: scene.pid, state: 'Alive' }]);
    expect(made.containers).toMatchObject([{ freezer: 'V1', wasFrozen: true, processes: 1, threads: 2 }]);
    expect(ptraceCalls(scene)).toBe(0);
    expectLeftFrozen(scene, 'v1');
  });

  test('on v2 seizes and stops every thread in place', () => {
    const scene = frozen('v2');
    const raw = scene.run(targets(scene, 'v2', freezer));
    const made = scene.report(raw);
    expect(raw.failure).toBeUndefined();
    expect(made.containers).toMatchObject([{ freezer: 'V2', wasFrozen: true, processes: 1, threads: 2 }]);
    expect([count(scene, 'seize'), count(scene, 'detach')]).toEqual([2, 2]);
    expect(raw.threadMustEnd).toBe(false);
    expectLeftFrozen(scene, 'v2');
  });
});

describe.each(VERSIONS)('capture() of a cgroup found FREEZING on %s', (version) => {
  test('waits until it is FROZEN and treats it alike', () => {
    const scene = makeScene(version);
    scene.add();
    scene.host.addCgroup(version, POD, { freezeMicroseconds: 20_000 });
    scene.host.freeze(version, POD);
    const raw = scene.run();
    expect(raw.failure).toBeUndefined();
    expect(raw.targets).toMatchObject([{ freezer: version, wasFrozen: true }]);
    expect(count(scene, 'seize')).toBe(version === 'v1' ? 0 : 1);
    expectLeftFrozen(scene, version);
  });

  test('fails with FreezeTimeout when it never is, and touches nothing', () => {
    const scene = makeScene(version);
    scene.add();
    scene.host.addCgroup(version, POD, { neverFreezes: true });
    scene.host.freeze(version, POD);
    const raw = scene.run({ timeoutMicroseconds: 250_000 });
    expect(raw.failure?.reason).toBe('FreezeTimeout');
    expect(ptraceCalls(scene)).toBe(0);
    expectLeftFrozen(scene, version);
  });
});

test('capture() fails with FreezerChanged when a v1 cgroup found FROZEN is thawed while it is read', () => {
  const scene = frozen('v1');
  scene.kernel.script.at(
    (call) => call.name === 'readInto' && call.args[0] === `/proc/${scene.pid + 1}/status`,
    () => scene.host.freeze('v1', POD, false),
  );
  expect(scene.run().failure?.reason).toBe('FreezerChanged');
  expect(freezerWrites(scene)).toEqual([]);
  expect(ptraceCalls(scene)).toBe(0);
});

test('capture() fails with KernelThreadInCgroup when somebody else freezes a v2 cgroup with a kernel thread', () => {
  const scene = makeScene('v2');
  scene.add();
  const kthread = scene.add({ kthread: true, comm: 'kworker' });
  scene.host.freeze('v2', POD);
  const raw = scene.run();
  expect(raw.failure?.reason).toBe('KernelThreadInCgroup');
  expect(raw.failure?.message).toContain(`${kthread} (kworker)`);
  expectLeftFrozen(scene, 'v2');
});
