/** Rules for a capture that was dispatched and has not ended. Pure. */
import { asReason, conditionsOf, findCondition, hasEnded, type Fact } from '../../api/conditions.js';
import { CLAIMED_BY_CONTROLLER, type PodCapture, type PodCaptureStatus } from '../../api/kinds.js';
import { wait, type Action, type Decision } from '../decision.js';
import type { Orphan, Settled } from '../observation.js';
import { sameStatus } from '../assemble.js';
import { dispatchedStatus } from '../status.js';
import type { Why } from '../../pod/why.js';
import { endTime } from '../times.js';
import { deadlineExceeded, untilDeadline } from './deadline.js';
import { obstacleEvents, SHOW_DISPATCHED_AFTER_MILLISECONDS } from './dispatch.js';
import { cancel, finalizerRemovals } from './ended.js';
import { holdEnds } from './hold.js';

/**
 * The status `Capturing` is written only for a capture that has been running for this long. Most captures take
 * milliseconds: the write would cost one request per Checkpoint, and would be outdated when somebody reads it.
 */
const SHOW_CAPTURING_AFTER_MILLISECONDS = 1000;

/**
 * The agent is lost. The rule assumes nothing about what the agent did: one write claims the capture, if nobody has
 * claimed it, and ends it. The server refuses that write if the agent was faster. After it, the server's own rules
 * refuse every claim and every report.
 */
export function agentLost({ capture, agent, now }: Settled | Orphan): Decision | undefined {
  if (capture === undefined || hasEnded(capture.status) || agent !== 'Lost') return undefined;
  return { rule: 'agentLost', actions: [{ kind: 'end-capture', status: lostStatus(capture, now) }] };
}

/**
 * The Checkpoint is being deleted. A running capture is cancelled first; the finalizer is removed when nothing is left
 * to release.
 */
export function deleting({ checkpoint, capture }: Settled): Decision | undefined {
  if (checkpoint.metadata.deletionTimestamp === undefined) return undefined;
  if (capture !== undefined) return cancel('deleting', capture);
  return { rule: 'deleting', actions: finalizerRemovals(checkpoint, undefined) };
}

/**
 * The agent has not begun by the starting deadline. One write claims the capture for the controller and ends it; if the
 * agent was faster, the server refuses that write, and the capture goes on.
 */
export function notBegun({ checkpoint, capture, now }: Settled): Decision | undefined {
  if (capture === undefined || hasBegun(capture) || untilDeadline(checkpoint, now) > 0) return undefined;
  const why = deadlineExceeded(checkpoint, progressOf(capture));
  const status = untouchedStatus(capture, CLAIMED_BY_CONTROLLER, why, now);
  return { rule: 'notBegun', actions: [{ kind: 'end-capture', status }] };
}

/** Ends the hold, because its author asked for it, or because the hold would obstruct something else. */
export function holdReleased(observation: Settled): Decision | undefined {
  const { capture } = observation;
  if (capture?.spec.hold === undefined || capture.spec.hold.releaseReason !== undefined) return undefined;
  const releaseReason = holdEnds(observation);
  if (releaseReason === undefined) return undefined;
  return { rule: releaseReason, actions: [{ kind: 'release-hold', releaseReason }] };
}

/** Waits for the agent, and shows its progress. */
export function progress({ checkpoint, capture, dispatchedFor, now }: Settled): Decision | undefined {
  if (capture === undefined) return undefined;
  const why = progressOf(capture);
  const tooEarly = SHOW_DISPATCHED_AFTER_MILLISECONDS - (dispatchedFor ?? SHOW_DISPATCHED_AFTER_MILLISECONDS);
  if (tooEarly > 0 && (why.reason === 'Dispatched' || why.reason === 'Capturing')) return wait('progress', tooEarly);
  const before = findCondition(checkpoint.status?.conditions, 'Succeeded')?.reason;
  const began = Date.parse(capture.status?.startTime ?? '');
  // Far from 0 on either side: the clocks of node and controller differ, or one was set, and tell nothing about a second.
  const runningFor = Math.abs(now - (Number.isNaN(began) ? now : began));
  if (why.reason === 'Capturing' && before === 'Dispatched' && runningFor < SHOW_CAPTURING_AFTER_MILLISECONDS) {
    return wait('progress', SHOW_CAPTURING_AFTER_MILLISECONDS - runningFor);
  }
  const status = dispatchedStatus(checkpoint, capture, why, now);
  const deadline = hasBegun(capture) ? undefined : Math.max(1, untilDeadline(checkpoint, now));
  if (sameStatus(status, checkpoint.status)) return wait('progress', deadline);
  const actions: Action[] = [{ kind: 'write-status', status }, ...obstacleEvents(checkpoint, why)];
  if (why.reason === 'Holding' && before !== 'Holding') {
    const { holdUntil } = capture.status ?? {};
    const until = holdUntil === undefined ? '' : `, until ${holdUntil}`;
    const note = `the processes were read, and the pod is held for at most ${capture.spec.hold?.seconds ?? 0} s${until}`;
    actions.push({ kind: 'emit-event', event: { type: 'Normal', reason: 'Holding', note } });
  }
  return { rule: 'progress', actions, ...(deadline === undefined ? {} : { againAfterMilliseconds: deadline }) };
}

/** An agent or the controller has claimed the capture. */
function hasBegun({ status }: PodCapture): boolean {
  return status?.claimedBy !== undefined;
}

export function progressOf({ spec, status }: PodCapture): Why {
  const condition = findCondition(status?.conditions, 'Succeeded');
  if (condition === undefined) {
    return { reason: 'Dispatched', message: `waits for the agent of node ${spec.nodeName}` };
  }
  // A newer agent may report progress that this version does not know.
  return { reason: asReason(condition.reason) ?? 'Capturing', message: condition.message };
}

function lostStatus(capture: PodCapture, now: number): PodCaptureStatus {
  const { spec, status } = capture;
  const gone = `the agent of node ${spec.nodeName} gives no sign of life`;
  if (status?.claimedBy === undefined) {
    const message = `${gone}; the capture had not begun, and can no longer begin`;
    return untouchedStatus(capture, CLAIMED_BY_CONTROLLER, { reason: 'NodeAgentLost', message }, now);
  }
  const released =
    'The agent did not report. When its process ends, the kernel releases every task that it had seized.';
  return endedByController(
    capture,
    status.claimedBy,
    { reason: 'NodeAgentLost', message: `${gone}; it had begun the capture` },
    { type: 'Released', status: 'Unknown', reason: 'NodeAgentLost', message: released },
    now,
  );
}

/** The end of a capture that nobody had begun. */
function untouchedStatus(capture: PodCapture, claimedBy: string, why: Why, now: number): PodCaptureStatus {
  const released: Fact = {
    type: 'Released',
    status: 'True',
    reason: 'NothingTouched',
    message: 'Nothing was touched.',
  };
  return endedByController(capture, claimedBy, why, released, now);
}

function endedByController(
  { spec, status, metadata }: PodCapture,
  claimedBy: string,
  why: Why,
  released: Fact,
  now: number,
): PodCaptureStatus {
  const time = endTime(status?.startTime, now);
  const facts: Fact[] = [
    ...(spec.hold === undefined ? [] : [{ type: 'Held', status: 'False', ...why } as const]),
    released,
    { type: 'Succeeded', status: 'False', ...why },
  ];
  return {
    claimedBy,
    completionTime: time,
    conditions: conditionsOf(facts, status?.conditions, metadata.generation, time),
  };
}
