import { accessSync, constants, readFileSync } from 'node:fs';

export type CgroupVersion = 'v1' | 'v2';

/** The directory in which a test may make cgroups, or the reason why it cannot. */
export type Hierarchy =
  { readonly ok: true; readonly directory: string } | { readonly ok: false; readonly reason: string };

/**
 * Finds the cgroup directory of the caller in the v1 freezer hierarchy, or in v2. It also works where only one of them is
 * mounted, and inside a container, whose mount may show the hierarchy from the cgroup of the container downwards.
 */
export function findHierarchy(version: CgroupVersion): Hierarchy {
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8');
  const own = ownPath(version, readFileSync('/proc/self/cgroup', 'utf8'));
  if (own === undefined) return { ok: false, reason: `this process is in no cgroup of ${nameOf(version)}` };
  for (const mount of mounts.split('\n')) {
    const directory = below(version, mount, own);
    if (directory === undefined) continue;
    try {
      accessSync(directory, constants.W_OK);
      return { ok: true, directory };
    } catch {
      return { ok: false, reason: `${directory} is not writable` };
    }
  }
  return { ok: false, reason: `no mount of ${nameOf(version)} shows this process's cgroup ${own}` };
}

function nameOf(version: CgroupVersion): string {
  return version === 'v1' ? 'the cgroup v1 freezer' : 'cgroup v2';
}

/** Reads lines of /proc/PID/cgroup (cgroups(7)): `7:freezer:/path`, and for v2 `0::/path`. */
function ownPath(version: CgroupVersion, text: string): string | undefined {
  for (const line of text.split('\n')) {
    const [id, controllers, ...path] = line.split(':');
    const found = version === 'v2' ? id === '0' : controllers?.split(',').includes('freezer') === true;
    if (found) return path.join(':');
  }
  return undefined;
}

/** Reads a line of mountinfo (proc_pid_mountinfo(5)): root (4), mount point (5), options, `-`, type, source, super options. */
function below(version: CgroupVersion, line: string, own: string): string | undefined {
  const [before, after] = line.split(' - ');
  const [, , , root, mountPoint] = before?.split(' ') ?? [];
  const [type, , options] = after?.split(' ') ?? [];
  if (root === undefined || mountPoint === undefined) return undefined;
  if (type !== (version === 'v1' ? 'cgroup' : 'cgroup2')) return undefined;
  if (version === 'v1' && options?.split(',').includes('freezer') !== true) return undefined;
  const prefix = root === '/' ? '' : root;
  if (own !== prefix && !own.startsWith(`${prefix}/`)) return undefined;
  return mountPoint + own.slice(prefix.length).replace(/\/$/, '');
}
