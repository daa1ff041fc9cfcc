/** Open files: descriptors for /proc and the cgroup hierarchies. */
import { constants } from 'node:os';
import { ENODEV, ENOENT, ESRCH } from '../../src/native/errno.js';
import type { KernelFiles } from '../../src/native/kernel.js';
import { cgroupFileNames, readCgroupFile, writeCgroupFile } from './cgroup-files.js';
import type { CgroupVersion, FakeCgroup, HostState } from './model.js';
import { procLink, procList, procText } from './proc-files.js';

const { EBADF, EINVAL, ENOTDIR } = constants.errno;
const FIRST_FD = 20;

interface OpenFile {
  readonly path: string;
  readonly access: 'read' | 'write';
  /** Undefined for a file of /proc. */
  readonly cgroup: FakeCgroup | undefined;
  readonly name: string;
  /** Number of the notification that the last read saw. 0 before the first read, so that pollEvent() fires at once. */
  seen: number;
}

export interface FakeFiles extends KernelFiles {
  /** Returns the path of an open descriptor, for logs and assertions. */
  pathOf(fd: number): string | undefined;
  openPaths(): readonly string[];
}

export function fakeFiles(state: HostState): FakeFiles {
  const table = new Map<number, OpenFile>();
  const encoder = new TextEncoder();
  const put = (text: string, into: Uint8Array, offset: number): number => {
    const bytes = encoder.encode(text).subarray(offset, offset + into.length);
    into.set(bytes);
    return bytes.length;
  };
  const textOf = (file: OpenFile): string | number => {
    if (file.cgroup === undefined) return procText(state, file.path) ?? -ESRCH;
    if (file.cgroup.removed) return -ENODEV;
    file.seen = file.cgroup.events.sequence;
    return readCgroupFile(file.cgroup, file.name, state.clock.now());
  };
  const files: FakeFiles = {
    open: (path, access) => {
      const target = locateFile(state, path);
      if (target === undefined) return -ENOENT;
      let fd = FIRST_FD;
      while (table.has(fd)) fd += 1;
      table.set(fd, { path, access, seen: 0, ...target });
      return fd;
    },
    close: (fd) => (table.delete(fd) ? 0 : -EBADF),
    pread: (fd, into, offset) => {
      const file = table.get(fd);
      if (file === undefined || file.access !== 'read') return -EBADF;
      const text = textOf(file);
      return typeof text === 'number' ? text : put(text, into, offset);
    },
    write: (fd, text) => {
      const file = table.get(fd);
      if (file === undefined || file.access !== 'write') return -EBADF;
      if (file.cgroup === undefined) return -EINVAL;
      return file.cgroup.removed ? -ENODEV : writeCgroupFile(state, file.cgroup, file.name, text);
    },
    pollEvent: (fd, microseconds) => {
      const deadline = state.clock.now() + Math.max(0, microseconds);
      const file = table.get(fd);
      // An unknown descriptor counts as an event (POLLNVAL). Files of /proc never raise POLLPRI.
      if (file === undefined) return 1;
      const { cgroup } = file;
      const fired = (): boolean => cgroup !== undefined && (cgroup.removed || cgroup.events.sequence !== file.seen);
      while (!fired() && state.clock.now() < deadline) {
        state.clock.advanceTo(Math.min(deadline, Math.max(state.clock.nextAt(), state.clock.now())));
      }
      return fired() ? 1 : 0;
    },
    readInto: (path, into) => {
      const fd = files.open(path, 'read');
      if (fd < 0) return fd;
      const length = files.pread(fd, into, 0);
      files.close(fd);
      return length;
    },
    readlinkInto: (path, into) => {
      const text = procLink(state, path);
      if (text === -ENOENT && locateFile(state, path) !== undefined) return -EINVAL;
      return typeof text === 'number' ? text : put(text, into, 0);
    },
    list: (path) => {
      const cgroup = locateCgroup(state, path);
      if (cgroup !== undefined) return [...cgroupFileNames(cgroup), ...cgroup.children.keys()];
      return procList(state, path) ?? -(locateFile(state, path) === undefined ? ENOENT : ENOTDIR);
    },
    directories: (path) => {
      const cgroup = locateCgroup(state, path);
      if (cgroup !== undefined) return [...cgroup.children.keys()];
      const names = procList(state, path);
      if (names === undefined) return -(locateFile(state, path) === undefined ? ENOENT : ENOTDIR);
      return path.endsWith('/ns') ? [] : names.filter((name) => /^\d+$/.test(name) || name === 'sys');
    },
    pathOf: (fd) => table.get(fd)?.path,
    openPaths: () => [...table.values()].map((file) => file.path),
  };
  return files;
}

/** Returns the cgroup whose directory a path names. */
export function locateCgroup(state: HostState, path: string): FakeCgroup | undefined {
  const mounts: [string, CgroupVersion][] = [
    [state.options.freezerMount, 'v1'],
    [state.options.unifiedMount, 'v2'],
  ];
  for (const [mount, version] of mounts) {
    if (path !== mount && !path.startsWith(`${mount}/`)) continue;
    let found: FakeCgroup | undefined = state.roots[version];
    for (const name of path.slice(mount.length).split('/')) if (name !== '') found = found?.children.get(name);
    return found;
  }
  return undefined;
}

function locateFile(state: HostState, path: string): { cgroup: FakeCgroup | undefined; name: string } | undefined {
  const slash = path.lastIndexOf('/');
  const name = path.slice(slash + 1);
  const cgroup = locateCgroup(state, path.slice(0, slash));
  if (cgroup !== undefined) return cgroupFileNames(cgroup).includes(name) ? { cgroup, name } : undefined;
  return procText(state, path) === undefined ? undefined : { cgroup: undefined, name };
}
