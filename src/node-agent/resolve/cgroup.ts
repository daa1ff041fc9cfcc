/** `--cgroup DIR`: a directory that the user named. */
import { resolve } from 'node:path';
import { realpathSync } from 'node:fs';
import { kindOf } from '../cgroup/files.js';
import { cgroupMountOf, readHierarchies, type Hierarchies } from './hierarchies.js';
import { capturableTasks, targetOf, type Candidate } from './candidate.js';
import { refuse, shown, type Found, type Resolution, type ResolveRoots, type TargetRequest } from './request.js';

/** A relative path starts at the working directory, as in every tool. */
export function resolveCgroup(path: string, freezer: TargetRequest['freezer'], roots: ResolveRoots): Resolution {
  if (path === '' || path.includes('\0')) return refuse(`"${shown(path)}" is not a path`);
  if (path.split('/').includes('..')) return refuse(`cgroup ${shown(path)}: a path with ".." is not accepted`);
  const hierarchies = readHierarchies(roots);
  if (!hierarchies.ok) return hierarchies;
  const directory = followOutside(path, hierarchies.value);
  if (!directory.ok) return directory;
  const candidate = candidateOf(path, directory.value, hierarchies.value);
  if (!candidate.ok) return candidate;
  const tasks = capturableTasks(candidate.value, roots);
  return tasks.ok ? { ok: true, containers: [targetOf(candidate.value, freezer)] } : tasks;
}

function candidateOf(path: string, directory: string, hierarchies: Hierarchies): Found<Candidate> {
  const mount = cgroupMountOf(hierarchies, directory);
  if (mount === undefined) return refuse(`${shown(path)} is not in a cgroup hierarchy`);
  if (directory === mount.mountPoint)
    return refuse(`${shown(path)} is the root cgroup of its hierarchy, which cannot be captured`);
  const cgroupPath = directory.slice(mount.mountPoint.length);
  const version = mount.fsType === 'cgroup2' ? 'v2' : 'v1';
  return { ok: true, value: { mountPoint: mount.mountPoint, cgroupPath, version } };
}

/**
 * The real directory. Links are followed on the way to a hierarchy (`/sys/fs/cgroup/cpu` is a link on many hosts), and refused
 * from the mount point of the hierarchy on: cgroupfs has no links, so somebody put a link there to lead out of it.
 */
function followOutside(path: string, hierarchies: Hierarchies): Found<string> {
  let real = '/';
  for (const segment of resolve(path).split('/')) {
    if (segment === '') continue;
    const next = real === '/' ? `/${segment}` : `${real}/${segment}`;
    const kind = kindOf(next);
    if (!kind.ok) return refuse(`cgroup ${shown(path)}: ${kind.code === 'ENOENT' ? 'no such directory' : kind.code}`);
    if (kind.value === 'other') return refuse(`cgroup ${shown(path)}: not a directory`);
    if (kind.value === 'directory') {
      real = next;
      continue;
    }
    if (cgroupMountOf(hierarchies, real) !== undefined) {
      return refuse(`cgroup ${shown(path)} goes through a symbolic link inside the hierarchy: ${shown(next)}`);
    }
    const target = targetOfLink(next);
    if (target === undefined) return refuse(`cgroup ${shown(path)}: the symbolic link ${shown(next)} leads nowhere`);
    real = target;
  }
  const last = kindOf(real);
  if (!last.ok || last.value !== 'directory') return refuse(`cgroup ${shown(path)}: not a directory`);
  return { ok: true, value: real };
}

function targetOfLink(link: string): string | undefined {
  try {
    return realpathSync(link);
  } catch {
    return undefined;
  }
}
