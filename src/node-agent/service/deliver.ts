/** Writes a status, and does not rest until the server has it or says that it is too late for it. */
import { NODE_AGENT_MANAGER, type PodCapture, type PodCaptureStatus } from '../../api/kinds.js';
import type { KubeApi } from '../../kube/api.js';
import { backoffDelay, type Backoff } from '../../kube/backoff.js';
import type { Clock } from '../../kube/clock.js';
import type { Logger } from '../../kube/log.js';
import { describeError, isConflict, isNotFound, type KubeError, type KubeResult } from '../../kube/result.js';
import { CAPTURES, hasEnded } from './captured-object.js';

export interface DeliveryParts {
  readonly api: Pick<KubeApi, 'apply' | 'get'>;
  readonly clock: Clock;
  /** From 0 to below 1. */
  readonly random: () => number;
  readonly log: Logger;
  /** The newest state that is known of the object; its resourceVersion goes into the write. */
  readonly newest: (object: PodCapture) => PodCapture;
  /** Told of each answer, so that no decision is made by an older state. */
  readonly learn: (object: PodCapture) => void;
}

export type Delivered =
  | 'delivered'
  /** It has an end already, or another claimant. */
  | 'ended'
  /** There is no such object any more, or one of the same name with another UID. */
  | 'gone'
  /** The server takes none of the statuses: a defect of ours. */
  | 'refused'
  /** `signal` aborted first. */
  | 'gaveUp';

/** The first retry comes soon, for a lost race; an API server that restarts is back within seconds to minutes. */
const BACKOFF: Backoff = { baseMilliseconds: 100, maxMilliseconds: 10_000 };
const INVALID = new Set([400, 413, 422]);

/**
 * Applies the first of `statuses` that the server takes as valid: the later ones say less.
 *
 * Each write names the resourceVersion that it was decided by. So a late one can never reach an object of the same name
 * that was made since, nor go past an end or a claim of somebody else; after a conflict the object is read, and decided anew.
 */
export async function deliver(
  parts: DeliveryParts,
  object: PodCapture,
  statuses: readonly PodCaptureStatus[],
  signal: AbortSignal,
): Promise<Delivered> {
  const claimant = statuses[0]?.claimedBy;
  let known = parts.newest(object);
  let failures = 0;
  let next = 0;
  while (!signal.aborted) {
    const status = statuses[next];
    if (status === undefined) return 'refused';
    const result = await applyStatus(parts.api, known, status, signal);
    if (result.ok) {
      parts.learn(result.value);
      return 'delivered';
    }
    const { error } = result;
    if (isNotFound(error)) return 'gone';
    const looked = isConflict(error) || isInvalid(error) ? await read(parts, known, signal) : undefined;
    if (looked?.ok === true) {
      known = looked.value;
      const late = tooLate(known, object, claimant);
      if (late !== undefined) return late;
      // Lost a race: at once. Not valid although it is ours to write: with less in it.
      if (isInvalid(error)) {
        parts.log.error('status refused as invalid', { name: object.metadata.name, error: describeError(error) });
        next += 1;
        continue;
      }
    } else if (looked !== undefined && isNotFound(looked.error)) return 'gone';
    failures += 1;
    parts.log.warn('status not written yet', { name: object.metadata.name, failures, error: describeError(error) });
    await parts.clock.sleep(retryDelay(error, failures, parts.random), signal);
  }
  return 'gaveUp';
}

export async function applyStatus(
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
  return hasEnded(now) || (claimedBy !== undefined && claimedBy !== claimant) ? 'ended' : undefined;
}

export function isInvalid(error: KubeError): boolean {
  return error.code !== undefined && INVALID.has(error.code);
}

export function retryDelay(error: KubeError, failures: number, random: () => number): number {
  return Math.max(backoffDelay(BACKOFF, failures, random), (error.retryAfterSeconds ?? 0) * 1000);
}
