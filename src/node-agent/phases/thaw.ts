/** The freezers open again. Called as a phase, and on every way out while one is closed. */
import { thawAndVerify } from '../freezer.js';
import type { Session } from '../session.js';

/** 0.2 ms more each time: 40 attempts are 164 ms, far beyond what any kernel was seen to need. */
const ATTEMPTS = 40;

/** Opens every freezer that this capture closed, and proves it. Never touches one that it did not close. */
export function thaw(session: Session): undefined {
  for (const target of session.targets) {
    if (!target.closed || target.freezer === undefined) continue;
    const proved = thawAndVerify(target.freezer, ATTEMPTS, (us) => session.kernel.sleep(us));
    if (!proved) session.thawUnproved.push(target.container.directory);
    target.closed = false;
  }
  session.board.setWriter(false);
  session.board.setClosed(session.thawUnproved.length);
  return undefined;
}
