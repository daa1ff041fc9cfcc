/**
 * Every thread becomes a tracee of this thread while its cgroup is frozen.
 *
 * SEIZE all, list again, let go what is no longer listed, and only then INTERRUPT: a seized tid cannot be reused
 * before we reap it, and SEIZE alone disturbs nobody (ptrace(2)); so a pid that was reused between the list and the
 * SEIZE is noticed before anything is done to it.
 */
import { isGone } from '../../../native/errno.js';
import { TRACE_OPTIONS } from '../../../native/kernel.js';
import { Running, seize as seizeTask } from '../../../native/tracee.js';
import { listTasks, TASK_FILE } from '../../cgroup/list-tasks.js';
import { failure, type Failure } from '../../pure/failure.js';
import { faultPoint } from '../fault-points.js';
import { errnoName } from '../../../native/syscall-error.js';
import { refusedSeize } from '../refused-seize.js';
import type { Session, Target } from '../session.js';
import { seizeRunning } from './seize-running.js';
import { thaw } from './thaw.js';

/** Listings until nothing is new. In a frozen cgroup nothing forks, so only tasks that are moved in can prolong it. */
const MAX_LISTINGS = 100;
/** How many SEIZEs between two looks at clock and orders; 64 of them take about 0.2 ms. */
const LOOK_EVERY = 64;

/** Seizes and interrupts every task. Where no freezer holds the tasks, also brings them to their stop. */
export function seize(session: Session): Failure | undefined {
  const still = session.targets.filter((target) => target.way === 'freezer' || target.way === 'stopInPlace');
  for (const target of still) {
    if (session.mustOpen()) leaveFreezer(session);
    const refusal = target.way === 'interrupts' ? undefined : seizeFrozen(session, target);
    if (refusal !== undefined) return refusal;
  }
  if (session.mustOpen()) leaveFreezer(session);
  interruptAll(
    session,
    still.filter((target) => target.way !== 'interrupts'),
  );
  const refusal = noteReadOnly(session) ?? seizeRunning(session);
  faultPoint(session.context, 'after-seize');
  return refusal;
}

/**
 * The rest is done without freezer. v1: SEIZE of a job-control-stopped task blocks until it opens; the main thread sees that
 * nothing moves, and opens it. We open it as well, so that both know.
 */
function leaveFreezer(session: Session): void {
  thaw(session);
  for (const target of session.targets) if (target.way === 'freezer') target.way = 'interrupts';
}

function seizeFrozen(session: Session, target: Target): Failure | undefined {
  for (let listing = 0; listing < MAX_LISTINGS; listing++) {
    const cgroups = listTasks(
      session.kernel.files,
      target.container.directory,
      TASK_FILE[target.container.cgroupVersion],
    );
    if (typeof cgroups === 'number') return unlisted(target, cgroups);
    const listed = new Set<number>();
    let fresh = 0;
    for (const { directory, tids } of cgroups) {
      const traced = !target.frozenBelow.has(directory);
      for (const tid of tids) {
        listed.add(tid);
        if (session.tasks.has(tid)) continue;
        fresh += 1;
        const refusal = traced
          ? seizeOne(session, target, directory, tid)
          : void session.addTask(tid, target, directory, undefined);
        if (refusal !== undefined) return refusal;
        const look = fresh % LOOK_EVERY === 0;
        if ((look || session.isReopened()) && session.mustOpen()) leaveFreezer(session);
        // A target that was found frozen is not ours to leave: of that one every task is still to be seized here.
        if (target.way === 'interrupts') return undefined;
        const interrupted = look ? session.interruption() : undefined;
        if (interrupted !== undefined) return interrupted;
      }
    }
    dropUnlisted(session, target, listed);
    if (fresh === 0) return undefined;
  }
  return failure('FreezerChanged', `tasks kept joining ${target.container.directory} while it was frozen`);
}

function seizeOne(session: Session, target: Target, directory: string, tid: number): Failure | undefined {
  session.board.step();
  const tracee = seizeTask(session.kernel.ptrace, tid, TRACE_OPTIONS);
  session.board.step();
  if (typeof tracee !== 'number') {
    session.addTask(tid, target, directory, tracee);
    faultPoint(session.context, 'between-seizes');
    return undefined;
  }
  if (isGone(tracee)) return undefined;
  const refused = refusedSeize(session, tid, tracee);
  if (refused.kind === 'ours') session.addTask(tid, target, directory, new Running(session.kernel.ptrace, tid));
  if (refused.kind === 'kernelThread') session.addTask(tid, target, directory, undefined);
  return refused.kind === 'traced' || refused.kind === 'denied' ? refused.failure : undefined;
}

function dropUnlisted(session: Session, target: Target, listed: ReadonlySet<number>): void {
  for (const task of session.tasks.values()) {
    if (task.target !== target || listed.has(task.tid)) continue;
    session.tasks.delete(task.tid);
    const tracee = task.tracee?.state === 'running' ? task.tracee.look() : task.tracee;
    // Alive and not in the list: a stranger under a reused tid, or a task that was moved away. It is let go at release.
    if (tracee !== undefined && tracee.state !== 'gone') session.strays.push(tracee);
  }
}

/** A task that dies before it is interrupted is found dead when its stop is waited for. */
function interruptAll(session: Session, targets: readonly Target[]): void {
  if (targets.length === 0) return;
  session.act();
  for (const { task, tracee } of session.running()) if (targets.includes(task.target)) tracee.interrupt();
}

/** Found FROZEN on v1: the tasks are only listed. */
function noteReadOnly(session: Session): Failure | undefined {
  for (const target of session.targets) {
    if (target.way !== 'readOnly') continue;
    const cgroups = listTasks(
      session.kernel.files,
      target.container.directory,
      TASK_FILE[target.container.cgroupVersion],
    );
    if (typeof cgroups === 'number') return unlisted(target, cgroups);
    for (const { directory, tids } of cgroups)
      for (const tid of tids) session.addTask(tid, target, directory, undefined);
  }
  return undefined;
}

function unlisted(target: Target, result: number): Failure {
  return failure('CgroupGone', `the tasks of ${target.container.directory} cannot be listed: ${errnoName(result)}`);
}
