/**
 * Closes the freezers, and waits until the tasks are frozen in fact.
 *
 * v2 tells by an event. v1 has no event, and two ways to stick in FREEZING (field measurements, Linux 6.18):
 * - vfork parents: 143 of 200 were not FROZEN after 300 ms; writing FROZEN again every 2 ms froze all within 3 ms;
 * - a multithreaded process in execve: writing again cured none; THAWED for 0.3 ms and FROZEN again cured all, within 63 ms at
 *   most.
 */
import { isGone } from '../../../native/errno.js';
import { errnoName } from '../../../native/syscall-error.js';
import { ORDER_TIMEOUT } from '../board.js';
import { failure, type Failure } from '../../pure/failure.js';
import { faultPoint } from '../fault-points.js';
import type { Session, Target } from '../session.js';
import { stuckWhileFreezing } from '../stuck-tasks.js';
import { goOnByInterrupts } from './thaw.js';
import type { UnfrozenCause } from '../../../api/podcapture.js';

const REWRITE_EVERY_MICROSECONDS = 2_000;
/** When a freezer was closed for this long and is still not FROZEN, it is opened for a moment instead of only written to again. */
const REOPEN_AFTER_MICROSECONDS = 6_000;
const REOPENING_MICROSECONDS = 300;
/**
 * A freezer is also not opened before this many times the duration of a write: opening wakes every task, and all have to freeze
 * anew, which for thousands of tasks takes many times as long as the write itself.
 */
const REOPEN_AFTER_WRITES = 10;
/**
 * Delay of the first look, which finds tasks that exit or write a core file. Such tasks never freeze, and this look reports them
 * early. A look costs 20 µs per task, and thousands of tasks take tens of milliseconds to freeze, so the delay grows with the
 * number of tasks.
 */
const EARLY_LOOK_MICROSECONDS = 3_000;
const EARLY_LOOK_MICROSECONDS_PER_TASK = 40;
/**
 * Time after which a look is final. One task that cannot freeze keeps all others frozen for nothing, and every task that can
 * freeze was seen to have frozen by this time.
 */
const LOOK_AFTER_MICROSECONDS = 100_000;
/** Time between two looks after that. A task that runs in the kernel is recognised by its CPU time since the look before. */
const LOOK_AGAIN_MICROSECONDS = 25_000;
/** How long to poll without sleeping. The shortest sleep takes 60 µs (timer slack, prctl(2)), and a pod of few tasks freezes sooner. */
const SPIN_MICROSECONDS = 60;
const FIRST_WAIT_MICROSECONDS = 20;
const LONGEST_WAIT_MICROSECONDS = 500;

/**
 * Freezes every target that is not frozen already. Where freezing is of no use, the freezers are open again on return. After a
 * failure, `letGo()` in capture.ts opens them.
 */
export function freeze(session: Session): Failure | undefined {
  const ours = session.targets.filter((target) => target.way === 'freezer');
  const refusal = close(session, ours) ?? awaitFrozen(session, ours);
  session.board.setWriter(false);
  return refusal;
}

/**
 * Waits for a freeze that somebody else began. That freezer is never written to, because a write could close a freezer that its
 * owner has just opened. This runs before anything is announced, because the wait can take as long as the timeout, and an
 * announced freezer has a second.
 */
export function awaitOthers(session: Session): Failure | undefined {
  const theirs = session.targets.filter((target) => target.found === 'FREEZING');
  const since = session.kernel.now();
  let look = since + LOOK_AFTER_MICROSECONDS;
  let wait = FIRST_WAIT_MICROSECONDS;
  for (;;) {
    const late = notFrozen(theirs);
    if (!Array.isArray(late)) return late;
    if (late.length === 0) return undefined;
    const now = session.kernel.now();
    const overdue = now - since > session.request.timeoutMicroseconds || (session.board.orders() & ORDER_TIMEOUT) !== 0;
    if (overdue || now > look) {
      const stuck = stuckWhileFreezing(session, late, false);
      const unfreezable = stuck.find((task) => task.cause === 'KernelThread' || task.cause === 'Uninterruptible');
      if (unfreezable !== undefined) {
        const reason = unfreezable.cause === 'KernelThread' ? 'KernelThreadInCgroup' : 'TaskUninterruptible';
        return failure(
          reason,
          `${nameOf(late)} is being frozen by someone else and cannot be: task ${unfreezable.tid} (${unfreezable.comm}) waits in ${unfreezable.waitChannel || 'the kernel'}`,
        );
      }
      look = now + LOOK_AFTER_MICROSECONDS;
    }
    if (overdue)
      return failure(
        'FreezeTimeout',
        `${nameOf(late)} was found FREEZING and did not become FROZEN in time; it is left as it was`,
      );
    const cancelled = session.interruption();
    if (cancelled !== undefined) return cancelled;
    for (const target of late) target.freezer?.waitForChange(wait);
    wait = Math.min(2 * wait, LONGEST_WAIT_MICROSECONDS);
  }
}

/** Makes the first writes, one right after the other, so that the containers of a pod freeze together. */
function close(session: Session, targets: readonly Target[]): Failure | undefined {
  if (targets.length === 0) return undefined;
  session.board.setWriter(true);
  for (const target of targets) {
    const interrupted = session.interruption();
    if (interrupted !== undefined) return interrupted;
    // The freezer is published before it is written to, because the main thread, which thaws it when this thread cannot, must
    // know of it first.
    const { freezer } = target;
    if (
      freezer === undefined ||
      !session.board.publishFreezer({ fd: freezer.controlFd, version: freezer.version, container: target.index })
    ) {
      return failure('InvalidTarget', `${target.container.directory} has no freezer that can be published`);
    }
    target.closed = true;
    target.written = true;
    session.board.setClosed(targets.filter((other) => other.closed).length);
    session.act();
    faultPoint(session.context, 'before-freeze-write');
    const result = freezer.freeze();
    faultPoint(session.context, 'after-freeze-write');
    if (result < 0) return refusedWrite(target, result);
  }
  return undefined;
}

