/**
 * The messages of a capture to the guard: each freezer before it is closed and when it is open again, and the end of the release.
 *
 * The announcement is sent while the pod runs, so that it does not lengthen the pause. The guard is told that a freezer is open
 * when the pod runs again, or right before a hold: waking the guard takes 12 to 50 µs, which is much of the pause of one task,
 * and the guard allows a second. When the rest of the capture takes long, {@link Session.interruption} tells the guard in the
 * middle, without waiting for the answer.
 */
import { EALREADY, EBUSY, ENAMETOOLONG, ENOENT, ETIMEDOUT, isGone } from '../../native/errno.js';
import { PATH_BYTES } from '../../native/guard-protocol.js';
import type { Guard } from '../../native/guard.js';
import { pathBytes } from '../../native/path-text.js';
import { errnoName } from '../../native/syscall-error.js';
import { failure, type Failure } from '../pure/failure.js';
import { faultPoint } from './fault-points.js';
import { thawAndVerify } from '../cgroup/freezer.js';
import type { Session, Target } from './session.js';

/**
 * Bound for announcing all targets, up to {@link FEW_TARGETS}. One cgroup usually takes 0.1 ms, and some milliseconds on an emulated
 * or starved node. The time for which a freezer may be closed (0.8 s) runs from the announcement, so at most half of that time may
 * be spent here, whatever the number of targets.
 */
const ANNOUNCING_MICROSECONDS = 200_000;
const FEW_TARGETS = 10;
const EACH_MORE_MICROSECONDS = 10_000;
const ANNOUNCING_AT_MOST_MICROSECONDS = 400_000;
/** The guard's own bound for a closed freezer (src/guard/guard.h). The guard grants no more, whatever is asked for. */
const FREEZER_MICROSECONDS = 1_000_000;
/** An announcement may be late on a busy machine or with a journal on a busy disk. Nothing is held yet, so it is tried again. */
const ANNOUNCE_ATTEMPTS = 5;
/**
 * Attempts to make the guard believe that a freezer is open, when the thaw cannot be proved or the guard does not answer. After
 * these attempts, the guard decides at its deadline.
 */
const BELIEF_ATTEMPTS = 3;
const THAW_ATTEMPTS = 5;

/**
 * Announces every target before the first of them is touched. If the guard refuses a target, the capture fails and nothing was
 * frozen.
 */
export function announce(session: Session): Failure | undefined {
  const { guard } = session.context;
  if (typeof guard === 'number')
    return failure('GuardUnavailable', `there is no guard (${errnoName(guard)}), and nothing is frozen without one`);
  for (let attempt = 1; ; attempt++) {
    const result = announceAll(session, guard);
    if (result === undefined) faultPoint(session.context, 'after-announce');
    if (result !== 'late') return result;
    if (attempt === ANNOUNCE_ATTEMPTS)
      return failure(
        'GuardUnavailable',
        `the guard took longer than ${announcingBound(session)} µs to answer for ${session.targets.length} cgroups, ${attempt} times`,
      );
    withdraw(session);
  }
}

function announcingBound({ targets }: Session): number {
  const more = Math.max(0, targets.length - FEW_TARGETS);
  return Math.min(ANNOUNCING_MICROSECONDS + more * EACH_MORE_MICROSECONDS, ANNOUNCING_AT_MOST_MICROSECONDS);
}

function announceAll(session: Session, guard: Guard): Failure | 'late' | undefined {
  const { captureId } = session.context;
  const { timeoutMicroseconds, holdMicroseconds } = session.request;
  const since = session.kernel.now();
  session.announcedAt = since;
  for (const target of session.targets) {
    // This is set before the answer, because the guard may have accepted an announcement that it answered too late.
    target.announced = true;
    const result = guard.announce({
      capture: captureId,
      container: target.index,
      version: target.way === 'freezer' ? (target.freezer?.version ?? 'none') : 'none',
      directory: target.container.directory,
      freezerMicroseconds: FREEZER_MICROSECONDS,
      holdMicroseconds: timeoutMicroseconds + holdMicroseconds,
    });
    if (result === -ETIMEDOUT) return 'late';
    if (result < 0) return refused(session, target, result);
    if (session.kernel.now() - since > announcingBound(session)) return 'late';
  }
  return undefined;
}

function refused(session: Session, { container }: Target, result: number): Failure {
  const { directory } = container;
  if (result === -EALREADY)
    return failure('FreezerChanged', `${directory} was frozen by someone else just before it was to be`);
  if (result === -ENAMETOOLONG)
    return failure(
      'InvalidTarget',
      `the path of the cgroup has ${pathBytes(directory).length} bytes, and the guard takes at most ${PATH_BYTES - 1}; nothing was frozen: ${directory}`,
    );
  // ENOENT from the guard can mean two things: the path leads nowhere in the guard's mount namespace, or the cgroup is gone.
  const gone = isGone(result) && isGone(session.kernel.files.readInto(`${directory}/cgroup.procs`, new Uint8Array(1)));
  if (gone) return failure('CgroupGone', `${directory} is gone`);
  return failure('GuardUnavailable', `the guard refused ${directory}: ${errnoName(result)}; nothing was frozen`);
}

/** Makes sure that the guard knows every freezer to be open. Otherwise the guard ends this process a second after the announcement. */
export function confirmOpened(session: Session): Failure | undefined {
  for (const target of session.targets) {
    if (!target.announced) continue;
    const result = confirm(session, target);
    if (result < 0)
      return failure(
        'GuardUnavailable',
        `the guard did not take ${target.container.directory} for open: ${errnoName(result)}`,
      );
  }
  return undefined;
}

/**
 * Tells the guard that one freezer is open. A freezer that this capture never closed is disowned, even if somebody else has
 * closed it meanwhile. EBUSY means that the freezer is closed. Once our own thaw is proved, somebody else closed the freezer, and
 * it is theirs. The guard cannot tell who closed it, and would end this process for it.
 */
function confirm(session: Session, target: Target): number {
  const { guard, captureId } = session.context;
  if (typeof guard === 'number') return guard;
  for (let attempt = 1; ; attempt++) {
    const result = target.written ? guard.opened(captureId, target.index) : guard.disowned(captureId, target.index);
    if ((result !== -EBUSY && result !== -ETIMEDOUT) || attempt === BELIEF_ATTEMPTS) return result;
    if (result === -ETIMEDOUT) continue;
    if (!session.thawUnproved.includes(target.container.directory)) return guard.disowned(captureId, target.index);
    if (target.freezer !== undefined) thawAndVerify(target.freezer, THAW_ATTEMPTS, (us) => session.kernel.sleep(us));
  }
}

/**
 * Says that nothing is held any more, unless the end of this thread has to release the last tasks; the kernel tells the guard of
 * that end. If the guard does not believe that a freezer is open, it opens that freezer itself at its deadline.
 */
export function dismiss(session: Session): void {
  const { guard } = session.context;
  if (typeof guard !== 'number' && session.targets.some((target) => target.announced)) withdraw(session);
}

function withdraw(session: Session): void {
  const { guard, captureId } = session.context;
  const announced = session.targets.filter((target) => target.announced);
  if (typeof guard === 'number') return;
  for (const target of announced) {
    const result = confirm(session, target);
    // The guard does not answer, and each remaining target would only wait as long again.
    if (result < 0 && result !== -EBUSY && result !== -ENOENT) break;
  }
  if (!session.threadMustEnd) guard.done(captureId);
}
