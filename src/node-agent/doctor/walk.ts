/** Finds every cgroup of the scope, and which of them are frozen. */
import { dirname } from 'node:path';
import { listDirectories } from '../cgroup/files.js';
import type { CgroupVersion } from '../pure/container-target.js';
import { lookAtFreezer, type FreezerLook } from '../cgroup/freezer-look.js';
import type { Scope, Start } from './scope.js';

/** Most cgroups of one walk. A node of hundreds of pods has some thousand; a look at one cgroup takes about 50 µs. */
const MAX_CGROUPS = 50_000;

/**
 * kubelet's cgroup of all pods, below the path that --cgroup-root may add: `kubepods`, `kubepods.slice` or
 * `kubelet-kubepods.slice`.
 */
const KUBEPODS = /^(?:.*-)?kubepods(?:\.slice)?$/;

export interface WalkedCgroup {
  readonly directory: string;
  readonly version: CgroupVersion;
}

export interface ClosedCgroup extends WalkedCgroup {
  readonly look: FreezerLook;
  /** The nearest cgroup above whose own freezer is closed. */
  readonly above?: string;
}

export interface Walked {
  readonly cgroups: readonly WalkedCgroup[];
  readonly closed: readonly ClosedCgroup[];
  /** The walk ended at the maximum number of cgroups. */
  readonly cut: boolean;
}

interface Pending {
  readonly directory: string;
  readonly counts: boolean;
  readonly above: string | undefined;
}

/** Walks without following links. Parents precede the cgroups below them. */
export function walk({ starts, all }: Scope): Walked {
  const cgroups: WalkedCgroup[] = [];
  const closed: ClosedCgroup[] = [];
  const cut = starts.map((start) => walkFrom(start, all, cgroups, closed));
  return { cgroups, closed, cut: cut.includes(true) };
}

function walkFrom(start: Start, all: boolean, cgroups: WalkedCgroup[], closed: ClosedCgroup[]): boolean {
  const { version } = start;
  const counts = all || start.directory.slice(start.mountPoint.length).split('/').some(isKubepods);
  const pending: Pending[] = [{ directory: start.directory, counts, above: counts ? above(start) : undefined }];
  for (let at = 0; at < Math.min(pending.length, MAX_CGROUPS); at++) {
    const next = pending[at];
    if (next === undefined) break;
    const { directory } = next;
    const look = next.counts ? lookAtFreezer(directory, version) : undefined;
    if (next.counts) cgroups.push({ directory, version });
    if (look?.closed === true) {
      closed.push({ directory, version, look, ...(next.above === undefined ? {} : { above: next.above }) });
    }
    const names = listDirectories(directory);
    for (const name of names.ok ? names.value : []) {
      const child = `${directory}/${name}`;
      const inherited = look?.self === true ? directory : next.above;
      if (next.counts) pending.push({ directory: child, counts: true, above: inherited });
      else if (!isKubepods(name)) pending.push({ directory: child, counts: false, above: undefined });
      else pending.push({ directory: child, counts: true, above: above({ ...start, directory: child }) });
    }
  }
  return pending.length > MAX_CGROUPS;
}

function isKubepods(name: string): boolean {
  return KUBEPODS.test(name);
}

/** Returns the nearest cgroup above the given one whose own freezer is closed. */
export function above({ directory, mountPoint, version }: Start): string | undefined {
  for (let at = dirname(directory); at.length > mountPoint.length; at = dirname(at)) {
    if (lookAtFreezer(at, version)?.self === true) return at;
  }
  return undefined;
}
