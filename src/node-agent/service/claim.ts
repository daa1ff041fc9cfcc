/** Claims a PodCapture, so that this process carries it out or nobody does. */
import { hasEnded } from '../../api/conditions.js';
import type { PodCapture, PodCaptureStatus } from '../../api/kinds.js';
import { describeError, isConflict, isNotFound } from '../../kube/result.js';
import { applyCaptureStatus, isInvalid, read, deliveryDelay, type DeliveryParts } from './deliver.js';

export type Claimed =
  | { readonly kind: 'claimed'; readonly object: PodCapture }
  /** Somebody else has claimed or ended the capture, or it is gone. */
  | { readonly kind: 'lost' }
  /**
   * `signal` aborted before the answer was known. The request may still arrive; the agent ends such a claim after its
   * next start.
   */
  | { readonly kind: 'unknown' };

/**
 * Claims by a write that names the resourceVersion at which the capture was unclaimed. A claim whose answer was lost
 * may be sent again: it meets a conflict, and the object then shows whose claim it is. A claim of an earlier process
 * with the same name cannot be mistaken for this one, because `object` was seen unclaimed after that process had ended.
 */
export async function claimCapture(
  parts: DeliveryParts,
  object: PodCapture,
  status: PodCaptureStatus,
  signal: AbortSignal,
): Promise<Claimed> {
  let known = object;
  for (let failures = 1; !signal.aborted; failures++) {
    const result = await applyCaptureStatus(parts.api, known, status, signal);
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
        if (known.metadata.uid !== object.metadata.uid || hasEnded(known.status)) return { kind: 'lost' };
        if (claimedBy !== undefined)
          return claimedBy === status.claimedBy ? { kind: 'claimed', object: known } : { kind: 'lost' };
        // The capture is still unclaimed: its spec has changed in the meantime.
        if (isConflict(error) && failures === 1) continue;
      }
    }
    parts.log.warn('capture not claimed yet', { name: object.metadata.name, failures, error: describeError(error) });
    await parts.clock.sleep(deliveryDelay(error, failures, parts.random), signal);
  }
  return { kind: 'unknown' };
}
