/**
 * Reads what list, top and timings show of a Checkpoint. Another version of Stasis may have written the object, or anybody: what has an
 * unexpected type counts as missing. Pure.
 */
import type { Timings } from '../../api/podcapture.js';
import { asCount, asText, isRecord, listOf, or, shape } from '../coerce.js';
import { readTimings } from '../sound-timings.js';
import { REASON_ANNOTATION } from './reason-annotation.js';

export interface CheckpointRow {
  readonly namespace: string;
  readonly name: string;
  readonly pod: string;
  /** Empty while it is not known. So are the other texts. */
  readonly node: string;
  /** The reason of the condition Succeeded. */
  readonly reason: string;
  readonly message: string;
  readonly outcome: 'succeeded' | 'failed' | 'unfinished';
  /** Whether the pod stands still now. */
  readonly held: boolean;
  /** In milliseconds since the epoch; NaN where it cannot be read. */
  readonly created: number;
  /** When it ended; NaN where it has not. */
  readonly completed: number;
  /** The pause as the controller wrote it. */
  readonly pause: string;
  readonly holdUntil: string;
  readonly heldFrom: number;
  readonly heldUntil: number;
  readonly processes?: number;
  readonly threads?: number;
  readonly timings?: Timings;
  /** The longest pause that was allowed. */
  readonly maxPauseMicroseconds?: number;
  /** Why somebody asked for it, in their words. */
  readonly reasonText: string;
}

const text = or(asText, '');

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

const readConditions = listOf(shape<Condition>({ type: text, status: text, reason: text, message: text }));

/** Reads an element of a list. The result is complete whatever the object is. */
export function checkpointRow(object: unknown): CheckpointRow {
  const [metadata, spec, status] = ['metadata', 'spec', 'status'].map((field) => part(object, field));
  const pods = listOf((each) => (isRecord(each) ? each : undefined))(status?.['pods']) ?? [];
  const [pod] = pods;
  const conditions = readConditions(status?.['conditions']) ?? [];
  const succeeded = conditions.find(({ type }) => type === 'Succeeded');
  const maxPause = asCount(spec?.['maxPauseMilliseconds']);
  const known = {
    processes: asCount(pod?.['processes']),
    threads: asCount(pod?.['threads']),
    timings: readTimings(pod?.['timings']),
    maxPauseMicroseconds: maxPause === undefined ? undefined : maxPause * 1000,
  };
  return {
    namespace: text(metadata?.['namespace']),
    name: text(metadata?.['name']),
    pod: asText(spec?.['podName']) ?? text(pod?.['podName']),
    node: text(pod?.['nodeName']),
    reason: succeeded?.reason ?? '',
    message: succeeded?.message ?? '',
    outcome: outcomeOf(succeeded?.status),
    held: conditions.some(({ type, status: its }) => type === 'Held' && its === 'True'),
    created: timeOf(metadata?.['creationTimestamp']),
    completed: timeOf(status?.['completionTime']),
    pause: text(pod?.['pause']),
    holdUntil: text(status?.['holdUntil']),
    heldFrom: timeOf(status?.['heldFrom']),
    heldUntil: timeOf(status?.['heldUntil']),
    reasonText: text(part(metadata, 'annotations')?.[REASON_ANNOTATION]),
    ...(Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined)) as Partial<CheckpointRow>),
  };
}

function part(value: unknown, field: string): Readonly<Record<string, unknown>> | undefined {
  const inner = isRecord(value) ? value[field] : undefined;
  return isRecord(inner) ? inner : undefined;
}

function timeOf(value: unknown): number {
  return typeof value === 'string' ? Date.parse(value) : Number.NaN;
}

function outcomeOf(status: string | undefined): CheckpointRow['outcome'] {
  if (status === 'True') return 'succeeded';
  return status === 'False' ? 'failed' : 'unfinished';
}

/** Oldest first; of the same second, by namespace and name. One whose time cannot be read comes first. */
export function byCreation(one: CheckpointRow, other: CheckpointRow): number {
  const difference = (Number.isNaN(one.created) ? 0 : one.created) - (Number.isNaN(other.created) ? 0 : other.created);
  if (difference !== 0) return difference;
  return order(one.namespace, other.namespace) || order(one.name, other.name);
}

function order(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
