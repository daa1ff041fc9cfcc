/** Rules for a capture that was dispatched and has not ended. Pure. */
import { CLAIMED_BY_CONTROLLER, type PodCapture, type PodCaptureStatus } from '../../api/kinds.js';
import type { Reason } from '../../api/reasons.js';
import { asReason, conditionsOf, findCondition, hasEnded, type Fact } from '../condition.js';
import { wait, type Action, type Decision } from '../decision.js';
import type { Orphan, Settled } from '../observation.js';
import { dispatchedStatus, rfc3339, sameStatus } from '../status.js';
import { holdEnds } from './hold.js';
import { cancel, finalizerRemovals } from './ended.js';

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
 * Shortens the hold, because its author asked for it, or because the pod or its node is to go and the hold would
 * obstruct that.
 */
export function holdLowered(observation: Settled): Decision | undefined {
  const { checkpoint, capture } = observation;
  if (capture === undefined || capture.spec.holdSeconds === 0) return undefined;
  const why = holdEnds(observation);
  const holdSeconds = why === undefined ? (checkpoint.spec.holdSeconds ?? 0) : 0;
  if (holdSeconds >= capture.spec.holdSeconds) return undefined;
  return { rule: why ?? 'holdLowered', actions: [{ kind: 'lower-hold', holdSeconds }] };
}

/** Waits for the agent, and shows its progress. */
export function progress({ checkpoint, capture, now }: Settled): Decision | undefined {
  if (capture === undefined) return undefined;
  const { reason, message } = progressOf(capture);
  const before = findCondition(checkpoint.status?.conditions, 'Succeeded')?.reason;
  const began = Date.parse(capture.status?.startTime ?? '');
  const runningFor = now - (Number.isNaN(began) ? now : began);
  if (reason === 'Capturing' && before === 'Dispatched' && runningFor < SHOW_CAPTURING_AFTER_MILLISECONDS) {
    return wait(
      'progress',
      Math.min(SHOW_CAPTURING_AFTER_MILLISECONDS, SHOW_CAPTURING_AFTER_MILLISECONDS - runningFor),
    );
  }
  const { name } = capture.metadata;
  const status = dispatchedStatus(checkpoint, { name, spec: capture.spec }, { reason, message }, now);
  if (sameStatus(status, checkpoint.status)) return wait('progress');
  const actions: Action[] = [{ kind: 'write-status', status }];
  if (reason === 'Holding' && before !== 'Holding') {
    const note = `the processes were read, and the pod is held for at most ${capture.spec.holdSeconds} s`;
    actions.push({ kind: 'emit-event', event: { type: 'Normal', reason: 'Holding', note } });
  }
  return { rule: 'progress', actions };
}

function progressOf({ spec, status }: PodCapture): { reason: Reason; message: string } {
  const condition = findCondition(status?.conditions, 'Succeeded');
  if (condition === undefined) {
    return { reason: 'Dispatched', message: `waits for the agent of node ${spec.nodeName}` };
  }
  return { reason: asReason(condition.reason), message: condition.message };
}

function lostStatus({ spec, status, metadata }: PodCapture, now: number): PodCaptureStatus {
  const claimed = status?.claimedBy !== undefined;
  const gone = `the agent of node ${spec.nodeName} gives no sign of life`;
  const facts: Fact[] = [
    claimed
      ? {
          type: 'Thawed',
          status: 'Unknown',
          reason: 'NodeAgentLost',
          message:
            'The agent did not report. When its process ends, the kernel releases every task that it had seized.',
        }
      : { type: 'Thawed', status: 'True', reason: 'FreezersRestored', message: 'Nothing was touched.' },
    {
      type: 'Succeeded',
      status: 'False',
      reason: 'NodeAgentLost',
      message: claimed
        ? `${gone}; it had begun the capture`
        : `${gone}; the capture had not begun, and can no longer begin`,
    },
  ];
  const time = rfc3339(now);
  return {
    claimedBy: status?.claimedBy ?? CLAIMED_BY_CONTROLLER,
    completionTime: time,
    conditions: conditionsOf(facts, status?.conditions, metadata.generation, time),
  };
}
