/**
 * Waits until each task is in its ptrace stop.
 *
 * The waits are by tid and in order, never by -1 (4,000 waits by -1 took 384 ms, by tid 5 ms): while the first task is waited
 * for, the others reach their stop too. No stop is consumed, so that a signal whose delivery made the stop is not lost if we die.
 */
import type { Failure } from '../../pure/failure.js';
import { faultPoint } from '../fault-points.js';
import type { Session, Task } from '../session.js';
import { heldByKernel } from '../stuck-tasks.js';
import { describeTask } from '../task-facts.js';
import type { Running } from '../../../native/tracee.js';
import { thaw } from './thaw.js';

/** How long to poll without sleeping. The shortest sleep takes 60 µs (timer slack, prctl(2)), and most stops come sooner. */
const SPIN_MICROSECONDS = 60;
const FIRST_WAIT_MICROSECONDS = 20;
const LONGEST_WAIT_MICROSECONDS = 500;
/** How long to wait for the first task that is late. After that, the other tasks of the round get one look each. */
const PATIENCE_MICROSECONDS = 2_000;
/** When no task has reached its stop for this long, the missing tasks are looked at in /proc. A stop takes some 20 µs. */
const LOOK_AFTER_MICROSECONDS = 3_000;
const CLOCK_EVERY = 64;
/** Number of late tasks that are described when the time is over. Each description takes 60 µs. */
const MAX_LATE_DESCRIBED = 32;

/** Brings every running tracee to its stop, or finds out what holds it. */
export function stop(session: Session): Failure | undefined {
  let late = session.running();
  let lastCame = session.kernel.now();
  while (late.length > 0) {
    const before = late.length;
    const waited = waitInOrder(session, late);
    if (!Array.isArray(waited)) return waited;
    late = waited;
    // An execve may have put another thread under the tid after its INTERRUPT, and that thread was not asked to stop yet. Asking
    // twice does no harm: a detach takes back a pending INTERRUPT (ptrace(2), PTRACE_INTERRUPT).
    if (late.length === before) for (const { tracee } of late) tracee.interrupt();
    const now = session.kernel.now();
    if (late.length < before || reapDead(session) > 0) lastCame = now;
    else if (now - lastCame > LOOK_AFTER_MICROSECONDS) {
      late = setHeldAside(session, late);
      lastCame = now;
    }
  }
  session.areStopped = true;
  return undefined;
}

interface Late {
  readonly task: Task;
  readonly tracee: Running;
}

function waitInOrder(session: Session, late: readonly Late[]): Late[] | Failure {
  const remaining: Late[] = [];
  for (const [index, { task, tracee }] of late.entries()) {
    if (!waitFor(session, task, tracee, remaining.length > 0 ? 0 : PATIENCE_MICROSECONDS))
      remaining.push({ task, tracee });
    faultPoint(session.context, 'between-stops');
    if (index % CLOCK_EVERY !== 0 && remaining.length === 0) continue;
    // Each task below a freezer was seized while it was frozen. With the freezer open, it reaches its stop before it runs an
    // instruction of its own.
    if (session.mustOpen()) thaw(session);
    const interrupted = session.interruption();
    if (interrupted === undefined) continue;
    if (interrupted.reason === 'FreezeTimeout') reportLate(session, [...remaining, ...late.slice(index + 1)]);
    return interrupted;
  }
  return remaining;
}

function waitFor(session: Session, task: Task, tracee: Running, patience: number): boolean {
  const { kernel } = session;
  task.tracee = tracee.look();
  if (task.tracee !== tracee) return true;
  if (patience === 0) return false;
  const since = kernel.now();
  while (kernel.now() - since < SPIN_MICROSECONDS) {
    task.tracee = tracee.look();
    if (task.tracee !== tracee) return true;
  }
  for (let wait = FIRST_WAIT_MICROSECONDS; ; wait = Math.min(2 * wait, LONGEST_WAIT_MICROSECONDS)) {
    kernel.sleep(wait);
    task.tracee = tracee.look();
    if (task.tracee !== tracee) return true;
    if (kernel.now() - since > patience) return false;
  }
}

/**
 * A task that the kernel holds cannot stop until the kernel lets it go. It runs no instruction meanwhile, so the capture goes on
 * without it.
 */
function setHeldAside(session: Session, late: readonly Late[]): Late[] {
  const held = heldByKernel(
    session,
    late.map(({ task }) => task.tid),
  );
  for (const task of held) session.unfrozen.set(task.tid, task);
  return late.filter(({ task }) => {
    task.held = session.unfrozen.has(task.tid);
    return !task.held;
  });
}

/**
 * Reaps tracees that died, so that their parents see the death, and returns how many. An execve waits until we have reaped each
 * thread of its group that was our tracee (de_thread, fs/exec.c).
 */
export function reapDead(session: Session): number {
  let reaped = 0;
  for (const task of session.tasks.values()) {
    if (task.tracee?.state !== 'stopped') continue;
    task.tracee = task.tracee.look();
    if (task.tracee.state === 'gone') reaped += 1;
  }
  return reaped + reapStrays(session);
}

/**
 * A task leaves its cgroup's list before it is dead, and is a stray by then. Process 1 of a pid namespace leaves the list early
 * by as long as it waits for all other processes in the namespace (pid_namespaces(7)), and we have to reap those as well. The
 * container's runtime waits for us meanwhile.
 */
function reapStrays(session: Session): number {
  let reaped = 0;
  for (const [index, stray] of session.strays.entries()) {
    if (stray.state === 'gone') continue;
    const now = stray.look();
    session.strays[index] = now;
    if (now.state === 'gone') reaped += 1;
  }
  return reaped;
}

/**
 * Looks again at the tasks that the kernel held, because a wait in the kernel may have ended meanwhile. A task that has reached
 * its stop is no longer reported.
 */
export function lookAgainAtHeld(session: Session): void {
  for (const tid of session.unfrozen.keys()) {
    const task = session.tasks.get(tid);
    if (task?.tracee?.state === 'running') task.tracee = task.tracee.look();
    if (task?.tracee === undefined || task.tracee.state === 'running') continue;
    task.held = false;
    session.unfrozen.delete(tid);
  }
}

/** Describes the first of the tasks that have not reached their stop. The others of the pod stand still meanwhile. */
function reportLate(session: Session, late: readonly Late[]): void {
  let described = 0;
  for (const { task } of late) {
    if (task.tracee?.state === 'running') task.tracee = task.tracee.look();
    if (task.tracee?.state !== 'running') continue;
    const row = describeTask(session, task.tid);
    if (row !== undefined) session.unfrozen.set(task.tid, row);
    described += 1;
    if (described === MAX_LATE_DESCRIBED) return;
  }
}