function awaitFrozen(session: Session, targets: readonly Target[]): Failure | undefined {
  const since = session.kernel.now();
  let wait = FIRST_WAIT_MICROSECONDS;
  let lastWrite = since;
  let lastOpen = since;
  let writeTook = since - (session.firstActAt ?? since);
  let look = since + EARLY_LOOK_MICROSECONDS + EARLY_LOOK_MICROSECONDS_PER_TASK * session.firstLooks.size;
  for (;;) {
    const late = notFrozen(targets);
    if (!Array.isArray(late)) return late;
    noteFrozen(session, targets, late);
    if (late.length === 0) {
      faultPoint(session.context, 'frozen');
      return undefined;
    }
    const interrupted = session.interruption();
    if (interrupted !== undefined) {
      for (const task of stuckWhileFreezing(session, late, true)) session.unfrozen.set(task.tid, task);
      return interrupted;
    }
    if (session.mustOpen() || isOpenedByOthers(late)) return goOnByInterrupts(session);
    const now = session.kernel.now();
    if (now >= look) {
      const final = now - since >= LOOK_AFTER_MICROSECONDS;
      if (cannotFreeze(session, late, final)) return goOnByInterrupts(session);
      lastWrite = session.kernel.now();
      look = Math.max(since + LOOK_AFTER_MICROSECONDS, lastWrite + LOOK_AGAIN_MICROSECONDS + (lastWrite - now));
    } else if (now - lastWrite >= REWRITE_EVERY_MICROSECONDS) {
      const v1 = late.filter((target) => target.freezer?.version === 'v1');
      const reopen = now - lastOpen >= Math.max(REOPEN_AFTER_MICROSECONDS, REOPEN_AFTER_WRITES * writeTook);
      rewrite(session, v1, reopen);
      lastWrite = session.kernel.now();
      if (reopen) lastOpen = lastWrite;
      else writeTook = Math.max(writeTook, lastWrite - now);
      wait = FIRST_WAIT_MICROSECONDS;
    }
    if (now - since < SPIN_MICROSECONDS) continue;
    late[0]?.freezer?.waitForChange(wait);
    wait = Math.min(2 * wait, LONGEST_WAIT_MICROSECONDS);
  }
}

/**
 * Notes when each target froze, for the skew between containers. A target that is reopened for a moment was late, so it is not
 * noted yet.
 */
function noteFrozen(session: Session, targets: readonly Target[], late: readonly Target[]): void {
  for (const target of targets) {
    if (target.frozenAt === undefined && !late.includes(target)) target.frozenAt = session.kernel.now();
  }
}

/**
 * Writes FROZEN again. The orders are looked at between opening and closing, so that a freezer that the main thread opened is not
 * closed again.
 */
function rewrite(session: Session, targets: readonly Target[], reopen: boolean): void {
  if (reopen) {
    for (const target of targets) target.freezer?.thaw();
    session.kernel.sleep(REOPENING_MICROSECONDS);
  }
  for (const target of targets) {
    if (session.board.orders() !== 0) return;
    target.freezer?.freeze();
  }
}

/**
 * Whether the late tasks are all tasks that can never freeze. On v2 a look tells. On v1 an uninterruptible wait shows only with
 * the freezer open, so that is not done before the 100 ms mark, and the freezer is closed again when the answer is no.
 */
function cannotFreeze(session: Session, late: readonly Target[], final: boolean): boolean {
  const stuck = stuckWhileFreezing(session, late, final);
  const hopeless =
    stuck.length > 0 && stuck.every(({ cause }) => NEVER_FREEZES.has(cause) || (final && cause === 'Uninterruptible'));
  const v1 = late.filter((target) => target.freezer?.version === 'v1');
  if (hopeless)
    for (const task of stuck) {
      session.unfrozen.set(task.tid, task);
      if (task.cause === 'CoreDump') session.dumping.add(session.firstLooks.get(task.tid)?.tgid ?? task.tid);
    }
  else if (final) rewrite(session, v1, false);
  return hopeless;
}

const NEVER_FREEZES: ReadonlySet<UnfrozenCause> = new Set(['KernelThread', 'Exiting', 'CoreDump', 'InKernel']);

/** Whether somebody else has written THAWED meanwhile. Otherwise a freezer that this capture closed is FREEZING or FROZEN. */
function isOpenedByOthers(late: readonly Target[]): boolean {
  return late.some((target) => target.closed && target.freezer?.selfFreezing() === false);
}

function notFrozen(targets: readonly Target[]): Target[] | Failure {
  const late: Target[] = [];
  for (const target of targets) {
    const state = target.freezer?.state() ?? 'FROZEN';
    if (typeof state === 'number')
      return isGone(state)
        ? failure('CgroupGone', `${nameOf([target])} vanished while it was freezing`)
        : refusedWrite(target, state);
    if (state !== 'FROZEN') late.push(target);
  }
  return late;
}

function refusedWrite(target: Target, result: number): Failure {
  if (isGone(result)) return failure('CgroupGone', `${nameOf([target])} is gone`);
  return failure('HostUnfit', `the freezer of ${nameOf([target])} answered ${errnoName(result)}`);
}

function nameOf(targets: readonly Target[]): string {
  return targets.map((target) => target.container.directory).join(', ');
}
