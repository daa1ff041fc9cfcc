/**
 * Makes every thread a tracee of this thread while its cgroup is frozen.
 *
 * The order is: SEIZE all tasks, list again, drop the tasks that are no longer listed, and only then INTERRUPT. A seized tid
 * cannot be reused before we reap it, and SEIZE alone disturbs nobody (ptrace(2)). So a pid that was reused between the list and
 * the SEIZE is noticed before anything is done to it.
 */
import { EINTR } from '../../../native/errno.js';
import { failure, type Failure } from '../../pure/failure.js';
import { faultPoint } from '../fault-points.js';
import type { Session, Target, Task } from '../session.js';
import { dropUnlisted, listTarget, takeTask, unlisted } from '../target-tasks.js';
import { seizeRunning } from './seize-running.js';
import { goOnByInterrupts } from './thaw.js';

/** Most listings until nothing is new. In a frozen cgroup nothing forks, so only tasks that are moved in can prolong the listing. */
const MAX_LISTINGS = 100;
/** Number of SEIZEs between two looks at the clock and the orders; 64 SEIZEs take about 0.2 ms. */
const LOOK_EVERY = 64;

/** Seizes and interrupts every task. Tasks that no freezer holds are also brought to their stop. */
export function seize(session: Session): Failure | undefined {
  const still = session.targets.filter((target) => target.way === 'freezer' || target.way === 'stopInPlace');
  for (const target of still) {
    if (session.mustOpen()) goOnByInterrupts(session);
    const refusal = target.way === 'interrupts' ? undefined : seizeFrozen(session, target);
    if (refusal !== undefined) return refusal;
  }
  if (session.mustOpen()) goOnByInterrupts(session);
  interruptAll(
    session,
    still.filter((target) => target.way !== 'interrupts'),
  );
  if (isOpenedByOthers(session)) goOnByInterrupts(session);
  const refusal = noteReadOnly(session) ?? seizeRunning(session);
  faultPoint(session.context, 'after-seize');
  return refusal;
}

/**
 * Whether somebody else has opened a freezer that this capture closed (`docker unpause`; runc, at each in-place resize). This is
 * checked after the last INTERRUPT: from then on no task runs an instruction of its own, whoever opens its freezer.
 */
function isOpenedByOthers(session: Session): boolean {
  return session.targets.some((target) => target.closed && target.freezer?.state() !== 'FROZEN');
}

/**
 * A task that its freezer held all the time reaches only the stop that INTERRUPT asked for. A task that stopped at a fork, an
 * execve or a signal has run: somebody opened the freezer and closed it again. Then everything is proved task by task.
 */
export function seizeEscaped(session: Session): Failure | undefined {
  for (const task of session.tasks.values()) {
    if (!hasRun(task)) continue;
    goOnByInterrupts(session);
    return seizeRunning(session);
  }
  return undefined;
}

function hasRun({ target, tracee }: Task): boolean {
  if (target.way !== 'freezer' || tracee?.state !== 'stopped') return false;
  return tracee.stop.kind === 'event' || tracee.stop.kind === 'signalDelivery';
}

/**
 * Seizes the tasks of one frozen target. On v1, SEIZE of a job-control-stopped task blocks until the freezer opens. The main
 * thread notices the lack of progress and opens the freezer. This thread then opens it as well, so that both know, and goes on
 * without freezer.
 */
function seizeFrozen(session: Session, target: Target): Failure | undefined {
  for (let listing = 0; listing < MAX_LISTINGS; listing++) {
    const cgroups = listTarget(session, target);
    if (cgroups === -EINTR && session.mustOpen()) return goOnByInterrupts(session);
    if (typeof cgroups === 'number') return unlisted(session, target, cgroups);
    const listed = new Set<number>();
    let fresh = 0;
    for (const { directory, tids } of cgroups) {
      const traced = !target.frozenBelow.has(directory);
      for (const tid of tids) {
        listed.add(tid);
        if (session.tasks.has(tid)) continue;
        fresh += 1;
        if (!traced) session.addTask(tid, target, directory, undefined);
        const taken = traced ? takeTask(session, { target, directory, tid, joined: false }) : 'passed';
        if (typeof taken === 'object' && 'reason' in taken) return taken;
        faultPoint(session.context, 'between-seizes');
        const look = fresh % LOOK_EVERY === 0;
        if ((look || session.isReopened()) && session.mustOpen()) goOnByInterrupts(session);
        // A target that was found frozen keeps its way and is not ours to open, so every task of it still has to be seized here.
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

/** Interrupts the tracees of the targets. A task that dies before its INTERRUPT is found dead when its stop is waited for. */
function interruptAll(session: Session, targets: readonly Target[]): void {
  if (targets.length === 0) return;
  session.act();
  for (const { task, tracee } of session.running()) if (targets.includes(task.target)) tracee.interrupt();
}

/** Notes the tasks of the targets that were found FROZEN on v1. These tasks are only listed. */
function noteReadOnly(session: Session): Failure | undefined {
  for (const target of session.targets) {
    if (target.way !== 'readOnly') continue;
    const cgroups = listTarget(session, target);
    if (typeof cgroups === 'number') return unlisted(session, target, cgroups);
    for (const { directory, tids } of cgroups)
      for (const tid of tids) session.addTask(tid, target, directory, undefined);
  }
  return undefined;
}
