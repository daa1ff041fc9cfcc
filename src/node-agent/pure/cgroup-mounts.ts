/** Finds the cgroup hierarchies among the mounts: cgroups(7), "Mounting v1 controllers" and "Cgroups version 2". Pure. */
import type { Mount } from './mountinfo.js';

/** The mount of a hierarchy, and the cgroup that is visible at the mount point (see {@link Mount.root}). */
export interface HierarchyMount {
  readonly mountPoint: string;
  readonly root: string;
}

export interface ControllerMount extends HierarchyMount {
  /** Super options that are not flags: controllers, and `name=…`. */
  readonly controllers: readonly string[];
}

export interface CgroupMounts {
  readonly freezerV1?: HierarchyMount;
  /** The v2 hierarchy: `/sys/fs/cgroup`, on hybrid hosts often `/sys/fs/cgroup/unified`. */
  readonly unified?: HierarchyMount;
  /** A mount for each v1 hierarchy that has no freezer. */
  readonly otherV1: readonly ControllerMount[];
}

/** Super options of v1 that name no controller: cgroup1_show_options() in kernel/cgroup/cgroup-v1.c. */
const FLAGS = new Set([
  'rw',
  'ro',
  'noprefix',
  'xattr',
  'cpuset_v2_mode',
  'favordynmods',
  'clone_children',
  'seclabel',
]);

/**
 * Chooses the mount by which each hierarchy is reached. A hierarchy may be mounted many times (bind mounts of one container's
 * cgroup among them). A mount that shows the hierarchy from its root is preferred, then the shortest mount point. A mount that
 * another mount on the same mount point hides is left out.
 */
export function cgroupMounts(mounts: readonly Mount[]): CgroupMounts {
  const visible = [...new Map(mounts.map((mount) => [mount.mountPoint, mount])).values()].toSorted(byPreference);
  const v1 = visible
    .filter((mount) => mount.fsType === 'cgroup')
    .map((mount) => ({ mountPoint: mount.mountPoint, root: mount.root, controllers: controllersOf(mount) }));
  const freezer = v1.find((mount) => mount.controllers.includes('freezer'));
  const unified = visible.find((mount) => mount.fsType === 'cgroup2');
  const others = new Map<string, ControllerMount>();
  for (const mount of v1) {
    const hierarchy = mount.controllers.toSorted().join(',');
    if (!mount.controllers.includes('freezer') && !others.has(hierarchy)) others.set(hierarchy, mount);
  }
  return {
    ...(freezer === undefined ? {} : { freezerV1: { mountPoint: freezer.mountPoint, root: freezer.root } }),
    ...(unified === undefined ? {} : { unified: { mountPoint: unified.mountPoint, root: unified.root } }),
    otherV1: [...others.values()],
  };
}

function byPreference(a: Mount, b: Mount): number {
  const whole = Number(b.root === '/') - Number(a.root === '/');
  return whole === 0 ? a.mountPoint.length - b.mountPoint.length : whole;
}

function controllersOf(mount: Mount): string[] {
  return mount.superOptions.filter((option) => !FLAGS.has(option) && !option.startsWith('release_agent='));
}

/**
 * The path below the mount point of the cgroup `path` of /proc/PID/cgroup: `''` for the mount's own root, otherwise a path that
 * starts with `/`. Undefined when the cgroup is not below that mount, or when only its distance is known (`..`): then no
 * directory can be named without guessing.
 */
export function pathBelowMount(mount: HierarchyMount, path: string): string | undefined {
  const root = mount.root.split('/').filter((segment) => segment !== '');
  const segments = path.split('/').filter((segment) => segment !== '');
  if (root.some((segment, index) => segments[index] !== segment)) return undefined;
  const below = segments.slice(root.length);
  if (below.includes('..') || below.includes('.')) return undefined;
  return below.map((segment) => `/${segment}`).join('');
}
