/** Cgroups below the target on v1 that somebody else has frozen. */
import { describe, expect, test } from '@jest/globals';
import { freezerWrites, makeScene, POD, type Scene } from './scene.js';

const NESTED = `${POD}/nested`;

function nested(stopSignal?: number): Scene & { readonly inner: number } {
  const scene = makeScene('v1');
  scene.add();
  const inner = scene.host.addProcess({ v1: NESTED, v2: POD, ...(stopSignal === undefined ? {} : { stopSignal }) });
  scene.host.freeze('v1', NESTED);
  scene.host.advance(10_000);
  return { ...scene, inner };
}

describe('capture() with a frozen cgroup below a v1 target', () => {
  test('reads its tasks, traces none of them, and leaves it frozen', () => {
    const scene = nested();
    const raw = scene.run();
    expect(raw.failure).toBeUndefined();
    expect(scene.report(raw).tree.map((row) => row.pid)).toContain(scene.inner);
    expect(scene.kernel.script.log.filter((call) => call.name === 'seize' && call.args[0] === scene.inner)).toEqual([]);
    expect(freezerWrites(scene)).toEqual(['FROZEN', 'THAWED']);
    expect(scene.host.cgroup('v1', NESTED).frozenBy).toBe('other');
    expect(scene.host.audit()).toEqual([]);
  });

  test('fails with FreezerChanged when somebody thaws it meanwhile', () => {
    const scene = nested();
    scene.kernel.script.at({ name: 'seize' }, () => scene.host.freeze('v1', NESTED, false));
    expect(scene.run().failure?.reason).toBe('FreezerChanged');
  });

  test('tells that a process in it is in a job-control stop', () => {
    const scene = nested(19);
    const row = scene.report(scene.run()).tree.find(({ pid }) => pid === scene.inner);
    expect(row?.state).toBe('Stopped');
  });

  test('does not seize its tasks when it goes on by interrupts', () => {
    const scene = nested(19);
    scene.add({ activity: 'uninterruptible' });
    const raw = scene.run();
    expect(raw.failure).toBeUndefined();
    expect(raw.unfrozen.map((task) => task.tid)).not.toContain(scene.inner);
  });
});

test('capture() does not report a task as unfrozen that froze late and reached its stop after all', () => {
  const scene = makeScene('v1');
  scene.add();
  const slow = scene.add({ activity: 'uninterruptible' });
  scene.kernel.script.at({ name: 'seize' }, () => scene.host.setActivity(slow, 'sleeping'));
  expect(scene.run().unfrozen).toEqual([]);
});
