/** Ends a capture in one write without carrying it out: nobody has claimed it, or an earlier process claimed it. */
import type { PodCapture } from '../../api/kinds.js';
import type { Failure } from '../pure/failure.js';
import type { ReleaseFacts } from '../report/end-conditions.js';
import type { CaptureRun } from './capture-run.js';
import type { CapturesParts } from './captures-parts.js';
import { deliverEnd } from './deliver-end.js';
import type { Delivered } from './deliver.js';
import { leftBehind, type LeftBehind } from './left-behind.js';
import { describeRecovered } from './recoveries.js';
import { claimOf, refusedCaptureStatus } from './status.js';

/**
 * How long the end of a capture that an earlier agent began waits for a guard, in milliseconds. The guard knows what
 * was done about its freezers, but a missing guard must not delay the end for ever.
 */
const GUARD_WITHIN_MS = 5_000;

const NOTHING: LeftBehind = { frozen: [], traced: [], unseen: [] };

/** Tells `run` when it is known that this process holds nothing of the pod. */
export async function endWithoutRun(
  parts: CapturesParts,
  object: PodCapture,
  why: Failure,
  run: CaptureRun,
): Promise<Delivered> {
  const { me, lastCall, clock, observer, log, guard, artifacts } = parts;
  const { uid, name } = object.metadata;
  const claimed = object.status?.claimedBy !== undefined;
  if (claimed) await guard.whenAlive(GUARD_WITHIN_MS, lastCall);
  const byGuard = claimed ? describeRecovered(guard.recovered(uid)) : '';
  const left = claimed ? await leftBehind(parts, object) : NOTHING;
  observer.foundFrozen(left.frozen);
  // The claimant may have ended after it stored the artifact and before it reported the artifact. The artifact is not lost.
  const kept = claimed ? await artifacts.kept(uid, lastCall) : undefined;
  run.letGo();
  const time = new Date(clock.wall()).toISOString();
  const release = { ...doubtsAbout(left), isTouched: claimed, byGuard };
  const status = refusedCaptureStatus(claimOf(object, me, time), why, release, time, kept);
  const delivered = await deliverEnd(parts, object, [status], run);
  if (delivered === 'delivered') observer.refused(why.reason);
  log.warn('capture not begun', { name, reason: why.reason, message: why.message, report: delivered });
  return delivered;
}

function doubtsAbout({ frozen, traced, unseen }: LeftBehind): Pick<ReleaseFacts, 'unproved' | 'traced' | 'unseen'> {
  return {
    unproved: frozen.map(({ directory }) => directory),
    traced: traced.map(({ tid, comm, tracerPid }) => `task ${tid} (${comm}), which process ${tracerPid} traces`),
    unseen,
  };
}
