/** Opens the freezers again. This runs as a phase, and on every way out while a freezer is closed. */
import { faultPoint } from '../fault-points.js';
import { thawAndVerify } from '../../cgroup/freezer.js';
import type { Session } from '../session.js';

/**
 * Number of attempts to thaw. Each sleep is 0.2 ms longer than the one before: 40 attempts take 164 ms, far more than any kernel
 * was seen to need.
 */
const ATTEMPTS = 40;

/** Opens every freezer that this capture closed, and proves it. Never touches a freezer that this capture did not close. */
export function thaw(session: Session): undefined {
  for (const target of session.targets) {
    if (!target.closed || target.freezer === undefined) continue;
    const written = (): void => faultPoint(session.context, 'after-thaw-write');
    const proved = thawAndVerify(target.freezer, ATTEMPTS, (us) => session.kernel.sleep(us), written);
    if (!proved) session.thawUnproved.push(target.container.directory);
    target.closed = false;
    faultPoint(session.context, 'after-thaw');
  }
  session.board.setWriter(false);
  session.board.setClosed(session.thawUnproved.length);
  session.freezesNoMore = true;
  session.tellOpenedInTime();
  return undefined;
}

/**
 * Opens the freezers for good, because they are of no use here or somebody else has opened them. From now on, every task of
 * theirs is stopped by its own interrupt.
 */
export function goOnByInterrupts(session: Session): undefined {
  thaw(session);
  for (const target of session.targets) if (target.way === 'freezer') target.way = 'interrupts';
  return undefined;
}
