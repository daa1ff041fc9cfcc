/** The contents of a Checkpoint's status in each of its states. Pure. */
import type { Checkpoint, CheckpointPod, CheckpointStatus, PodCapture, PodCaptureSpec } from '../api/kinds.js';
import type { Reason } from '../api/reasons.js';
import { conditionsOf, findCondition, type Fact } from './condition.js';
import { pauseText } from './pause-text.js';

/** The part of a row that identifies the pod. */
export type PodRow = Pick<CheckpointPod, 'podName' | 'podUID' | 'nodeName'>;

const NOTHING_TOUCHED: Fact = {
  type: 'Thawed',
  status: 'True',
  reason: 'FreezersRestored',
  message: 'Nothing was touched.',
};

/** The Checkpoint waits for its turn. The row records the UID of the pod for which it waits. */
export function waitingStatus(checkpoint: Checkpoint, row: PodRow, message: string, now: number): CheckpointStatus {
  const facts: Fact[] = [
    { type: 'Dispatched', status: 'Unknown', reason: 'PodBusy', message },
    { type: 'Thawed', status: 'Unknown', reason: 'PodBusy', message: 'Nothing was touched yet.' },
    { type: 'Succeeded', status: 'Unknown', reason: 'PodBusy', message },
  ];
  return assemble(checkpoint, facts, [row], now);
}

/** The Checkpoint ended before anything was done. A row that was written earlier stays. */
export function refusedStatus(
  checkpoint: Checkpoint,
  refusal: { readonly reason: Reason; readonly message: string },
  row: PodRow | undefined,
  now: number,
): CheckpointStatus {
  const facts: Fact[] = [
    { type: 'Dispatched', status: 'False', ...refusal },
    NOTHING_TOUCHED,
    { type: 'Succeeded', status: 'False', ...refusal },
  ];
  const pinned = checkpoint.status?.pods ?? [];
  return assemble(checkpoint, facts, pinned.length > 0 || row === undefined ? pinned : [row], now);
}

/** The PodCapture exists, or is about to be created, and has not ended. `progress` becomes the condition Succeeded. */
export function dispatchedStatus(
  checkpoint: Checkpoint,
  capture: { readonly name: string; readonly spec: PodCaptureSpec },
  progress: { readonly reason: Reason; readonly message: string },
  now: number,
): CheckpointStatus {
  const facts: Fact[] = [
    dispatched(capture.name, capture.spec.nodeName),
    { type: 'Thawed', status: 'Unknown', reason: progress.reason, message: 'The capture has not ended.' },
    { type: 'Succeeded', status: 'Unknown', ...progress },
  ];
  return assemble(checkpoint, facts, [{ ...rowOf(capture.spec), captureName: capture.name }], now);
}

/** The PodCapture has ended: copies its conditions, counts and timings. */
export function endedStatus(checkpoint: Checkpoint, capture: PodCapture, now: number): CheckpointStatus {
  const { status } = capture;
  const succeeded = findCondition(status?.conditions, 'Succeeded');
  const thawed = findCondition(status?.conditions, 'Thawed');
  const facts: Fact[] = [
    dispatched(capture.metadata.name, capture.spec.nodeName),
    {
      type: 'Thawed',
      status: thawed?.status ?? 'Unknown',
      reason: thawed?.reason ?? succeeded?.reason ?? 'InternalError',
      message: thawed?.message ?? 'The node agent did not report this condition.',
    },
    {
      type: 'Succeeded',
      status: succeeded?.status ?? 'False',
      reason: succeeded?.reason ?? 'InternalError',
      message: succeeded?.message ?? '',
    },
  ];
  const row: CheckpointPod = {
    ...rowOf(capture.spec),
    captureName: capture.metadata.name,
    ...(status?.processes === undefined ? {} : { processes: status.processes }),
    ...(status?.threads === undefined ? {} : { threads: status.threads }),
    ...(status?.timings === undefined
      ? {}
      : { pause: pauseText(status.timings.pauseMicroseconds), timings: status.timings }),
  };
  return assemble(checkpoint, facts, [row], now);
}

/** The Checkpoint was dispatched, and its PodCapture is gone without a report. */
export function vanishedStatus(checkpoint: Checkpoint, captureName: string, now: number): CheckpointStatus {
  const message = `PodCapture ${captureName} was deleted before it had ended.`;
  const before = findCondition(checkpoint.status?.conditions, 'Dispatched');
  const facts: Fact[] = [
    {
      type: 'Dispatched',
      status: 'True',
      reason: before?.reason ?? 'Dispatched',
      message: before?.message ?? `PodCapture ${captureName} was created.`,
    },
    {
      type: 'Thawed',
      status: 'Unknown',
      reason: 'Cancelled',
      message: 'The agent did not report the state of the freezers.',
    },
    { type: 'Succeeded', status: 'False', reason: 'Cancelled', message },
  ];
  return assemble(checkpoint, facts, checkpoint.status?.pods ?? [], now);
}

export function rowOf({ podName, podUID, nodeName }: PodCaptureSpec): PodRow {
  return { podName, podUID, nodeName };
}

/** Whether both have the same content; the order of fields does not matter. */
export function sameStatus(a: unknown, b: unknown): boolean {
  return canonical(a) === canonical(b);
}

function dispatched(captureName: string, nodeName: string): Fact {
  const message = `PodCapture ${captureName} was created for the agent of node ${nodeName}.`;
  return { type: 'Dispatched', status: 'True', reason: 'Dispatched', message };
}

function assemble(
  checkpoint: Checkpoint,
  facts: readonly Fact[],
  pods: readonly CheckpointPod[],
  now: number,
): CheckpointStatus {
  const time = rfc3339(now);
  const before = checkpoint.status;
  const { generation } = checkpoint.metadata;
  const ended = facts.some(({ type, status }) => type === 'Succeeded' && status !== 'Unknown');
  return {
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    startTime: before?.startTime ?? time,
    ...(ended ? { completionTime: before?.completionTime ?? time } : {}),
    conditions: conditionsOf(facts, before?.conditions, generation, time),
    ...(pods.length === 0 ? {} : { pods: [...pods] }),
  };
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
