import { describe, expect, test } from '@jest/globals';
import { makeScene, POD } from './scene.js';

describe('capture() of a task that forks into another cgroup', () => {
  test.each([
    ['while it is seized', 0, false],
    ['when it joins during a hold', 200_000, true],
  ])('lets the child go, %s', (_when, holdMicroseconds, joins) => {
    const scene = makeScene('none');
    const { host, kernel } = scene;
    host.addCgroup('v2', '/elsewhere');
    const first = scene.add();
    const children: number[] = [];
    const parent = joins ? host.addProcess({ v1: '/', v2: '/elsewhere' }) : first;
    if (joins) kernel.script.at({ name: 'peek', nth: 4 }, () => host.move(parent, 'v2', POD));
    // Right after its SEIZE, and before its INTERRUPT.
    kernel.script.at(
      (call) => call.name === 'interrupt' && call.args[0] === parent && children.length === 0,
      () => {
        const child = host.spawn(parent, 'fork');
        if (child === undefined) return;
        children.push(child);
        host.move(child, 'v2', '/elsewhere');
      },
    );
    const raw = scene.run({ holdMicroseconds });
    if (raw.threadMustEnd) kernel.endTracingThread();
    expect(children).toHaveLength(1);
    expect(raw.failure).toBeUndefined();
    expect(raw.tasks.map((task) => task.tid)).not.toContain(children[0]);
    expect(host.audit()).toEqual([]);
  });
});
