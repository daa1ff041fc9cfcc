/** Ends a capture in one write without carrying it out: nobody has claimed it, or an earlier process claimed it. */
import type { PodCapture } from '../../api/kinds.js';
import type { ContainerTarget } from '../pure/container-target.js';
import type { Failure } from '../pure/failure.js';
import { leftFrozen } from './as-found.js';
import type { CapturesParts } from './captures-parts.js';
import { deliver, type Delivered } from './deliver.js';
import { describeRecovered } from './recoveries.js';
import { claimOf, refusedCaptureStatus } from './status.js';

/**
 * How long the end of a capture that an earlier agent began waits for a guard, in milliseconds. The guard knows what
 * was done about its freezers, but a missing guard must not delay the end for ever.
 */
const GUARD_WITHIN_MS = 5_000;

/** @param released called when it is known that this process holds nothing of the pod */
export async function endWithoutRun(
  parts: CapturesParts,
  object: PodCapture,
  why: Failure,
  released: () => void,
): Promise<Delivered> {
  const { me, lastCall, clock, observer, log, guard } = parts;
  const { uid, name } = object.metadata;
  const claimed = object.status?.claimedBy !== undefined;
  if (claimed) await guard.whenAlive(GUARD_WITHIN_MS, lastCall);
  const byGuard = claimed ? describeRecovered(guard.recovered(uid)) : '';
  const targets = claimed ? await targetsOf(parts, object) : [];
  const stillFrozen = await leftFrozen(targets, clock, lastCall);
  observer.foundFrozen(stillFrozen);
  const unproved = stillFrozen.map(({ directory }) => directory);
  released();
  const time = new Date(clock.wall()).toISOString();
  const status = refusedCaptureStatus(claimOf(object, me, time), why, { unproved, isTouched: claimed, byGuard }, time);
  const delivered = await deliver(parts, object, [status], lastCall);
  if (delivered === 'delivered') observer.refused(why.reason);
  log.warn('capture not begun', { name, reason: why.reason, message: why.message, report: delivered });
  return delivered;
}

/** The cgroups that an earlier agent may have frozen. Empty when they cannot be found any more. */
async function targetsOf({ pool, resolve }: CapturesParts, { spec }: PodCapture): Promise<readonly ContainerTarget[]> {
  const acquired = await pool.acquire();
  if (!acquired.ok) return [];
  const request = { uid: spec.podUID, containers: spec.containers, freezer: 'auto' } as const;
  const found = await resolve(acquired.pooled.tracer, request);
  pool.release(acquired.pooled);
  return found.ok ? found.containers : [];
}
