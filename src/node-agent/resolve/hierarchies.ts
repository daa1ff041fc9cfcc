/** The cgroup hierarchies of the host, as the caller's own mountinfo shows them. */
import { realpathSync } from 'node:fs';
import { cgroupMounts, type CgroupMounts } from '../pure/cgroup-mounts.js';
import { isAtOrBelow, mountOf, parseMountinfo, type Mount } from '../pure/mountinfo.js';
import { describeParseError } from '../pure/parse-error.js';
import { readText } from '../cgroup/files.js';
import { refuse, shown, type Found, type ResolveRoots } from './request.js';

export interface Hierarchies extends CgroupMounts {
  /** Every mount, to tell on which file system a path lies. */
  readonly mounts: readonly Mount[];
  /** {@link ResolveRoots.cgroupRoot} with its links resolved. */
  readonly cgroupRoot: string;
}

/** Reads `<proc>/self/mountinfo`. Mounts outside {@link ResolveRoots.cgroupRoot} are not used as hierarchies. */
export function readHierarchies(roots: ResolveRoots): Found<Hierarchies> {
  const file = `${roots.proc}/self/mountinfo`;
  const text = readText(file);
  if (!text.ok) return refuse(`cannot read ${shown(file)}: ${text.code}`);
  const mounts = parseMountinfo(text.value);
  if (!mounts.ok) return refuse(describeParseError(mounts.error));
  const cgroupRoot = realDirectory(roots.cgroupRoot ?? '/');
  if (cgroupRoot === undefined) return refuse(`cgroup root ${shown(roots.cgroupRoot ?? '/')}: no such directory`);
  const usable = cgroupMounts(mounts.value.filter((mount) => isAtOrBelow(mount.mountPoint, cgroupRoot)));
  return { ok: true, value: { ...usable, mounts: mounts.value, cgroupRoot } };
}

/** The cgroup mount on which a path without links lies. Undefined for a path on another file system or outside the cgroup root. */
export function cgroupMountOf(hierarchies: Hierarchies, path: string): Mount | undefined {
  const mount = mountOf(hierarchies.mounts, path);
  if (mount === undefined || !isAtOrBelow(mount.mountPoint, hierarchies.cgroupRoot)) return undefined;
  return mount.fsType === 'cgroup' || mount.fsType === 'cgroup2' ? mount : undefined;
}

function realDirectory(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}
