/** Writes a status, and repeats the write until the server has accepted it or no longer needs it. */
import { hasEnded } from '../../api/conditions.js';
import { NODE_AGENT_MANAGER, type PodCapture, type PodCaptureStatus } from '../../api/kinds.js';
import type { KubeApi } from '../../kube/api.js';
import { backoffDelay, type Backoff } from '../../kube/backoff.js';
import type { Clock } from '../../kube/clock.js';
import type { Logger } from '../../kube/log.js';
import { describeError, isConflict, isNotFound, type KubeError, type KubeResult } from '../../kube/result.js';
import { CAPTURES } from './captured-object.js';

export interface DeliveryParts {
  readonly api: Pick<KubeApi, 'apply' | 'get'>;
  readonly clock: Clock;
  /** Returns a number from 0 to below 1. */
  readonly random: () => number;
  readonly log: Logger;
  /** Returns the newest known state of the object. Its resourceVersion goes into the write. */
  readonly newest: (object: PodCapture) => PodCapture;
  /** Receives each answer, so that no decision rests on an older state. */
  readonly learn: (object: PodCapture) => void;
}

export type Delivered =
  | 'delivered'
  /** The capture already has an end, or another claimant. */
  | 'ended'
  /** The object no longer exists, or another object has its name. */
  | 'gone'
  /** `signal` aborted first. */
  | 'gaveUp';

/**
 * The first retry comes soon, for a lost race. The delays then grow, because a restarting API server needs seconds to
 * minutes.
 */
const BACKOFF: Backoff = { baseMilliseconds: 100, maxMilliseconds: 10_000 };
/** HTTP codes with which the server refuses the content of a status. */
const INVALID = new Set([400, 413, 422]);

/**
 * Applies the first of `statuses` that the server accepts as valid. The later ones contain less. A server that accepts none of
 * them, by a policy of the cluster perhaps, is asked again and again: an end that is not reported leaves its Checkpoint
 * waiting for ever.
 *
 * Each write names the resourceVersion on which it was decided. So a late write can neither reach a later object of the
 * same name nor overwrite the end or the claim of somebody else. After a conflict the object is read and the decision
 * taken again.
 *
 * @param onRefused called when the server refuses a write, and not only for this moment
 */
export async function deliver(
  parts: DeliveryParts,
  object: PodCapture,
  statuses: readonly [PodCaptureStatus, ...PodCaptureStatus[]],
  signal: AbortSignal,
  onRefused: () => void = () => undefined,
): Promise<Delivered> {
  const [first] = statuses;
  let known = parts.newest(object);
  let failures = 0;
  let next = 0;
  while (!signal.aborted) {
    const status = asOf(statuses[next] ?? first, known);
    const result = await applyCaptureStatus(parts.api, known, status, signal);
    if (result.ok) {
      parts.learn(result.value);
      return 'delivered';
    }
    const { error } = result;
    if (isNotFound(error)) return 'gone';
    if (isRefusal(error)) onRefused();
    const looked = isConflict(error) || isInvalid(error) ? await read(parts, known, signal) : undefined;
    if (looked?.ok === true) {
      known = looked.value;
      const late = tooLate(known, object, first.claimedBy);
      if (late !== undefined) return late;
      // After a lost race the write is repeated at once. An invalid status that this process is entitled to write is
      // replaced by the next, smaller one.
      if (isInvalid(error)) {
        parts.log.error('status refused as invalid', { name: object.metadata.name, error: describeError(error) });
        next = (next + 1) % statuses.length;
        if (next > 0) continue;
      }
    } else if (looked !== undefined && isNotFound(looked.error)) return 'gone';
    failures += 1;
    parts.log.warn('status not written yet', { name: object.metadata.name, failures, error: describeError(error) });
    await parts.clock.sleep(deliveryDelay(error, failures, parts.random), signal);
  }
  return 'gaveUp';
}

/** The conditions of an end are about the spec as it is now: a release has raised the generation since the claim. */
function asOf(status: PodCaptureStatus, { metadata: { generation } }: PodCapture): PodCaptureStatus {
  if (generation === undefined || !hasEnded(status)) return status;
  const conditions = (status.conditions ?? []).map((one) => ({ ...one, observedGeneration: generation }));
  return { ...status, conditions };
}

export async function applyCaptureStatus(
  api: DeliveryParts['api'],
  { metadata }: PodCapture,
  status: PodCaptureStatus,
  signal: AbortSignal,
): Promise<KubeResult<PodCapture>> {
  const { name, namespace, resourceVersion } = metadata;
  const at = { name, resourceVersion, ...(namespace === undefined ? {} : { namespace }) };
  return await api.apply(
    CAPTURES,
    { metadata: at, status },
    { fieldManager: NODE_AGENT_MANAGER, force: true, subresource: 'status', signal },
  );
}

export async function read(
  parts: Pick<DeliveryParts, 'api' | 'learn'>,
  { metadata }: PodCapture,
  signal: AbortSignal,
): Promise<KubeResult<PodCapture>> {
  const { name, namespace } = metadata;
  const result = await parts.api.get(CAPTURES, { name, ...(namespace === undefined ? {} : { namespace }), signal });
  if (result.ok) parts.learn(result.value);
  return result;
}

function tooLate(now: PodCapture, object: PodCapture, claimant: string | undefined): 'gone' | 'ended' | undefined {
  if (now.metadata.uid !== object.metadata.uid) return 'gone';
  const claimedBy = now.status?.claimedBy;
  return hasEnded(now.status) || (claimedBy !== undefined && claimedBy !== claimant) ? 'ended' : undefined;
}

export function isInvalid(error: KubeError): boolean {
  return error.code !== undefined && INVALID.has(error.code);
}

/** Whether the server has understood the write and refuses it. A webhook that refuses or fails answers 500 as well. */
function isRefusal(error: KubeError): boolean {
  const { code } = error;
  if (code === undefined || code === 401 || code === 429) return false;
  return code >= 400 && code <= 500 && !isConflict(error);
}

export function deliveryDelay(error: KubeError, failures: number, random: () => number): number {
  return Math.max(backoffDelay(BACKOFF, failures, random), (error.retryAfterSeconds ?? 0) * 1000);
}
