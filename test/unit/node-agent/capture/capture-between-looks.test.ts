/** What happens between the first look and the freeze, and between the freeze and the end of a hold: nothing hides in the gap. */
import { describe, expect, test } from '@jest/globals';
import { ORDER_CANCEL } from '../../../../src/node-agent/capture/board.js';
import { count, freezerWrites, makeScene, POD, type Mode, type Scene } from './scene.js';

const FREEZERS: readonly Mode[] = ['v1', 'v2'];

/** Runs `act` when the last task has been looked at, and nothing is announced yet. */
function afterLooks({ kernel }: Scene, last: number, act: () => void): void {
  kernel.script.after(({ name, args }) => name === 'open' && String(args[0]).endsWith(`/${last}/children`), act);
}

describe.each(FREEZERS)('capture() with the %s freezer, after the first look', (mode) => {
  test('reads a process whose pid was that of a thread before', () => {
    const scene = makeScene(mode);
    const pid = scene.add({ threads: 2 });
    const thread = pid + 1;
    const raw = scene.run(
      {},
      {
        warmUp: () => {
          scene.host.exit(thread);
          scene.host.addProcess({ tid: thread, v1: POD, v2: POD, comm: 'hidden' });
        },
      },
    );
    const { tree } = scene.report(raw);
    expect(tree.map((row) => [row.pid, row.comm, row.threads.length])).toEqual([
      [pid, 'task', 2],
      [thread, 'hidden', 1],
    ]);
  });

  test('leaves a process alone whose core dump begins before the freeze', () => {
    const scene = makeScene(mode);
    const other = scene.add();
    const dumping = scene.add({ comm: 'crashed', threads: 1 });
    afterLooks(scene, dumping + 1, () => {
      for (const tid of [dumping, dumping + 1]) scene.host.setActivity(tid, 'coreDumping');
    });
    const raw = scene.run();
    expect(raw.failure).toBeUndefined();
    expect(raw.unfrozen.map(({ tid, cause }) => [tid, cause])).toEqual([
      [dumping, 'CoreDump'],
      [dumping + 1, 'CoreDump'],
    ]);
    expect(freezerWrites(scene)).toEqual([]);
    expect(count(scene, 'seize')).toBe(1);
    expect(scene.report(raw).tree.map((row) => row.pid)).toContain(other);
  });

  test('gives a process that is not read in the pause the later of two readings, and marks it', () => {
    const scene = makeScene(mode);
    for (let index = 0; index < 1_030; index++) scene.add();
    const changed = scene.add({ comm: 'before' });
    const raw = scene.run({}, { warmUp: () => void (scene.host.task(changed).comm = 'after') });
    const row = scene.report(raw).tree.find(({ pid }) => pid === changed);
    expect(row).toMatchObject({ comm: 'after', unsettled: true });
  });

  test.each([
    [1_000_000, 'has its namespaces from the hold'],
    [0, 'has none without a hold'],
  ])('a process that comes after the first look, and is gone after the release: %s µs: %s', (holdMicroseconds) => {
    const scene = makeScene(mode);
    const pid = scene.add();
    let newcomer = 0;
    const raw = scene.run({ holdMicroseconds }, { warmUp: () => void (newcomer = scene.add({ ppid: pid })) });
    scene.host.exit(newcomer);
    const { tree } = scene.report(raw);
    const [first, second] = [pid, newcomer].map((each) => tree.find((row) => row.pid === each)?.namespaces ?? {});
    expect(Object.keys(first ?? {})).not.toEqual([]);
    expect(second).toEqual(holdMicroseconds === 0 ? {} : first);
  });

  test('takes a child that was dying when it was seized, and dead when it was read, for the zombie that it became', () => {
    const scene = makeScene(mode);
    const init = scene.add();
    const dying = scene.add({ ppid: init, parentReaps: false });
    scene.host.setActivity(dying, 'exiting');
    let isAsked = false;
    scene.kernel.script.always(
      ({ name, args }) => name === 'interrupt' && args[0] === dying,
      () => void (isAsked = true),
    );
    // The status of the parent is read when the stops are over: the dying task was set aside by then.
    scene.kernel.script.always(
      ({ name, args }) => isAsked && name === 'readInto' && String(args[0]).endsWith(`/${init}/status`),
      () => scene.host.exit(dying),
    );
    const raw = scene.run({ holdMicroseconds: 1_000_000 });
    expect([raw.failure, raw.unfrozen]).toEqual([undefined, []]);
    expect(scene.report(raw).tree.map(({ pid, state }) => [pid, state])).toEqual([
      [init, 'Alive'],
      [dying, 'Zombie'],
    ]);
  });

  test.each([
    [3, 'waits for it'],
    [Infinity, 'does not wait for ever'],
  ])('a child that has left its list and is no zombie before look %s: a hold %s', (deadAt) => {
    const scene = makeScene(mode);
    const init = scene.add();
    const dying = scene.host.addProcess({ v1: '/', v2: '/', ppid: init, parentReaps: false });
    scene.host.setActivity(dying, 'exiting');
    let looks = 0;
    scene.kernel.script.always(
      ({ name, args }) => name === 'readInto' && String(args[0]).endsWith(`/task/${dying}/stat`),
      () => {
        looks += 1;
        if (looks === deadAt) scene.host.exit(dying);
      },
    );
    const raw = scene.run({ holdMicroseconds: 1_000_000 });
    expect([raw.failure, raw.zombiesAreHeld, looks < 60]).toEqual([undefined, true, true]);
    const rows = scene.report(raw).tree.map(({ pid, state }) => [pid, state]);
    expect(rows).toEqual(
      deadAt === 3
        ? [
            [init, 'Alive'],
            [dying, 'Zombie'],
          ]
        : [[init, 'Alive']],
    );
  });

  test('takes all zombies or leaves those of the first look, when a hold ends while they are read', () => {
    const scene = makeScene(mode);
    const init = scene.add();
    const zombies = Array.from({ length: 5 }, () => scene.add({ ppid: init, parentReaps: false }));
    for (const zombie of zombies) scene.host.exit(zombie);
    let reads = 0;
    scene.kernel.script.always(
      ({ name, args }) => name === 'readInto' && String(args[0]).endsWith(`/task/${zombies[2]}/stat`),
      () => {
        reads += 1;
        if (reads === 2) scene.board.order(ORDER_CANCEL);
      },
    );
    const raw = scene.run({ holdMicroseconds: 1_000_000 });
    expect([raw.failure, raw.zombiesAreHeld, reads]).toEqual([undefined, false, 2]);
    const states = scene.report(raw).tree.filter(({ state }) => state === 'Zombie');
    expect(states.map(({ pid }) => pid)).toEqual(zombies);
  });
});

test('capture() does not call a leader dead that lives in another cgroup', () => {
  const scene = makeScene('v1');
  const pid = scene.host.addProcess({ v1: '/', v2: '/', threads: 1, comm: 'split' });
  scene.host.moveThread(pid + 1, 'v1', POD);
  const [row] = scene.report(scene.run()).tree;
  expect(row).toMatchObject({ pid, comm: 'split', state: 'Alive', threads: [{ tid: pid + 1, state: 'Alive' }] });
  expect(row?.leaderDead).toBeUndefined();
  expect(row?.threads).toHaveLength(1);
});

test('capture() does not call a child a zombie whose leader has exited and whose thread lives', () => {
  const scene = makeScene('v1');
  const init = scene.add();
  const child = scene.host.addProcess({ v1: '/', v2: '/', ppid: init, threads: 1 });
  scene.host.exit(child);
  expect(scene.report(scene.run()).tree.map(({ pid }) => pid)).toEqual([init]);
});
