/** Notes since when the pod stands still as a whole. */
import type { UnfrozenTask } from '../../api/podcapture.js';
import type { Session } from './session.js';

/**
 * A task that was set aside for one of these causes may still do something: it may end a write of gigabytes, or run under its
 * debugger. The other causes do not stand against a standstill: kernel threads run no code of the pod, a vfork parent waits
 * for a child that is held, and the rest is dying.
 */
const MAY_GO_ON: ReadonlySet<UnfrozenTask['cause']> = new Set(['Uninterruptible', 'InKernel', 'Traced', 'Unknown']);

/** Notes the time at which every task stood still, once, unless a task that was set aside may still go on. */
export function noteStandstill(session: Session): void {
  if (session.stoodStillAt !== undefined) return;
  for (const { cause } of session.unfrozen.values()) if (MAY_GO_ON.has(cause)) return;
  session.stoodStillAt = session.kernel.now();
}
