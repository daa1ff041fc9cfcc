/**
 * Holding still, for as long as was asked.
 *
 * Every 50 ms at the latest two things are seen to. A tracee that was killed is reaped: until then its parent's waitpid,
 * and with it a container runtime, waits for us. And a task that was moved in (kubectl exec, an exec probe) runs freely
 * until it is seized as well.
 */
import { ORDER_CANCEL } from '../board.js';
import type { Failure } from '../../pure/failure.js';
import { faultPoint } from '../fault-points.js';
import { confirmOpened } from '../announcement.js';
import type { Session, Target, Task } from '../session.js';
import { readProcesses, readTasks } from './collect.js';
import { seizePass, stopAll } from './seize-running.js';
import { stillFrozen } from './still-frozen.js';
import { reapDead } from './stop.js';

/** The bound that is promised to parents of the dead. */
const TEND_EVERY_MICROSECONDS = 50_000;

/** Holds until the time is over, a cancellation comes (which is no failure), or the pause budget ends. */
export function hold(session: Session): Failure | undefined {
  if (session.request.holdMicroseconds <= 0) return undefined;
  const unbelieved = confirmOpened(session);
  if (unbelieved !== undefined) return unbelieved;
  const until = session.kernel.now() + session.request.holdMicroseconds;
  for (;;) {
    const since = session.kernel.now();
    const refusal = session.interruption() ?? tend(session) ?? session.interruption();
    if (refusal !== undefined) return refusal;
    faultPoint(session.context, 'in-hold');
    const tending = session.kernel.now() - since;
    const orders = session.board.orders();
    const left = until - session.kernel.now();
    if (left <= 0 || (orders & ORDER_CANCEL) !== 0) return undefined;
    // The budget keeps back what releasing takes, and another round of tending.
    const affordable = budgetLeft(session) - 2 * tending;
    const nextTending = TEND_EVERY_MICROSECONDS - Math.min(tending, TEND_EVERY_MICROSECONDS / 2);
    session.context.wait(orders, Math.max(0, Math.min(left, nextTending, affordable)));
    if (affordable <= 0) return session.overBudget();
  }
}

function tend(session: Session): Failure | undefined {
  // A dead leader is reported only when its dead threads are reaped, so a sweep that reaped may make another one reap more.
  while (reapDead(session) > 0);
  const known = new Set(session.tasks.keys());
  for (const target of session.targets) {
    const refusal = stillFrozen(session, target) ?? catchNewcomers(session, target);
    if (refusal !== undefined) return refusal;
  }
  const isNew = (task: Task): boolean => !known.has(task.tid) || (task.tracee?.state === 'running' && !task.held);
  if (![...session.tasks.values()].some(isNew)) return undefined;
  const unstopped = stopAll(session);
  if (unstopped !== undefined) return unstopped;
  const processes = new Map<number, Task>();
  const refusal = readTasks(session, known, processes);
  for (const tgid of processes.keys())
    if (known.has(tgid) && session.tasks.get(tgid)?.joined !== true) processes.delete(tgid);
  readProcesses(session, processes);
  return refusal;
}

/** A pod that is deleted while it is held may be empty now, and its cgroup gone: that ends nothing but the search. */
function catchNewcomers(session: Session, target: Target): Failure | undefined {
  if (target.way === 'readOnly') return undefined;
  const pass = seizePass(session, target, true);
  return typeof pass === 'boolean' || pass.reason === 'CgroupGone' ? undefined : pass;
}

function budgetLeft(session: Session): number {
  const budget = session.request.maxPauseMicroseconds;
  if (budget === undefined || session.firstActAt === undefined) return Number.POSITIVE_INFINITY;
  return Math.max(0, session.firstActAt + budget - session.releaseEstimate() - session.kernel.now());
}
