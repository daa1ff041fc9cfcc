/** The contents of a Checkpoint's status in each of its states. Pure. */
import type {
  Checkpoint,
  CheckpointPod,
  CheckpointStatus,
  Condition,
  PodCapture,
  PodCaptureSpec,
} from '../api/kinds.js';
import { conditionsOf, findCondition, hasEnded, type Fact } from '../api/conditions.js';
import { assemble, sums, timesOf, type Said } from './assemble.js';
import type { Reason } from '../api/reasons.js';
import type { Why } from '../pod/why.js';
import { pauseText, pauseWithoutHold } from './pause-text.js';
import { rfc3339 } from './times.js';

/** The part of a row that identifies the pod. */
export type PodRow = Pick<CheckpointPod, 'podName' | 'podUID' | 'nodeName'>;

const NOTHING_TOUCHED: Fact = {
  type: 'Released',
  status: 'True',
  reason: 'NothingTouched',
  message: 'Nothing was touched.',
};

/**
 * Whether the author has let the pod go. A release is never taken back: what an earlier look wrote into the status
 * counts even if the spec says otherwise now, for instance because the first manifest was applied again. Once there is a
 * PodCapture, its spec keeps the release.
 */
export function isReleaseRequested({ spec, status }: Checkpoint): boolean {
  const held = findCondition(status?.conditions, 'Held');
  return spec.hold?.release === true || (held?.status === 'False' && held.reason === 'ReleaseRequested');
}

/** The Checkpoint waits for its turn. The row records the UID of the pod for which it waits. */
export function waitingStatus(
  checkpoint: Checkpoint,
  { reason, message }: Why,
  row: PodRow | undefined,
  now: number,
): CheckpointStatus {
  const why = { reason, message };
  const said: Said = {
    dispatched: { type: 'Dispatched', status: 'Unknown', ...why },
    held: isReleaseRequested(checkpoint)
      ? heldFact('ReleaseRequested', 'Released before it began: the pod will be read and let go at once.')
      : { type: 'Held', status: 'Unknown', ...why },
    released: { type: 'Released', status: 'Unknown', reason: why.reason, message: 'Nothing was touched yet.' },
    succeeded: { type: 'Succeeded', status: 'Unknown', ...why },
  };
  const pinned = row === undefined ? [] : [{ ...row, state: 'Waiting', ...why } as const];
  return assemble(checkpoint, said, pinned, {}, now);
}

/** The Checkpoint ended before anything was done. A row that was written earlier stays. */
export function refusedStatus(
  checkpoint: Checkpoint,
  { reason, message }: Why,
  row: PodRow | undefined,
  now: number,
): CheckpointStatus {
  const why = { reason, message };
  const said: Said = {
    dispatched: { type: 'Dispatched', status: 'False', ...why },
    held: heldFact(why.reason, why.message),
    released: NOTHING_TOUCHED,
    succeeded: { type: 'Succeeded', status: 'False', ...why },
  };
  const pinned = checkpoint.status?.pods ?? (row === undefined ? [] : [row]);
  const rows = pinned.map((pod) => ({ ...pod, state: 'Failed', ...why }) as const);
  return assemble(checkpoint, said, rows, {}, now);
}

/** The PodCapture exists, or is about to be created, and has not ended. `progress` becomes the condition Succeeded. */
export function dispatchedStatus(
  checkpoint: Checkpoint,
  capture: Pick<PodCapture, 'spec' | 'status'> & { readonly metadata: { readonly name: string } },
  progress: Why,
  now: number,
): CheckpointStatus {
  const { status } = capture;
  const said: Said = {
    dispatched: dispatched(capture.metadata.name, capture.spec.nodeName),
    held: reported(status?.conditions, 'Held', { type: 'Held', status: 'Unknown', ...progress }),
    released: { type: 'Released', status: 'Unknown', reason: progress.reason, message: 'The capture has not ended.' },
    succeeded: { type: 'Succeeded', status: 'Unknown', ...progress },
  };
  const row: CheckpointPod = {
    ...rowOf(capture.spec),
    captureName: capture.metadata.name,
    state: STATE_OF_PROGRESS[progress.reason] ?? 'Dispatched',
    ...progress,
  };
  return assemble(checkpoint, said, [row], timesOf(status), now);
}

const STATE_OF_PROGRESS: Partial<Record<Reason, CheckpointPod['state']>> = {
  Capturing: 'Capturing',
  Holding: 'Holding',
};

