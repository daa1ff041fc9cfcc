/** Claims a PodCapture, so that this process carries it out or nobody does. */
import { hasEnded } from '../../api/conditions.js';
import type { PodCapture, PodCaptureStatus } from '../../api/kinds.js';
import { isConflict, isNotFound, type KubeError } from '../../kube/result.js';
import { applyCaptureStatus, isInvalid, read, type DeliveryParts } from './deliver.js';

export type Claimed =
  | { readonly kind: 'claimed'; readonly object: PodCapture }
  /** Somebody else has claimed or ended the capture. */
  | { readonly kind: 'lost' }
  /** The capture no longer exists. */
  | { readonly kind: 'gone' }
  /** The server did not accept the claim. With `isUnsure` it may have done so all the same, or may do so yet. */
  | { readonly kind: 'refused'; readonly error: KubeError; readonly isUnsure: boolean };

/**
 * Claims by a write that names the resourceVersion at which the capture was unclaimed. A claim whose answer was lost
 * may be sent again: it meets a conflict, and the object then shows whose claim it is. A claim of an earlier process
 * with the same name cannot be mistaken for this one, because `object` was seen unclaimed after that process had ended.
 *
 * The server is asked once, and after a conflict once more. A claim that is refused must not keep a slot from others.
 */
export async function claimCapture(
  parts: DeliveryParts,
  object: PodCapture,
  status: PodCaptureStatus,
  signal: AbortSignal,
): Promise<Claimed> {
  const first = await claimOnce(parts, object, object.metadata.uid, status, signal);
  // The capture is still unclaimed: its spec has changed in the meantime.
  if (first.kind !== 'changed') return first;
  const second = await claimOnce(parts, first.now, object.metadata.uid, status, signal);
  return second.kind === 'changed' ? { kind: 'refused', error: second.error, isUnsure: false } : second;
}

type Attempt = Claimed | { readonly kind: 'changed'; readonly now: PodCapture; readonly error: KubeError };

async function claimOnce(
  parts: DeliveryParts,
  known: PodCapture,
  uid: string,
  status: PodCaptureStatus,
  signal: AbortSignal,
): Promise<Attempt> {
  const result = await applyCaptureStatus(parts.api, known, status, signal);
  if (result.ok) {
    parts.learn(result.value);
    return { kind: 'claimed', object: result.value };
  }
  const { error } = result;
  if (isNotFound(error)) return { kind: 'gone' };
  // Without an answer, and after an error inside the server, the write may have taken effect, or may do so later.
  const isUnsure = error.code === undefined || error.code >= 500;
  if (!isConflict(error) && !isInvalid(error)) return { kind: 'refused', error, isUnsure };
  const looked = await read(parts, known, signal);
  // The conflict may be with this very claim, whose first answer was lost.
  if (!looked.ok) return isNotFound(looked.error) ? { kind: 'gone' } : { kind: 'refused', error, isUnsure: true };
  const now = looked.value;
  const claimedBy = now.status?.claimedBy;
  if (now.metadata.uid !== uid) return { kind: 'gone' };
  if (hasEnded(now.status)) return { kind: 'lost' };
  if (claimedBy !== undefined)
    return claimedBy === status.claimedBy ? { kind: 'claimed', object: now } : { kind: 'lost' };
  return isConflict(error) ? { kind: 'changed', now, error } : { kind: 'refused', error, isUnsure };
}
