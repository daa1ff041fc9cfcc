/**
 * Both freezers. Whether a task is frozen is computed from times alone, so no event is needed for it to become true.
 */
import type { Activity, CgroupVersion, FakeCgroup, FakeTask } from './model.js';

export function makeCgroup(version: CgroupVersion, path: string, parent: FakeCgroup | undefined): FakeCgroup {
  return {
    version,
    path,
    parent,
    children: new Map(),
    tasks: new Set(),
    removed: false,
    threaded: false,
    selfFreezing: false,
    frozenBy: undefined,
    thawedForeign: false,
    freezingSince: parent?.freezingSince,
    thawedAt: 0,
    freezeMicroseconds: parent?.freezeMicroseconds ?? 0,
    neverFreezes: false,
    events: { text: '', sequence: 1, notifiedAt: -Infinity, dueAt: undefined },
  };
}

/** The cgroup and everything below it. */
export function subtree(cgroup: FakeCgroup): FakeCgroup[] {
  return [cgroup, ...[...cgroup.children.values()].flatMap(subtree)];
}

const NEVER_FREEZE: ReadonlySet<Activity> = new Set([
  'uninterruptible',
  'execing',
  'inKernel',
  'exiting',
  'coreDumping',
]);

/** When the task will be frozen if nothing changes; Infinity for never. */
export function frozenAt(task: FakeTask, version: CgroupVersion): number {
  const cgroup = task[version];
  if (cgroup.freezingSince === undefined || cgroup.neverFreezes || task.dead !== undefined) return Infinity;
  if (task.kthread || NEVER_FREEZE.has(task.activity)) return Infinity;
  if (version === 'v1' && task.sticking.rewrites + task.sticking.refreezes > 0) return Infinity;
  const since = Math.max(cgroup.freezingSince, task.joined[version], task.runnableSince, task.unstuckAt);
  return since + cgroup.freezeMicroseconds + task.freezeMicroseconds;
}

export function isTaskFrozen(task: FakeTask, version: CgroupVersion, now: number): boolean {
  return frozenAt(task, version) <= now;
}

/**
 * The state that freezer.state and cgroup.events report: all tasks of this cgroup and below it are frozen. An empty
 * cgroup is frozen at once.
 */
export function isCgroupFrozen(cgroup: FakeCgroup, now: number): boolean {
  if (cgroup.freezingSince === undefined) return false;
  for (const task of cgroup.tasks) {
    // v1 ignores kernel threads (freezing() is false for PF_NOFREEZE). v2 counts them, and such a cgroup never becomes
    // frozen.
    if (cgroup.version === 'v1' && task.kthread) continue;
    if (!isTaskFrozen(task, cgroup.version, now)) return false;
  }
  return [...cgroup.children.values()].every((child) => isCgroupFrozen(child, now));
}

/** Applies a write to freezer.state or cgroup.freeze. */
export function requestFreeze(cgroup: FakeCgroup, freeze: boolean, now: number, by: 'agent' | 'other'): void {
  if (freeze && cgroup.selfFreezing) subtree(cgroup).forEach((each) => countDown(each, 'rewrites', now));
  if (!freeze && by === 'agent' && cgroup.frozenBy === 'other') cgroup.thawedForeign = true;
  if (freeze !== cgroup.selfFreezing) cgroup.frozenBy = freeze ? by : undefined;
  cgroup.selfFreezing = freeze;
  propagate(cgroup, now);
}

function propagate(cgroup: FakeCgroup, now: number): void {
  const freezing = cgroup.selfFreezing || cgroup.parent?.freezingSince !== undefined;
  if (freezing && cgroup.freezingSince === undefined) {
    // The first freeze does not count: a task that sticks until it is refrozen has been thawed at least once before.
    if (cgroup.thawedAt > 0) countDown(cgroup, 'refreezes', now);
    cgroup.freezingSince = now;
  } else if (!freezing && cgroup.freezingSince !== undefined) {
    cgroup.freezingSince = undefined;
    cgroup.thawedAt = now;
  }
  cgroup.children.forEach((child) => propagate(child, now));
}

function countDown(cgroup: FakeCgroup, cure: 'rewrites' | 'refreezes', now: number): void {
  for (const task of cgroup.tasks) {
    if (task.sticking[cure] === 0) continue;
    task.sticking[cure] -= 1;
    if (task.sticking[cure] === 0) task.unstuckAt = now;
  }
}
