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
import type { Reason } from '../api/reasons.js';
import { pauseText } from './pause-text.js';

/** The part of a row that identifies the pod. */
export type PodRow = Pick<CheckpointPod, 'podName' | 'podUID' | 'nodeName'>;

/** A reason and its message, as several conditions share them. A value may have more fields, which no status gets. */
export interface Why {
  readonly reason: Reason;
  readonly message: string;
}

const NOTHING_TOUCHED: Fact = {
  type: 'Released',
  status: 'True',
  reason: 'NothingTouched',
  message: 'Nothing was touched.',
};

/** The four conditions that each state sets; `assemble` adds those that follow from them. */
interface Said {
  readonly dispatched: Fact;
  readonly held: Fact;
  readonly released: Fact;
  readonly succeeded: Fact;
}

/** Whether the pod is to be held after it was read. A dry run touches nothing, so it holds nothing. */
export function asksForHold({ spec }: Checkpoint): boolean {
  return spec.hold !== undefined && spec.dryRun !== true;
}

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
      : { pause: pauseText(status.timings.pauseMicroseconds), timings: status.timings }),
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
  if (isCurrent && status.observedGeneration === metadata.generation && finished?.status === 'True') return undefined;
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

/** Whether both have the same content; the order of fields does not matter. */
export function sameStatus(a: unknown, b: unknown): boolean {
  return canonical(a) === canonical(b);
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

/** When the pod stood still, and until when it will. */
type HoldTimes = Pick<CheckpointStatus, 'heldFrom' | 'heldUntil' | 'holdUntil'>;

function timesOf(status: PodCapture['status']): HoldTimes {
  const { heldFrom, heldUntil, holdUntil } = status ?? {};
  return {
    ...(heldFrom === undefined ? {} : { heldFrom }),
    ...(heldUntil === undefined ? {} : { heldUntil }),
    ...(holdUntil === undefined ? {} : { holdUntil }),
  };
}

function assemble(
  checkpoint: Checkpoint,
  { dispatched: first, held, released, succeeded }: Said,
  pods: readonly CheckpointPod[],
  times: HoldTimes,
  now: number,
): CheckpointStatus {
  const time = rfc3339(now);
  const before = checkpoint.status;
  const { generation } = checkpoint.metadata;
  const ended = succeeded.status !== 'Unknown';
  const facts = [first, ...(asksForHold(checkpoint) ? [held] : []), released, succeeded];
  const { holdUntil, ...past } = times;
  return {
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    startTime: before?.startTime ?? time,
    ...(ended ? { completionTime: before?.completionTime ?? time } : {}),
    ...past,
    ...(ended || holdUntil === undefined ? {} : { holdUntil }),
    conditions: conditionsOf([...facts, ...sums(facts)], before?.conditions, generation, time),
    ...(pods.length === 0 ? {} : { pods: [...pods] }),
  };
}

/**
 * The conditions that follow from `Succeeded`. `Finished` is True at every end, so that `kubectl wait` returns also
 * after a failure. Reconciling and Stalled are what tools look at that follow kstatus (Flux, Helm 4, kpt); by its
 * convention Stalled is absent unless it is True.
 */
function sums(facts: readonly Fact[]): Fact[] {
  const succeeded = facts.find(({ type }) => type === 'Succeeded');
  if (succeeded === undefined) return [];
  const { reason, message } = succeeded;
  const ended = succeeded.status !== 'Unknown';
  return [
    { type: 'Finished', status: ended ? 'True' : 'False', reason, message },
    { type: 'Reconciling', status: ended ? 'False' : 'True', reason, message },
    ...(succeeded.status === 'False' ? [{ type: 'Stalled', status: 'True', reason, message } as const] : []),
  ];
}

/** In whole seconds, as metav1.Time is written. */
export function rfc3339(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, field: unknown) =>
    field !== null && typeof field === 'object' && !Array.isArray(field)
      ? Object.fromEntries(Object.entries(field).sort(([a], [b]) => (a < b ? -1 : 1)))
      : field,
  );
}
