/** Releases a held pod: the only place that sends a release, and that sends it again until it is taken. */
import { CHECKPOINTS, type Checkpoint } from '../../api/kinds.js';
import { withDeadline } from '../../kube/abort.js';
import { failure, isObjectGone, type KubeError, type KubeResult } from '../../kube/result.js';
import { CHECKPOINT_RESOURCE, FIELD_MANAGER } from './create-checkpoint.js';
import { isOver, isReleaseAsked } from './hold-state.js';
import { describeRefusal } from './refusal.js';
import type { Cluster, Surroundings } from './surroundings.js';

/**
 * Tells which command released the pod. A release whose answer was lost is recognised by it; nothing of Stasis reads it.
 */
export const RELEASED_BY_ANNOTATION = 'stasis.dev/released-by';

/** The plugin gives one request up after this time, so that a dead connection does not keep the pod held. */
const ATTEMPT_MILLISECONDS = 5_000;
/** A request that does not even end when it is given up is left alone after this time. */
const HUNG_MILLISECONDS = 1_000;
const FIRST_PAUSE_MILLISECONDS = 200;
const LONGEST_PAUSE_MILLISECONDS = 3_000;
/** How often a change by somebody else has the release sent again without a pause. */
const MOST_CONFLICTS = 5;
/** An API server that has just started may refuse for a moment what it allows: it does not know all roles yet. */
const MOST_REFUSALS = 3;
/** The hold is over by itself so long after its own end at the latest. */
const OVERDUE_MILLISECONDS = 5_000;

/** Makes the release a proof that the pod was held until it came. */
export interface Proving {
  /** Names this release among others. */
  readonly token: string;
  /** Why a release of this state would prove nothing. The pod is then released all the same. */
  readonly tooLate: (checkpoint: Checkpoint) => string | undefined;
}

export interface Releasing {
  /** The last state that was seen. */
  readonly checkpoint: Checkpoint;
  /** Until when it is tried, by the monotonic clock. */
  readonly deadline: number;
  /** Nobody wants to wait any longer. One more request is sent then. */
  readonly giveUp?: AbortSignal;
  /** Called once when the release has to be tried again. One line for people. */
  readonly onTrouble: (message: string) => Promise<void>;
  readonly proving?: Proving;
}

export type Released =
  /** It was accepted, or needless. `late` says why it proves nothing. */
  | { readonly kind: 'accepted'; readonly checkpoint: Checkpoint; readonly late: string | undefined }
  | { readonly kind: 'gone' }
  /** The pod stays as it is. One line for people. */
  | { readonly kind: 'refused' | 'given-up' | 'unsent'; readonly message: string };

/** When a hold that begins now is over by itself at the latest. */
export function ownEnd({ spec }: Checkpoint, now: number): number {
  return now + (spec.hold?.seconds ?? 0) * 1000 + OVERDUE_MILLISECONDS;
}

/** Sends the release at once, and again until it is accepted or the time is over. It never reaches another Checkpoint of the name. */
export async function releaseHold(
  { clock }: Pick<Surroundings, 'clock'>,
  cluster: Pick<Cluster, 'api' | 'serverName'>,
  { checkpoint, deadline, giveUp, onTrouble, proving }: Releasing,
): Promise<Released> {
  const { namespace = '', name, uid } = checkpoint.metadata;
  let known = checkpoint;
  let late: string | undefined;
  let [conflicts, refusals, troubled] = [0, 0, false];
  for (let pause = FIRST_PAUSE_MILLISECONDS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MILLISECONDS)) {
    late ??= proving?.tooLate(known);
    if (isOver(known) || isReleaseAsked(known)) return { kind: 'accepted', checkpoint: known, late };
    const isLast = giveUp?.aborted === true;
    const condition = proving === undefined || late !== undefined ? {} : conditionOf(known, proving);
    const answer = await bounded(clock, async (signal) => await sendRelease(cluster, known, condition, signal));
    if (answer.ok && isReleaseAsked(answer.value)) return { kind: 'accepted', checkpoint: answer.value, late };
    let error = answer.ok ? NOT_STORED : answer.error;
    if (error.code === 404 || error.code === 409 || error.code === 422) {
      // Only the object itself tells whether it is still the one that was meant.
      const read = await bounded(
        clock,
        async (signal) => await cluster.api.get(CHECKPOINTS, { namespace, name, signal }),
      );
      if (read.ok) {
        if (read.value.metadata.uid !== uid) return { kind: 'gone' };
        known = read.value;
        // An earlier attempt was accepted, and its answer was lost.
        if (proving !== undefined && known.metadata.annotations?.[RELEASED_BY_ANNOTATION] === proving.token)
          return { kind: 'accepted', checkpoint: known, late: undefined };
        conflicts += error.code === 409 ? 1 : 0;
        if (error.code === 409 && conflicts < MOST_CONFLICTS) continue;
      } else if (isObjectGone(read.error, CHECKPOINTS, name)) return { kind: 'gone' };
      else if (isRefusal(read.error)) {
        if (isObjectGone(error, CHECKPOINTS, name)) return { kind: 'gone' };
        if (proving !== undefined) late ??= 'the Checkpoint has changed, and may not be read';
      } else ({ error } = read);
    }
    const message = refusalOfRelease(error, cluster, checkpoint);
    const refused = isRefusal(error);
    refusals += refused ? 1 : 0;
    if (refusals >= MOST_REFUSALS) return { kind: 'refused', message };
    if (isLast) return { kind: 'given-up', message };
    if (clock.monotonic() + pause >= deadline) return { kind: 'unsent', message };
    if (!troubled && !refused) {
      troubled = true;
      await onTrouble(message);
    }
    await clock.sleep(pause, giveUp);
  }
}

