/** How a capture ended, in the words of the API: the conditions `Held`, `Released` and `Succeeded`. Pure. */
import type { Fact } from '../../api/conditions.js';
import type { CaptureHold } from '../../api/kinds.js';
import type { Reason } from '../../api/reasons.js';
import type { Failure } from '../pure/failure.js';
import type { FinalReport } from './empty-report.js';

/** The controller lets the pod go for one of these reasons. */
export type ReleaseReason = NonNullable<CaptureHold['releaseReason']>;
/** The agent ends a capture for one of these reasons: before the hold that is a rollback. */
export type CancelReason = 'Cancelled' | 'NodeAgentStopped' | 'HeartbeatLost';
export type HoldCause = 'HoldElapsed' | ReleaseReason | CancelReason;

/** A hold that was asked for, and why it ended or did not begin. */
export interface EndedHold {
  /** How long the pod was to be held at most. */
  readonly seconds: number;
  readonly cause: HoldCause;
  /** More about a cancellation. */
  readonly why?: string;
}

export interface CaptureEnd {
  readonly report: FinalReport;
  readonly dryRun: boolean;
  /** Absent where no hold was asked for. */
  readonly hold?: EndedHold;
  /** A failure after the release. A failure in `report` takes precedence. */
  readonly failure?: Failure;
}

/** What the condition `Released` is about. */
export interface ReleaseFacts {
  /** Directories of the cgroups that were not proved to be as they were found. */
  readonly unproved: readonly string[];
  /** Tasks that are traced still, for people. */
  readonly traced?: readonly string[];
  /** Why it could not be looked whether everything is as it was found. */
  readonly unseen?: readonly string[];
  readonly isTouched: boolean;
  /** Some tasks are let go only by the end of this process, which follows. */
  readonly processMustEnd?: boolean;
  /** Who saw to it. */
  readonly by: string;
}

/** Most tasks that are named in a message. */
const MOST_TASKS = 5;

/** What ended a hold, for people. A cancellation has words of its own. */
const CAUSES: Readonly<Record<Exclude<HoldCause, 'HoldElapsed' | 'Cancelled'>, string>> = {
  ReleaseRequested: 'the release was requested',
  PodNotFound: 'the pod no longer exists',
  PodReplaced: 'another pod has replaced the pod',
  PodTerminating: 'the pod is being deleted',
  ContainerEnded: 'a container that was held has ended',
  NodeDrained: 'the node was cordoned or is drained',
  NodeAgentStopped: 'the node agent was stopped',
  HeartbeatLost: 'the node agent could not renew its heartbeat',
};

/** Returns the condition `Succeeded`. */
export function succeededFact({ report, failure, dryRun, hold }: CaptureEnd): Fact & { readonly reason: Reason } {
  const type = 'Succeeded';
  const why = report.failure ?? failure;
  if (why !== undefined) return { type, status: 'False', reason: why.reason, message: why.message };
  if (dryRun) return { type, status: 'True', reason: 'DryRunPassed', message: 'nothing stands in the way' };
  if (hold === undefined) return { type, status: 'True', reason: 'Captured', message: 'held, read and let go' };
  const { cause } = hold;
  const message = describeHold(report, hold);
  if (cause === 'HoldElapsed' || cause === 'ReleaseRequested')
    return { type, status: 'True', reason: 'Captured', message };
  return { type, status: 'False', reason: cause === 'Cancelled' ? 'Cancelled' : 'HoldCutShort', message };
}

/** Returns all conditions of the end. */
export function endFacts(end: CaptureEnd, by: string): Fact[] {
  const { report, hold } = end;
  const { thawUnproved, isTouched, processMustEnd } = report;
  const released = releasedFact({
    unproved: thawUnproved,
    isTouched,
    by,
    ...(processMustEnd === true ? { processMustEnd } : {}),
  });
  return [...(hold === undefined ? [] : [notHeldFact(report, hold)]), released, succeededFact(end)];
}

/** Returns the condition `Released`. */
export function releasedFact(facts: ReleaseFacts): Fact {
  const { isTouched, processMustEnd = false, by } = facts;
  const type = 'Released';
  const bad = { type, status: 'False', reason: 'FreezerNotRestored' } as const;
  const doubts = doubtsOf(facts);
  if (doubts.length > 0) return { ...bad, message: `${doubts.join('; ')}; seen to by ${by}` };
  if (processMustEnd)
    return { ...bad, message: `a tracing thread does not end; the end of ${by}, which follows, lets its tasks go` };
  if (!isTouched) return { type, status: 'True', reason: 'NothingTouched', message: 'nothing was frozen or traced' };
  const message = `every freezer is in the state it was found in, and no task is traced; seen to by ${by}`;
  return { type, status: 'True', reason: 'FreezersRestored', message };
}

function doubtsOf({ unproved, traced = [], unseen = [] }: ReleaseFacts): string[] {
  const more = traced.length > MOST_TASKS ? ` and ${traced.length - MOST_TASKS} more` : '';
  return [
    ...(unproved.length === 0 ? [] : [`not proved to be thawed: ${unproved.join(', ')}`]),
    ...(traced.length === 0 ? [] : [`not let go: ${traced.slice(0, MOST_TASKS).join(', ')}${more}`]),
    ...(unseen.length === 0 ? [] : [`could not be looked at: ${unseen.slice(0, MOST_TASKS).join(', ')}`]),
  ];
}

/** The tracing thread tells of a cancellation, and does not know its cause. */
function notHeldFact(report: FinalReport, hold: EndedHold): Fact {
  const { failure } = report;
  const isCause = failure === undefined || (failure.reason === 'Cancelled' && hold.cause !== 'HoldElapsed');
  return isCause
    ? { type: 'Held', status: 'False', reason: hold.cause, message: describeHold(report, hold) }
    : { type: 'Held', status: 'False', reason: failure.reason, message: failure.message };
}

function describeHold({ timings, standstill }: FinalReport, { seconds, cause, why }: EndedHold): string {
  const isPartial = standstill === undefined && timings.holdMicroseconds > 0;
  const but = isPartial ? ', but for tasks in the kernel that never came to their stop (unfrozen)' : '';
  const lasted = `held for ${(timings.holdMicroseconds / 1_000_000).toFixed(1)} s of ${seconds} s${but}`;
  if (cause === 'HoldElapsed') return `${lasted}, and let go`;
  return `${lasted}: ${cause === 'Cancelled' ? (why ?? 'the capture was cancelled') : CAUSES[cause]}`;
}