/** The PodCapture has ended: copies its conditions, counts and timings. */
export function endedStatus(checkpoint: Checkpoint, capture: PodCapture, now: number): CheckpointStatus {
  const { status } = capture;
  const fallback: Fact = { type: 'Succeeded', status: 'False', reason: 'InternalError', message: '' };
  const succeeded = reported(status?.conditions, 'Succeeded', fallback);
  const { reason, message } = succeeded;
  const said: Said = {
    dispatched: dispatched(capture.metadata.name, capture.spec.nodeName),
    held: reported(status?.conditions, 'Held', { type: 'Held', status: 'False', reason, message }),
    released: reported(status?.conditions, 'Released', {
      type: 'Released',
      status: 'Unknown',
      reason,
      message: 'The node agent did not report this condition.',
    }),
    succeeded,
  };
  const row: CheckpointPod = {
    ...rowOf(capture.spec),
    captureName: capture.metadata.name,
    state: succeeded.status === 'True' ? 'Succeeded' : 'Failed',
    reason,
    message,
    ...(status?.processes === undefined ? {} : { processes: status.processes }),
    ...(status?.threads === undefined ? {} : { threads: status.threads }),
    ...(status?.timings === undefined
      ? {}
      : { pause: pauseText(pauseWithoutHold(status.timings)), timings: status.timings }),
  };
  return assemble(checkpoint, said, [row], timesOf(status), now);
}

/** The Checkpoint was dispatched, and its PodCapture is gone without a report. */
export function vanishedStatus(checkpoint: Checkpoint, captureName: string, now: number): CheckpointStatus {
  const why = { reason: 'Cancelled', message: `PodCapture ${captureName} was deleted before it had ended.` } as const;
  const before = findCondition(checkpoint.status?.conditions, 'Dispatched');
  const said: Said = {
    dispatched: {
      type: 'Dispatched',
      status: 'True',
      reason: 'Dispatched',
      message: before?.message ?? `PodCapture ${captureName} was created.`,
    },
    held: heldFact(why.reason, why.message),
    released: {
      type: 'Released',
      status: 'Unknown',
      reason: 'Cancelled',
      message: 'The agent did not report the state of the freezers.',
    },
    succeeded: { type: 'Succeeded', status: 'False', ...why },
  };
  const rows = (checkpoint.status?.pods ?? []).map((pod) => ({ ...pod, state: 'Failed', ...why }) as const);
  const { heldFrom } = checkpoint.status ?? {};
  return assemble(checkpoint, said, rows, heldFrom === undefined ? {} : { heldFrom }, now);
}

/**
 * The status of a Checkpoint that has ended, with what this version says about an end: every condition is about the
 * current generation, and there are `Finished` and the states of the rows, which earlier versions did not write. Returns
 * undefined when nothing is missing.
 */
export function refreshedStatus(checkpoint: Checkpoint, now: number): CheckpointStatus | undefined {
  const { status, metadata } = checkpoint;
  if (status === undefined || !hasEnded(status)) return undefined;
  const succeeded = findCondition(status.conditions, 'Succeeded');
  const isCurrent = (status.conditions ?? []).every(
    ({ observedGeneration }) => observedGeneration === metadata.generation,
  );
  const finished = findCondition(status.conditions, 'Finished');
  // The message of Finished told of an obstacle that is gone.
  const isPlain = finished?.status === 'True' && finished.message === succeeded?.message;
  if (isCurrent && status.observedGeneration === metadata.generation && isPlain) return undefined;
  const facts = reportedFacts(status.conditions ?? []);
  const state = succeeded?.status === 'True' ? ('Succeeded' as const) : ('Failed' as const);
  const time = status.completionTime ?? rfc3339(now);
  return {
    ...status,
    ...(metadata.generation === undefined ? {} : { observedGeneration: metadata.generation }),
    conditions: conditionsOf([...facts, ...sums(facts)], status.conditions, metadata.generation, time),
    ...(status.pods === undefined ? {} : { pods: status.pods.map((pod) => ({ ...pod, state })) }),
  };
}

/** The reported conditions; the others follow from them. Earlier versions wrote Thawed for what is Released now. */
function reportedFacts(conditions: readonly Condition[]): Fact[] {
  const named = conditions.map((each) => (each.type === 'Thawed' ? { ...each, type: 'Released' } : each));
  return named.filter(({ type }) => KEPT.some((kept) => kept === type)) as Fact[];
}

const KEPT = ['Dispatched', 'Held', 'Released', 'Succeeded'] as const;

export function rowOf({ podName, podUID, nodeName }: PodCaptureSpec): PodRow {
  return { podName, podUID, nodeName };
}

/** The hold does not begin, or is over. */
function heldFact(reason: Reason, message: string): Fact {
  return { type: 'Held', status: 'False', reason, message };
}

/** The condition as the agent reported it, also when an agent of another version gives a reason of its own. */
function reported(conditions: readonly Condition[] | undefined, type: Fact['type'], otherwise: Fact): Fact {
  const found = findCondition(conditions, type);
  if (found === undefined) return otherwise;
  return { type, status: found.status, reason: found.reason as Fact['reason'], message: found.message };
}

function dispatched(captureName: string, nodeName: string): Fact {
  const message = `PodCapture ${captureName} was created for the agent of node ${nodeName}.`;
  return { type: 'Dispatched', status: 'True', reason: 'Dispatched', message };
}