/** Something in the server has taken the release out of the request. */
const NOT_STORED: KubeError = {
  method: 'PATCH',
  path: CHECKPOINTS.plural,
  reason: 'NotStored',
  message: 'the release was accepted, and not stored',
};

/** Says what becomes of a pod that could not be released. */
export function staysHeld({ metadata: { namespace = '', name }, spec }: Checkpoint): string {
  return `it stays held until its ${spec.hold?.seconds ?? 0} s are over, or until: kubectl stasis release ${name} -n ${namespace}`;
}

interface Condition {
  readonly resourceVersion?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** The server refuses the release (409) where the Checkpoint has changed since this version. */
function conditionOf({ metadata: { resourceVersion } }: Checkpoint, { token }: Proving): Condition {
  return { resourceVersion, annotations: { [RELEASED_BY_ANNOTATION]: token } };
}

async function sendRelease(
  { api }: Pick<Cluster, 'api'>,
  { metadata: { namespace = '', name, uid } }: Checkpoint,
  condition: Condition,
  signal: AbortSignal,
): Promise<KubeResult<Checkpoint>> {
  return await api.mergePatch(CHECKPOINTS, {
    namespace,
    name,
    patch: { metadata: { uid, ...condition }, spec: { hold: { release: true } } },
    fieldManager: FIELD_MANAGER,
    fieldValidation: 'Strict',
    signal,
  });
}

/** The release is sent again even if an answer never comes, or if there is a defect below. */
async function bounded<T>(
  clock: Surroundings['clock'],
  work: (signal: AbortSignal) => Promise<KubeResult<T>>,
): Promise<KubeResult<T>> {
  const hung = async (signal: AbortSignal): Promise<KubeResult<T>> => {
    await new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    await clock.sleep(HUNG_MILLISECONDS);
    return unanswered('Aborted', 'given up after its time');
  };
  try {
    return await withDeadline(clock, ATTEMPT_MILLISECONDS, undefined, async (signal) =>
      Promise.race([work(signal), hung(signal)]),
    );
  } catch (error) {
    return unanswered('Malformed', String(error));
  }
}

function unanswered(reason: string, message: string): KubeResult<never> {
  return failure({ method: 'PATCH', path: CHECKPOINTS.plural, reason, message });
}

/** Whether the API server has understood the request, and does not carry it out. */
function isRefusal({ code, foreign }: KubeError): boolean {
  if (code === undefined || foreign === true) return false;
  return code >= 400 && code < 500 && ![401, 404, 408, 409, 429].includes(code);
}

function refusalOfRelease(
  error: KubeError,
  { serverName }: Pick<Cluster, 'serverName'>,
  { metadata: { namespace = '', name } }: Checkpoint,
): string {
  // The request was given up after its time; nobody interrupted it.
  if (error.reason === 'Aborted') return `the API server at ${serverName} did not answer in time`;
  if (error === NOT_STORED) return `${error.message}: a webhook of the cluster takes it out`;
  if (error.foreign === true || error.code === 404)
    return `what answers at ${serverName} is not the API server, or does not serve Stasis at the moment (${error.code})`;
  return describeRefusal(error, { verb: 'patch', resource: CHECKPOINT_RESOURCE, namespace, name, serverName });
}
