import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { ENODEV, ENOENT, EOPNOTSUPP, ESRCH } from '../../src/native/errno.js';
import { Tracing } from './tracing.js';
import { comesTrue, EINVAL, ERANGE, SIGKILL, SIGSTOP, stateLetter, statusField, textOf, writeTo } from './world.js';
import type { CgroupVersion, MakeWorld, World, WorldCgroup } from './world.js';

const NOTHING = { kind: 'none' };
const INTERRUPTED = { kind: 'interrupted' };

/** The contract for the freezer of one hierarchy. */
export function freezerContract(version: CgroupVersion, makeWorld: MakeWorld): void {
  let world: World;
  let tracing: Tracing;
  const v1 = version === 'v1';
  const control = v1 ? 'freezer.state' : 'cgroup.freeze';
  const list = v1 ? 'tasks' : 'cgroup.threads';
  const write = (cgroup: WorldCgroup, word: string): number =>
    writeTo(world.kernel, `${cgroup.directory}/${control}`, word);
  const freeze = (cgroup: WorldCgroup): number => write(cgroup, v1 ? 'FROZEN' : '1');
  const thaw = (cgroup: WorldCgroup): number => write(cgroup, v1 ? 'THAWED' : '0');
  const file = (cgroup: WorldCgroup, name: string): string => textOf(world.kernel, `${cgroup.directory}/${name}`);
  const isFrozen = (cgroup: WorldCgroup): boolean =>
    v1 ? file(cgroup, 'freezer.state') === 'FROZEN\n' : /^frozen 1$/m.test(file(cgroup, 'cgroup.events'));
  /** Whether the cgroup is asked to freeze: by its own freezer and, on v1, by one above it. */
  const requests = (cgroup: WorldCgroup): string[] =>
    (v1 ? ['freezer.self_freezing', 'freezer.parent_freezing'] : ['cgroup.freeze']).map((name) => file(cgroup, name));
  const numbers = (cgroup: WorldCgroup, name: string): number[] =>
    file(cgroup, name).split('\n').filter(Boolean).map(Number);
  const becomesFrozen = (cgroup: WorldCgroup): boolean => comesTrue(world.kernel, () => isFrozen(cgroup));
  const becomesThawed = (cgroup: WorldCgroup): boolean => comesTrue(world.kernel, () => !isFrozen(cgroup));

  beforeEach(async () => {
    world = await makeWorld();
    tracing = new Tracing(world.kernel);
  });
  afterEach(async () => {
    tracing.letAllGo();
    await world.dispose();
  });

  test('a cgroup freezes, reports that, and thaws', async () => {
    const cgroup = world.makeCgroup(version, 'simple');
    const { tids } = await world.startIdle(3, cgroup);
    expect(isFrozen(cgroup)).toBe(false);
    expect(freeze(cgroup)).toBe(v1 ? 6 : 1);
    expect(becomesFrozen(cgroup)).toBe(true);
    expect(tids.map((tid) => stateLetter(world.kernel, tid))).toEqual(tids.map(() => (v1 ? 'D' : 'S')));
    expect(requests(cgroup)).toEqual(v1 ? ['1\n', '0\n'] : ['1\n']);
    expect(thaw(cgroup)).toBe(v1 ? 6 : 1);
    expect(becomesThawed(cgroup)).toBe(true);
    expect(file(cgroup, v1 ? 'freezer.state' : 'cgroup.freeze')).toBe(v1 ? 'THAWED\n' : '0\n');
  });

  test('an empty cgroup is frozen at once', () => {
    const cgroup = world.makeCgroup(version, 'empty');
    freeze(cgroup);
    expect(isFrozen(cgroup)).toBe(true);
    thaw(cgroup);
    expect(isFrozen(cgroup)).toBe(false);
  });

  test('the task list names every thread, and cgroup.procs the process', async () => {
    const cgroup = world.makeCgroup(version, 'listed');
    const { pid, tids } = await world.startIdle(3, cgroup);
    expect(numbers(cgroup, list)).toEqual(expect.arrayContaining([...tids]));
    expect(numbers(cgroup, 'cgroup.procs')).toContain(pid);
    expect(numbers(cgroup, 'cgroup.procs')).not.toContain(tids[1]);
  });

  test('a dead leader is missing from the task list, but its process is in cgroup.procs', async () => {
    const cgroup = world.makeCgroup(version, 'leaderless');
    const { pid, tids } = await world.startDeadLeader(cgroup);
    expect(new Set(numbers(cgroup, list))).toEqual(new Set(tids));
    expect(numbers(cgroup, 'cgroup.procs')).toEqual([pid]);
    expect(world.kernel.files.list(`/proc/${pid}/task`)).toContain(String(pid));
  });

  test('/proc/PID/cgroup names the cgroup', async () => {
    const cgroup = world.makeCgroup(version, 'named');
    const { pid } = await world.startIdle(1, cgroup);
    const name = cgroup.directory.slice(cgroup.directory.lastIndexOf('/'));
    const line = textOf(world.kernel, `/proc/${pid}/cgroup`)
      .split('\n')
      .find((each) => (v1 ? /^\d+:([^:]*,)?freezer[,:]/ : /^0::/).test(each));
    expect(line?.endsWith(name)).toBe(true);
  });

  test('write() refuses other words', () => {
    const cgroup = world.makeCgroup(version, 'words');
    expect(write(cgroup, 'FREEZE')).toBe(-EINVAL);
    expect(write(cgroup, '2')).toBe(v1 ? -EINVAL : -ERANGE);
    expect(isFrozen(cgroup)).toBe(false);
  });

  test('a child of a frozen cgroup is frozen, and thawing the child succeeds without effect', async () => {
    const parent = world.makeCgroup(version, 'parent');
    const child = parent.child('child');
    await world.startIdle(2, child);
    freeze(parent);
    expect(becomesFrozen(parent)).toBe(true);
    expect(isFrozen(child)).toBe(true);
    expect(requests(child)).toEqual(v1 ? ['0\n', '1\n'] : ['0\n']);
    expect(thaw(child)).toBeGreaterThan(0);
    expect(isFrozen(child)).toBe(true);
    thaw(parent);
    expect(becomesThawed(child)).toBe(true);
  });

  test('a child with a closed freezer of its own stays frozen when its parent thaws', async () => {
    const parent = world.makeCgroup(version, 'parent');
    const child = parent.child('child');
    await world.startIdle(1, child);
    freeze(child);
    expect(becomesFrozen(child)).toBe(true);
    freeze(parent);
    thaw(parent);
    expect(becomesThawed(parent)).toBe(true);
    expect(isFrozen(child)).toBe(true);
    thaw(child);
    expect(becomesThawed(child)).toBe(true);
  });

  test('in a removed cgroup, open files fail with -ENODEV and open() with -ENOENT', () => {
    const cgroup = world.makeCgroup(version, 'removed');
    const { files } = world.kernel;
    const reader = files.open(`${cgroup.directory}/${control}`, 'read');
    const writer = files.open(`${cgroup.directory}/${control}`, 'write');
    cgroup.remove();
    expect(files.pread(reader, new Uint8Array(64), 0)).toBe(-ENODEV);
    expect(files.write(writer, v1 ? 'FROZEN' : '1')).toBe(-ENODEV);
    expect(files.open(`${cgroup.directory}/${control}`, 'read')).toBe(-ENOENT);
    expect(files.list(cgroup.directory)).toBe(-ENOENT);
    files.close(reader);
    files.close(writer);
  });

  test('directories() names only nested cgroups', () => {
    const cgroup = world.makeCgroup(version, 'nest');
    cgroup.child('a');
    cgroup.child('b');
    const names = world.kernel.files.directories(cgroup.directory);
    expect(typeof names === 'number' ? names : [...names].sort()).toEqual(['a', 'b']);
    expect(world.kernel.files.list(cgroup.directory)).toEqual(expect.arrayContaining(['a', 'b', control, list]));
  });

  test('a task in a ptrace stop counts as frozen, and can be detached while frozen', async () => {
    const cgroup = world.makeCgroup(version, 'traced');
    const { pid } = await world.startIdle(1, cgroup);
    expect(tracing.stop(pid)).toEqual(INTERRUPTED);
    freeze(cgroup);
    expect(becomesFrozen(cgroup)).toBe(true);
    expect(tracing.look(pid)).toEqual(INTERRUPTED);
    expect(world.kernel.ptrace.detach(pid, 0)).toBe(0);
    // On v2 the task leaves its ptrace stop, and for a moment counts as running until it freezes anew.
    expect(becomesFrozen(cgroup)).toBe(true);
    thaw(cgroup);
    expect(statusField(world.kernel, pid, 'TracerPid')).toBe('0');
  });

  test('a job-control stop survives freeze and thaw', async () => {
    const cgroup = world.makeCgroup(version, 'stopped');
    const pid = await world.startStopped(cgroup);
    freeze(cgroup);
    expect(becomesFrozen(cgroup)).toBe(true);
    expect(stateLetter(world.kernel, pid)).toBe(v1 ? 'D' : 'T');
    thaw(cgroup);
    expect(comesTrue(world.kernel, () => stateLetter(world.kernel, pid) === 'T')).toBe(true);
  });

  if (v1) {
    test('v1: a tracee reaches its stop only after the thaw', async () => {
      const cgroup = world.makeCgroup(version, 'seized');
      const { pid } = await world.startIdle(1, cgroup);
      freeze(cgroup);
      expect(becomesFrozen(cgroup)).toBe(true);
      expect(tracing.seize(pid)).toBe(0);
      expect(world.kernel.ptrace.interrupt(pid)).toBe(0);
      expect(tracing.report(pid, 20_000)).toEqual(NOTHING);
      expect(world.kernel.ptrace.detach(pid, 0)).toBe(-ESRCH);
      thaw(cgroup);
      expect(tracing.report(pid)).toEqual(INTERRUPTED);
    });

    test('v1: SIGKILL takes effect only after the thaw', async () => {
      const cgroup = world.makeCgroup(version, 'killed');
      const { pid } = await world.startIdle(1, cgroup);
      freeze(cgroup);
      expect(becomesFrozen(cgroup)).toBe(true);
      world.signal(pid, SIGKILL);
      world.kernel.sleep(20_000);
      expect(stateLetter(world.kernel, pid)).toBe('D');
      thaw(cgroup);
      expect(comesTrue(world.kernel, () => [undefined, 'Z'].includes(stateLetter(world.kernel, pid)))).toBe(true);
    });
    return;
  }

  test('v2: a tracee reaches its stop while frozen, and the cgroup stays frozen', async () => {
    const cgroup = world.makeCgroup(version, 'seized');
    const { pid } = await world.startIdle(1, cgroup);
    freeze(cgroup);
    expect(becomesFrozen(cgroup)).toBe(true);
    expect(tracing.stop(pid)).toEqual(INTERRUPTED);
    expect(stateLetter(world.kernel, pid)).toBe('t');
    expect(isFrozen(cgroup)).toBe(true);
    expect(world.kernel.ptrace.detach(pid, 0)).toBe(0);
    expect(comesTrue(world.kernel, () => stateLetter(world.kernel, pid) === 'S')).toBe(true);
    expect(isFrozen(cgroup)).toBe(true);
  });

  test('v2: a job-control-stopped task can be seized while frozen', async () => {
    const cgroup = world.makeCgroup(version, 'stopped');
    const pid = await world.startStopped(cgroup);
    freeze(cgroup);
    expect(becomesFrozen(cgroup)).toBe(true);
    expect(tracing.stop(pid)).toEqual({ kind: 'jobControl', signal: SIGSTOP });
    expect(world.kernel.ptrace.detach(pid, 0)).toBe(0);
    expect(comesTrue(world.kernel, () => stateLetter(world.kernel, pid) === 'T')).toBe(true);
  });

  test('v2: SIGKILL takes effect while frozen', async () => {
    const cgroup = world.makeCgroup(version, 'killed');
    const { pid } = await world.startIdle(1, cgroup);
    freeze(cgroup);
    expect(becomesFrozen(cgroup)).toBe(true);
    world.signal(pid, SIGKILL);
    expect(comesTrue(world.kernel, () => [undefined, 'Z'].includes(stateLetter(world.kernel, pid)))).toBe(true);
  });

  test('v2: cgroup.procs of a threaded cgroup is -EOPNOTSUPP', () => {
    const cgroup = world.makeCgroup(version, 'domain');
    expect(file(cgroup, 'cgroup.type')).toBe('domain\n');
    const threads = cgroup.child('threads');
    threads.makeThreaded();
    expect(file(threads, 'cgroup.type')).toBe('threaded\n');
    expect(file(cgroup, 'cgroup.type')).toBe('domain threaded\n');
    expect(file(threads, 'cgroup.procs')).toBe(String(-EOPNOTSUPP));
    expect(file(threads, 'cgroup.threads')).toBe('');
  });

  test('pollEvent() fires before the first read, and after each read only on a change', async () => {
    const cgroup = world.makeCgroup(version, 'polled');
    await world.startIdle(1, cgroup);
    const { files } = world.kernel;
    const fd = files.open(`${cgroup.directory}/cgroup.events`, 'read');
    const into = new Uint8Array(64);
    expect(files.pollEvent(fd, 50_000)).toBe(1);
    // The kernel defers a notification that follows another within 10 ms. Let the notification of the start pass.
    world.kernel.sleep(50_000);
    expect(files.pread(fd, into, 0)).toBeGreaterThan(0);
    const start = world.kernel.now();
    expect(files.pollEvent(fd, 10_000)).toBe(0);
    expect(world.kernel.now() - start).toBeGreaterThanOrEqual(10_000);
    freeze(cgroup);
    expect(files.pollEvent(fd, 1_000_000)).toBe(1);
    expect(files.pread(fd, into, 0)).toBeGreaterThan(0);
    expect(new TextDecoder().decode(into)).toContain('frozen 1');
    thaw(cgroup);
    expect(files.pollEvent(fd, 1_000_000)).toBe(1);
    files.close(fd);
  });

  test('pollEvent() fires when the cgroup is removed', () => {
    const cgroup = world.makeCgroup(version, 'removed');
    const { files } = world.kernel;
    const fd = files.open(`${cgroup.directory}/cgroup.events`, 'read');
    files.pread(fd, new Uint8Array(64), 0);
    cgroup.remove();
    expect(files.pollEvent(fd, 1_000_000)).toBe(1);
    files.close(fd);
  });
}
