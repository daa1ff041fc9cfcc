/** Takes a PodCapture, so that it is carried out by this process or by nobody. */
import type { PodCapture, PodCaptureStatus } from '../../api/kinds.js';
import { describeError, isConflict, isNotFound } from '../../kube/result.js';
import { hasEnded } from './captured-object.js';
import { applyStatus, isInvalid, read, retryDelay, type DeliveryParts } from './deliver.js';

export type Claimed =
  | { readonly kind: 'claimed'; readonly object: PodCapture }
  /** Somebody else has it, or ended it, or it is gone. */
  | { readonly kind: 'lost' }
  /** Not known; `signal` aborted first. What was sent may yet arrive, and is then ended by a later start of the agent. */
  | { readonly kind: 'unknown' };

/**
 * Claims by a write that names the resourceVersion at which nobody had it. A claim whose answer was lost is safe to
 * send again: it meets a conflict, and the object then says whose it is. That of a process before this one under the same
 * name cannot be mistaken for ours: `object` was seen without a claim, and that process had ended before.
 */
export async function claimCapture(
  parts: DeliveryParts,
  object: PodCapture,
  status: PodCaptureStatus,
  signal: AbortSignal,
): Promise<Claimed> {
  let known = object;
  for (let failures = 1; !signal.aborted; failures++) {
    const result = await applyStatus(parts.api, known, status, signal);
    if (result.ok) {
      parts.learn(result.value);
      return { kind: 'claimed', object: result.value };
    }
    const { error } = result;
    if (isNotFound(error)) return { kind: 'lost' };
    if (isConflict(error) || isInvalid(error)) {
      const looked = await read(parts, known, signal);
      if (!looked.ok && isNotFound(looked.error)) return { kind: 'lost' };
      if (looked.ok) {
        known = looked.value;
        const claimedBy = known.status?.claimedBy;
        if (known.metadata.uid !== object.metadata.uid || hasEnded(known)) return { kind: 'lost' };
        if (claimedBy !== undefined)
          return claimedBy === status.claimedBy ? { kind: 'claimed', object: known } : { kind: 'lost' };
        // Still free: its spec was changed meanwhile.
        if (isConflict(error) && failures === 1) continue;
      }
    }
    parts.log.warn('not claimed yet', { name: object.metadata.name, failures, error: describeError(error) });
    await parts.clock.sleep(retryDelay(error, failures, parts.random), signal);
  }
  return { kind: 'unknown' };
}
