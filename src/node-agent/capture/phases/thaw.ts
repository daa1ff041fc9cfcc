/** The freezers open again. Called as a phase, and on every way out while one is closed. */
import { faultPoint } from '../fault-points.js';
import { thawAndVerify } from '../../cgroup/freezer.js';
import type { Session } from '../session.js';

/** 0.2 ms more each time: 40 attempts are 164 ms, far beyond what any kernel was seen to need. */
const ATTEMPTS = 40;

/** Opens every freezer that this capture closed, and proves it. Never touches one that it did not close. */
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
 * The freezers are of no use here, or were opened by somebody else: they are open from now on, and every task of theirs is stopped by
 * its own interrupt.
 */
export function goOnByInterrupts(session: Session): undefined {
  thaw(session);
  for (const target of session.targets) if (target.way === 'freezer') target.way = 'interrupts';
  return undefined;
}
