/** Reads from files what this node's kernel and this process's confinement allow. */
import { accessSync, constants } from 'node:fs';
import { ownCgroup } from '../resolve/own-cgroup.js';
import type { HierarchyMount } from '../pure/cgroup-mounts.js';
import { frozenMicroseconds } from '../pure/frozen-time.js';
import type { FreezerFacts, NodeFacts } from '../pure/node-checks.js';
import { parseStatus } from '../pure/proc-status.js';
import { exists, listDirectories, readText } from '../cgroup/files.js';
import type { ResolveRoots } from '../resolve/request.js';
import type { CgroupVersion } from '../pure/container-target.js';
import type { Scope } from './scope.js';

export function nodeFacts({ hierarchies, roots }: Scope, uid: number): NodeFacts {
  const { freezerV1, unified } = hierarchies;
  const text = readText(`${roots.proc}/self/status`);
  const status = text.ok ? parseStatus(text.value) : undefined;
  const own = status?.ok === true ? status.value : undefined;
  return {
    uid,
    kernel: read(`${roots.proc}/sys/kernel/osrelease`)?.trim() ?? 'unknown',
    v1: freezerV1 && freezerFacts(roots, freezerV1, 'v1'),
    v2: unified && freezerFacts(roots, unified, 'v2'),
    effective: own?.capabilities.effective,
    seccomp: own?.seccomp,
    yama: read(`${roots.proc}/sys/kernel/yama/ptrace_scope`),
    lsm: read('/sys/kernel/security/lsm'),
    label: read(`${roots.proc}/self/attr/current`),
    countsFrozenTime: unified && countsFrozenTime(unified.mountPoint),
  };
}

function freezerFacts(roots: ResolveRoots, mount: HierarchyMount, version: CgroupVersion): FreezerFacts {
  const { mountPoint } = mount;
  const own = ownCgroup(roots, mount, version);
  // The root cgroup has no freezer file; every cgroup below it has.
  const example = version === 'v1' ? 'freezer.state' : 'cgroup.freeze';
  const hasFreezer = version === 'v1' || below(mountPoint).some((directory) => exists(`${directory}/${example}`));
  return {
    mountPoint,
    ...(own === undefined ? {} : { own }),
    writable: isWritable(own ?? mountPoint),
    // Without a cgroup below the root, the question cannot be answered, so the freezer counts as present.
    hasFreezer: hasFreezer || below(mountPoint).length === 0,
  };
}

/** Undefined when there is no cgroup to look at. */
function countsFrozenTime(mountPoint: string): boolean | undefined {
  const [first] = below(mountPoint);
  const text = first === undefined ? undefined : read(`${first}/cgroup.stat.local`);
  return first === undefined ? undefined : text !== undefined && frozenMicroseconds(text) !== undefined;
}

function below(mountPoint: string): string[] {
  const names = listDirectories(mountPoint);
  return names.ok ? names.value.map((name) => `${mountPoint}/${name}`) : [];
}

/** access(2) fails with EROFS on a read-only mount, also for root. */
function isWritable(directory: string): boolean {
  try {
    accessSync(directory, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function read(path: string): string | undefined {
  const text = readText(path);
  return text.ok ? text.value : undefined;
}
