import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { ENOENT, ESRCH } from '../../src/native/errno.js';
import { comesTrue, EBADF, EINVAL, ENOTDIR, SIGKILL, stateLetter, statusField, textOf } from './world.js';
import type { MakeWorld, World } from './world.js';

/** The contract for files of /proc, and for the clock. */
export function fileContract(makeWorld: MakeWorld): void {
  let world: World;
  const into = new Uint8Array(8192);
  const linkText = (path: string): string | number => {
    const length = world.kernel.files.readlinkInto(path, into);
    return length < 0 ? length : new TextDecoder().decode(into.subarray(0, length));
  };

  beforeEach(async () => {
    world = await makeWorld();
  });
  afterEach(() => world.dispose());

  test('open() of a missing file is -ENOENT, for reading and for writing', () => {
    expect(world.kernel.files.open('/proc/no-such-file', 'read')).toBe(-ENOENT);
    expect(world.kernel.files.open('/proc/no-such-file', 'write')).toBe(-ENOENT);
  });

  test('open() of a file of a dead task is -ENOENT', async () => {
    const tid = await world.deadTid();
    expect(world.kernel.files.open(`/proc/${tid}/status`, 'read')).toBe(-ENOENT);
    expect(world.kernel.files.readInto(`/proc/${tid}/status`, into)).toBe(-ENOENT);
  });

  test('pread() continues at its offset and returns 0 at the end', async () => {
    const { pid } = await world.startIdle(1);
    const { files } = world.kernel;
    const fd = files.open(`/proc/${pid}/status`, 'read');
    const head = new Uint8Array(10);
    expect(files.pread(fd, head, 0)).toBe(10);
    expect(files.pread(fd, into, 4)).toBeGreaterThan(100);
    expect(into.subarray(0, 6)).toEqual(head.subarray(4));
    expect(files.pread(fd, into, 1 << 20)).toBe(0);
    expect(files.close(fd)).toBe(0);
  });

  test('pread() of a file of a task that has died since open() is -ESRCH', async () => {
    // The test uses a thread, because a dead leader stays a zombie until its parent waits for it.
    const { pid, tids } = await world.startIdle(2);
    const path = `/proc/${pid}/task/${tids[1] ?? 0}/status`;
    const fd = world.kernel.files.open(path, 'read');
    world.signal(pid, SIGKILL);
    expect(comesTrue(world.kernel, () => textOf(world.kernel, path) === String(-ENOENT))).toBe(true);
    expect(world.kernel.files.pread(fd, into, 0)).toBe(-ESRCH);
    world.kernel.files.close(fd);
  });

  test('pread(), write() and close() of a descriptor that is not open are -EBADF', () => {
    const { files } = world.kernel;
    const fd = files.open('/proc/stat', 'read');
    expect(files.write(fd, 'x')).toBe(-EBADF);
    expect(files.close(fd)).toBe(0);
    expect(files.pread(fd, into, 0)).toBe(-EBADF);
    expect(files.write(fd, 'x')).toBe(-EBADF);
    expect(files.close(fd)).toBe(-EBADF);
  });

  test('readInto() returns a whole status file, ended by a newline', async () => {
    const { pid } = await world.startIdle(1);
    const text = textOf(world.kernel, `/proc/${pid}/task/${pid}/status`);
    expect(text).toMatch(/^Name:\t\S+\n/);
    expect(text).toMatch(/^NSpid:\t\d+/m);
    expect(text.endsWith('\n')).toBe(true);
    expect(statusField(world.kernel, pid, 'TracerPid')).toBe('0');
    expect(comesTrue(world.kernel, () => stateLetter(world.kernel, pid) === 'S')).toBe(true);
  });

  test('readInto() fills no more than the given buffer', async () => {
    const { pid } = await world.startIdle(1);
    const small = new Uint8Array(16);
    expect(world.kernel.files.readInto(`/proc/${pid}/status`, small)).toBe(16);
  });

  test('readInto() finds a thread below its process and by its own tid, but not below another process', async () => {
    const { pid, tids } = await world.startIdle(3);
    const thread = tids[1] ?? 0;
    expect(textOf(world.kernel, `/proc/${pid}/task/${thread}/status`)).toContain(`\nPid:\t${thread}\n`);
    expect(statusField(world.kernel, thread, 'Tgid')).toBe(String(pid));
    const other = await world.startIdle(1);
    expect(world.kernel.files.readInto(`/proc/${other.pid}/task/${thread}/status`, into)).toBe(-ENOENT);
  });

  test('readInto() of stat shows pid, name and 52 fields', async () => {
    const { pid } = await world.startIdle(2);
    const text = textOf(world.kernel, `/proc/${pid}/stat`);
    expect(text).toMatch(new RegExp(`^${pid} \\(.+\\) [SR] \\d+ `));
    const fields = text.slice(text.lastIndexOf(')') + 2, -1).split(' ');
    expect(fields.length).toBeGreaterThanOrEqual(50);
    expect(fields[20 - 3]).toBe('2');
  });

  test('readlinkInto() returns the text of exe and ns links without following them', async () => {
    const { pid } = await world.startIdle(1);
    expect(linkText(`/proc/${pid}/exe`)).toMatch(/^\//);
    expect(linkText(`/proc/${pid}/ns/mnt`)).toMatch(/^mnt:\[\d+\]$/);
    expect(linkText(`/proc/${pid}/ns/pid_for_children`)).toMatch(/^pid:\[\d+\]$/);
  });

  test('readlinkInto() is -EINVAL for a file that is no link, and -ENOENT for a missing file', async () => {
    const { pid } = await world.startIdle(1);
    expect(linkText(`/proc/${pid}/status`)).toBe(-EINVAL);
    expect(linkText(`/proc/${pid}/no-such-link`)).toBe(-ENOENT);
    expect(linkText(`/proc/${await world.deadTid()}/exe`)).toBe(-ENOENT);
  });

  test('readlinkInto() of a zombie is -ENOENT: it has neither executable nor namespaces', async () => {
    const zombie = await world.startZombie();
    expect(linkText(`/proc/${zombie}/exe`)).toBe(-ENOENT);
    expect(linkText(`/proc/${zombie}/ns/mnt`)).toBe(-ENOENT);
    expect(stateLetter(world.kernel, zombie)).toBe('Z');
  });

  test('list() names processes in /proc, and threads only below task', async () => {
    const { pid, tids } = await world.startIdle(3);
    const names = world.kernel.files.list('/proc');
    expect(names).toEqual(expect.arrayContaining([String(pid), 'self', 'stat']));
    expect(names).not.toContain(String(tids[1]));
    expect(world.kernel.files.list(`/proc/${pid}/task`)).toEqual(tids.map(String));
  });

  test('directories() omits files', async () => {
    const { pid } = await world.startIdle(1);
    const names = world.kernel.files.directories('/proc');
    expect(names).toContain(String(pid));
    expect(names).not.toContain('stat');
  });

  test('list() and directories() are -ENOENT for a missing path, and -ENOTDIR for a file', () => {
    expect(world.kernel.files.list('/proc/no-such-directory')).toBe(-ENOENT);
    expect(world.kernel.files.directories('/proc/no-such-directory')).toBe(-ENOENT);
    expect(world.kernel.files.list('/proc/stat')).toBe(-ENOTDIR);
    expect(world.kernel.files.directories('/proc/stat')).toBe(-ENOTDIR);
  });

  test('pollEvent() of a file without events returns after the given time', () => {
    const { files } = world.kernel;
    const fd = files.open('/proc/stat', 'read');
    const start = world.kernel.now();
    expect(files.pollEvent(fd, 3000)).toBe(0);
    expect(world.kernel.now() - start).toBeGreaterThanOrEqual(3000);
    files.close(fd);
  });

  test('now() never goes back', () => {
    let last = world.kernel.now();
    for (let look = 0; look < 1000; look++) {
      const now = world.kernel.now();
      expect(now).toBeGreaterThanOrEqual(last);
      last = now;
    }
  });

  test('sleep() lasts the given time, and not much longer', () => {
    const start = world.kernel.now();
    world.kernel.sleep(5000);
    const slept = world.kernel.now() - start;
    expect(slept).toBeGreaterThanOrEqual(5000);
    // A busy machine may take a scheduling round or two more. A wrong unit would take seconds.
    expect(slept).toBeLessThan(500_000);
  });

  test('pid and tid name the caller', () => {
    expect(statusField(world.kernel, world.kernel.pid, 'Tgid')).toBe(String(world.kernel.pid));
    expect(statusField(world.kernel, world.kernel.tid, 'Tgid')).toBe(String(world.kernel.pid));
    expect(textOf(world.kernel, '/proc/self/status')).toContain(`\nPid:\t${world.kernel.pid}\n`);
  });
}
