/**
 * Finds the tasks that will not freeze or stop, and why. Whether a task is waited for depends on whether it makes progress
 * towards its stop, not on the letter of its state: a task in state R may be in the kernel for seconds (a write of gigabytes, a
 * page fault that nobody answers), or it may just lack a CPU.
 */
import type { UnfrozenTask } from '../../api/podcapture.js';
import { listTasks, TASK_FILE } from '../cgroup/list-tasks.js';
import type { Session, Target } from './session.js';
import { causeOf, explain, readFacts, type Depth, type TaskFacts } from './task-facts.js';

/** Time between two looks at a wait. A wait that is the same at both looks counts as stuck; every disk access is a shorter wait. */
const SAMPLE_APART_MICROSECONDS = 1_000;
/**
 * CPU time after which a task that was asked to stop, and did not, is known to stay in the kernel: a task stops the next time
 * that it is about to return to user space. 401 tasks that run in user space stop within 13 ms, all together (Linux 6.18).
 */
const IN_KERNEL_MICROSECONDS = 20_000;

/**
 * Finds the tasks that keep these targets from being FROZEN.
 *
 * v2: a frozen task shows state S and a task in an uninterruptible wait shows D, so one look tells. v1: a frozen task shows D,
 * like a task that cannot freeze. With `mayOpen`, a freezer that this capture closed is therefore **opened** for the look and
 * left open, and only a task that is then in the same D twice is called uninterruptible.
 */
export function stuckWhileFreezing(session: Session, targets: readonly Target[], mayOpen: boolean): UnfrozenTask[] {
  return targets.flatMap((target) => {
    const tids = tidsOf(session, target);
    const { freezer } = target.container;
    const facts = factsOf(session, tids, freezer === 'v2' ? 'frozenAsS' : 'frozenAsD');
    if (freezer === 'v2') return facts.filter(isNotFrozenOnV2).map((task) => judged(session, task));
    const seen = facts.filter((task) => task.state === 'R' || task.state === 'S' || isLeaving(task));
    const rows = seen.map((task) => judged(session, task));
    if (!target.closed || !mayOpen) return rows;
    target.freezer?.thaw();
    const known = new Set(rows.map(({ tid }) => tid));
    return [...rows, ...uninterruptible(session, tids).filter(({ tid }) => !known.has(tid))];
  });
}

/**
 * Finds, among tasks that were asked to stop, the tasks that the kernel itself keeps from their stop. This takes about two
 * milliseconds, or no time where every task is exiting or writes a core file.
 */
export function heldByKernel(session: Session, tids: readonly number[]): UnfrozenTask[] {
  const facts = factsOf(session, tids, 'whole');
  const held = facts.filter((task) => isLeaving(task) || isStuckRunning(session, task));
  const others = facts.filter((task) => !held.includes(task)).map(({ tid }) => tid);
  return [
    ...held.map((task) => judged(session, task)),
    ...sameTwice(session, others, isAsleep).map((task) => explain(session, task)),
  ];
}

/** Finds, among tasks that were not asked to stop, the tasks that would not come to a stop now. */
export function unstoppable(session: Session, tids: readonly number[]): UnfrozenTask[] {
  const leaving = factsOf(session, tids, 'whole').filter(isLeaving);
  const left = new Set(leaving.map(({ tid }) => tid));
  const others = tids.filter((tid) => !left.has(tid));
  return [...leaving, ...sameTwice(session, others, (task) => task.state === 'D')].map((task) =>
    explain(session, task),
  );
}

/**
 * A task that was asked to stop is woken for it. A task that sleeps on cannot be woken. A job-control stop (T) turns into the
 * ptrace stop.
 */
function isAsleep({ state }: TaskFacts): boolean {
  return state === 'D' || state === 'I';
}

/** The task will not return to user space. It waits for nothing of ours, so it is not waited for. */
function isLeaving(task: TaskFacts): boolean {
  const cause = causeOf(task);
  return cause === 'Exiting' || cause === 'CoreDump';
}

/** Whether the task has had `IN_KERNEL_MICROSECONDS` of CPU time since it was first looked at, and has not reached its stop. */
function isStuckRunning(session: Session, task: TaskFacts): boolean {
  if (task.ranMicroseconds < 0) return false;
  const since = session.ranWhenLate.get(task.tid);
  if (since === undefined) session.ranWhenLate.set(task.tid, task.ranMicroseconds);
  return since !== undefined && task.ranMicroseconds - since >= IN_KERNEL_MICROSECONDS;
}

function judged(session: Session, task: TaskFacts): UnfrozenTask {
  const cause = causeOf(task);
  return explain(session, task, cause === 'Unknown' && isStuckRunning(session, task) ? 'InKernel' : cause);
}

function uninterruptible(session: Session, tids: readonly number[]): UnfrozenTask[] {
  return sameTwice(session, tids, (task) => task.state === 'D')
    .map((task) => explain(session, task))
    .filter((task) => task.cause === 'Uninterruptible');
}

/** The tasks that sleep in the same place at two looks, and have not run in between. */
function sameTwice(session: Session, tids: readonly number[], wanted: (task: TaskFacts) => boolean): TaskFacts[] {
  if (tids.length === 0) return [];
  session.kernel.sleep(SAMPLE_APART_MICROSECONDS);
  const first = factsOf(session, tids, 'whole').filter(wanted);
  if (first.length === 0) return [];
  session.kernel.sleep(SAMPLE_APART_MICROSECONDS);
  return first.filter((before) => {
    const now = readFacts(session, before.tid, 'whole');
    return (
      now !== undefined &&
      now.state === before.state &&
      now.waitChannel === before.waitChannel &&
      now.ranMicroseconds === before.ranMicroseconds
    );
  });
}

/** A vfork parent counts as frozen on v2, and so do stopped and traced tasks (kernel/cgroup/freezer.c). */
function isNotFrozenOnV2(task: TaskFacts): boolean {
  if (task.kernelThread || task.state === 'R' || task.state === 'I') return true;
  return task.state === 'D' && causeOf(task) !== 'VforkParent';
}

function tidsOf(session: Session, target: Target): number[] {
  const { files } = session.kernel;
  const file = TASK_FILE[target.container.cgroupVersion];
  const cgroups = listTasks(
    files,
    target.container.directory,
    file,
    session.listBuffer,
    () => session.interruption() !== undefined,
  );
  if (typeof cgroups === 'number') return [];
  // A cgroup below that somebody else froze is frozen, and says nothing about our own freezer.
  return cgroups.filter((cgroup) => !target.frozenBelow.has(cgroup.directory)).flatMap((cgroup) => cgroup.tids);
}

function factsOf(session: Session, tids: readonly number[], depth: Depth): TaskFacts[] {
  const facts: TaskFacts[] = [];
  for (const tid of tids) {
    const task = readFacts(session, tid, depth);
    if (task !== undefined) facts.push(task);
    if (session.interruption() !== undefined) break;
  }
  return facts;
}
