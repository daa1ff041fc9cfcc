/** Where an audit begins: at the hierarchies of the node, or at a part of one. */
import { realpathSync } from 'node:fs';
import { listDirectories } from '../cgroup/files.js';
import { cgroupMountOf, readHierarchies, type Hierarchies } from '../resolve/hierarchies.js';
import { refuse, shown, type Found, type ResolveRoots } from '../resolve/request.js';
import type { CgroupVersion } from '../pure/container-target.js';

/** A directory from which the walk begins. */
export interface Start {
  readonly directory: string;
  readonly mountPoint: string;
  readonly version: CgroupVersion;
}

export interface Scope {
  readonly starts: readonly Start[];
  readonly hierarchies: Hierarchies;
  /** The roots from which `hierarchies` was read, for code that reads the hierarchies again. */
  readonly roots: ResolveRoots;
  /** The audit covers every cgroup, not only those below kubepods. */
  readonly all: boolean;
}

/**
 * @param cgroupRoot A directory at or below which hierarchies are mounted, or a cgroup, which is then the only start.
 */
export function findScope(roots: Omit<ResolveRoots, 'cgroupRoot'>, all: boolean, cgroupRoot?: string): Found<Scope> {
  const narrowed: ResolveRoots = cgroupRoot === undefined ? roots : { ...roots, cgroupRoot };
  const below = readHierarchies(narrowed);
  if (!below.ok) return below;
  const { freezerV1, unified } = below.value;
  const starts: Start[] = [];
  if (unified !== undefined) starts.push(startAt(unified.mountPoint, 'v2'));
  if (freezerV1 !== undefined) starts.push(startAt(freezerV1.mountPoint, 'v1'));
  if (starts.length > 0) return { ok: true, value: { starts, hierarchies: below.value, roots: narrowed, all } };
  return cgroupRoot === undefined ? refuse('no cgroup freezer is mounted') : inside(roots, all, cgroupRoot);
}

function inside(roots: Omit<ResolveRoots, 'cgroupRoot'>, all: boolean, cgroupRoot: string): Found<Scope> {
  const everything = readHierarchies(roots);
  if (!everything.ok) return everything;
  const hierarchies = everything.value;
  // The directory existed a moment ago, when readHierarchies() resolved it.
  const directory = realpathSync(cgroupRoot);
  const mount = cgroupMountOf(hierarchies, directory);
  const version =
    mount?.fsType === 'cgroup2' ? 'v2' : mount?.superOptions.includes('freezer') === true ? 'v1' : undefined;
  if (mount === undefined || version === undefined) {
    return refuse(`${shown(cgroupRoot)} is not a cgroup with a freezer, and no freezer is mounted below it`);
  }
  const { mountPoint } = mount;
  const starts: readonly Start[] = [{ directory, mountPoint, version }];
  // A cgroup that is named, and has nothing to do with pods, is looked at all the same.
  return { ok: true, value: { starts, hierarchies, roots, all: all || !concernsPods(directory) } };
}

/** Whether a directory is below kubepods, or kubepods is in it. */
function concernsPods(directory: string): boolean {
  const names = listDirectories(directory);
  return /\/kubepods/.test(directory) || (names.ok && names.value.some((name) => name.startsWith('kubepods')));
}

function startAt(mountPoint: string, version: CgroupVersion): Start {
  return { directory: mountPoint, mountPoint, version };
}
