/**
 * Holds the pod still for as long as was asked.
 *
 * Every 50 ms, a round checks whether a task has died or a newcomer has come. A tracee that was killed is reaped: until then its
 * parent's waitpid, and with it a container runtime, waits for us. A task that was moved in (kubectl exec, an exec probe) runs
 * freely until it is seized as well.
 */
import { ORDER_CANCEL } from '../board.js';
import type { Failure } from '../../pure/failure.js';
import { confirmOpened } from '../announcement.js';
import { faultPoint } from '../fault-points.js';
import type { Session, Target, Task } from '../session.js';
import { noteStandstill } from '../standstill.js';
import { listTarget } from '../target-tasks.js';
import { lookForZombies } from '../zombies.js';
import { noRoom, readNewcomersLinks, readProcesses, readTasks, readThreads, type Processes } from './collect.js';
import { seizePass, stopAll } from './seize-running.js';
import { stillFrozen } from './still-frozen.js';
import { lookAgainAtHeld, reapDead } from './stop.js';

/** Time between two rounds. This bound is promised to the parents of dead tasks, and to users who wait for a newcomer to stand still. */
const TEND_EVERY_MICROSECONDS = 50_000;
/**
 * A round is followed by a rest of so many times its duration, so that a hold costs less than 5 % of one core, the main thread included.
 * Listing 10,000 threads takes 5 to 10 ms, so they are listed every 0.15 to 0.3 s.
 */
const RESTS_PER_ROUND = 30;
/** Bound of the reads before a hold: 10,000 threads take 140 ms. The bound makes sure that a hold can still end early. */
const READING_MICROSECONDS = 200_000;

/** Holds until the time is over, the bound on the board is reached, or a cancellation comes, which is no failure. */
export function hold(session: Session): Failure | undefined {
  if (session.request.holdMicroseconds <= 0) return undefined;
  const refusal = holdStill(session);
  return refusal?.reason === 'Cancelled' ? undefined : refusal;
}

function holdStill(session: Session): Failure | undefined {
  const unbelieved = confirmOpened(session);
  if (unbelieved !== undefined) return unbelieved;
  const until = session.kernel.now() + session.request.holdMicroseconds;
  for (;;) {
    const since = session.kernel.now();
    const refusal = session.interruption() ?? tend(session) ?? session.interruption();
    if (refusal !== undefined) return refusal;
    noteStandstill(session);
    noteHeldFrom(session);
    faultPoint(session.context, 'in-hold');
    const now = session.kernel.now();
    const tending = now - since;
    const orders = session.board.orders();
    const bound = session.board.mayHoldUntil() ?? until;
    session.isCutOff = bound < until && bound <= now;
    const left = Math.min(until, bound) - now;
    if (left <= 0 || (orders & ORDER_CANCEL) !== 0) return undefined;
    const rest = Math.max(TEND_EVERY_MICROSECONDS - tending, RESTS_PER_ROUND * tending);
    session.context.wait(orders, Math.max(0, Math.min(left, rest)));
  }
}

/**
 * Before a hold, reads what the pause has no time for: the status of every thread, the namespaces of newcomers, and the zombies.
 * For a task that is not read in time, the report uses the looks before and after the pause.
 */
export function readTheRest(session: Session): Failure | undefined {
  if (session.request.holdMicroseconds <= 0) return undefined;
  session.isHolding = true;
  const until = session.kernel.now() + Math.min(READING_MICROSECONDS, session.request.holdMicroseconds);
  const isOver = (): boolean => session.kernel.now() >= until || session.interruption() !== undefined;
  readThreads(session, isOver);
  readNewcomersLinks(session, session.processes.keys(), isOver);
  lookForZombies(session, session.tasks.keys(), 'held', isOver);
  noteHeldFrom(session);
  return noRoom(session);
}

/**
 * Puts on the board since when the pod stands still. That usually happens before the phase `hold`, so that the main thread
 * finds the time when it sees the phase; it comes later when a task was set aside and has reached its stop since.
 */
function noteHeldFrom(session: Session): void {
  const { stoodStillAt, context, board } = session;
  if (stoodStillAt === undefined || session.heldFrom !== undefined || context.wallOffset === undefined) return;
  session.heldFrom = stoodStillAt + context.wallOffset();
  board.setHeldFrom(session.heldFrom);
}

/** Does one round, and ends at once when the lists show that nobody has come or gone. */
function tend(session: Session): Failure | undefined {
  for (const target of session.targets) {
    const changed = stillFrozen(session, target);
    if (changed !== undefined) return changed;
  }
  if (isUnchanged(session)) return undefined;
  lookAgainAtHeld(session);
  // The kernel reports a dead leader only when its dead threads are reaped, so a sweep that reaped a task may let the next sweep
  // reap more.
  while (reapDead(session) > 0);
  const known = new Set(session.tasks.keys());
  for (const target of session.targets) {
    const refusal = catchNewcomers(session, target);
    if (refusal !== undefined) return refusal;
  }
  const isNew = (task: Task): boolean => !known.has(task.tid) || (task.tracee?.state === 'running' && !task.held);
  if (![...session.tasks.values()].some(isNew)) return undefined;
  const unstopped = stopAll(session);
  if (unstopped !== undefined) return unstopped;
  const processes: Processes = new Map();
  const refusal = readTasks(session, known, processes);
  for (const tgid of processes.keys())
    if (known.has(tgid) && session.tasks.get(tgid)?.joined !== true) processes.delete(tgid);
  readProcesses(session, processes);
  readNewcomersLinks(session, processes.keys(), () => session.interruption() !== undefined);
  return refusal ?? noRoom(session);
}

/**
 * Whether every target lists just the tasks that are known, and all of them are in their stop. A task leaves its cgroup's list
 * before it is dead (cgroup_exit(), kernel/cgroup/cgroup.c), and its tid is not used again before we reap it.
 */
function isUnchanged(session: Session): boolean {
  if (session.strays.some((stray) => stray.state !== 'gone')) return false;
  let listed = 0;
  for (const target of session.targets) {
    const cgroups = listTarget(session, target);
    if (typeof cgroups === 'number') return false;
    for (const { tids } of cgroups) {
      listed += tids.length;
      if (!tids.every((tid) => isAtRest(session.tasks.get(tid)))) return false;
    }
  }
  let living = 0;
  for (const task of session.tasks.values()) if (task.tracee?.state !== 'gone') living += 1;
  return listed === living;
}

/**
 * Whether the task is in its stop, or is not traced on purpose. A held task is not at rest: it may reach its stop, or be replaced
 * by an execve.
 */
function isAtRest(task: Task | undefined): boolean {
  return task !== undefined && !task.held && (task.tracee === undefined || task.tracee.state === 'stopped');
}

/**
 * Seizes the newcomers of a target. A pod that is deleted while it is held may be empty now and its cgroup gone; that ends only
 * this search.
 */
function catchNewcomers(session: Session, target: Target): Failure | undefined {
  if (target.way === 'readOnly') return undefined;
  const pass = seizePass(session, target, true);
  return typeof pass === 'boolean' || pass.reason === 'CgroupGone' ? undefined : pass;
}
