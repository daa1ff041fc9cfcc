/**
 * Releases everything, on every way out.
 *
 * The phase ends with proof: each tracee is detached or reaped. A tracee that can be neither detached nor reaped (a vfork parent,
 * a task that the kernel holds) is freed by the end of this thread, and by nothing else.
 */
import { Running, type Tracee } from '../../../native/tracee.js';
import { faultPoint } from '../fault-points.js';
import type { Session } from '../session.js';

/**
 * How long to wait for tracees that could not be detached. A vfork parent reaches its stop as soon as its child, just detached,
 * execs or exits. A short wait is worth it, because ending the thread costs more.
 */
const PATIENCE_MICROSECONDS = 2_000;
const WAIT_MICROSECONDS = 100;

/** Detaches every tracee. Sets `threadMustEnd` when a tracee is left. Never fails half-way. */
export function release(session: Session): undefined {
  session.tellOpenedInTime();
  adoptAttached(session);
  for (const stray of session.strays) if (stray.state === 'running') stray.interrupt();
  const halfway = (): void => faultPoint(session.context, 'in-release');
  let left = letAllGo([...traceesOf(session), ...session.strays], halfway);
  const since = session.kernel.now();
  while (left.length > 0 && session.kernel.now() - since < PATIENCE_MICROSECONDS) {
    session.kernel.sleep(WAIT_MICROSECONDS);
    left = letAllGo(left);
  }
  session.threadMustEnd = left.length > 0;
  session.lastDetachAt = session.kernel.now();
  faultPoint(session.context, 'after-release');
}

/**
 * Takes over the children that the kernel attached. A child that was born into another cgroup (CLONE_INTO_CGROUP, clone(2)) is
 * our tracee and in none of our lists, whether its parent was seized at first or joined during the hold.
 */
function adoptAttached(session: Session): void {
  for (const tid of session.attached) {
    if (!session.tasks.has(tid)) session.strays.push(new Running(session.kernel.ptrace, tid));
  }
}

function* traceesOf(session: Session): Generator<Tracee> {
  for (const { tracee } of session.tasks.values()) if (tracee !== undefined) yield tracee;
}

/** Detaches the tracees, and returns those that are still ours. */
function letAllGo(tracees: readonly Tracee[], halfway: () => void = () => undefined): Tracee[] {
  const left: Tracee[] = [];
  const half = tracees.length >> 1;
  for (const [index, tracee] of tracees.entries()) {
    if (index === half) halfway();
    // A tracee that was seen in its stop is detached without another look: one system call per task, because thousands of tasks
    // may wait to run.
    if (tracee.state === 'stopped' && tracee.detach() !== 'refused') continue;
    const now = tracee.state === 'gone' ? tracee : tracee.look();
    if (now.state === 'gone' || (now.state === 'stopped' && now.detach() !== 'refused')) continue;
    left.push(now);
  }
  return left;
}
