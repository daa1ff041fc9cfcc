/** The statuses that the agent writes, from the claim to the end. Each of them carries `claimedBy`. Pure. */
import { conditionsOf, type Fact } from '../../api/conditions.js';
import type { Artifact, Condition, PodCapture, PodCaptureStatus } from '../../api/kinds.js';
import { onlyDeclared } from '../../api/podcapture.js';
import type { Reason } from '../../api/reasons.js';
import type { Failure } from '../pure/failure.js';
import { countTree, type TreeCounts } from '../report/counts.js';
import { endTime } from '../report/end-time.js';
import { endFacts, releasedFact, succeededFact, type CaptureEnd, type ReleaseFacts } from '../report/end-conditions.js';
import { standstillTimes } from '../report/pod-capture.js';
import { boundLists, boundMessage, bytesOf, count, wholeTimings } from './status-bounds.js';

/**
 * Most bytes of JSON in a status. Lists, watches, etcd and every `kubectl get -o yaml` carry it; the artifact has the whole.
 */
export const MAX_STATUS_BYTES = 32 << 10;

/** Who sees to the release, in the message of `Released`. */
const AGENT = 'the node agent';

/** The claimant, the time of its claim, and what it has written since. */
export interface Claim {
  readonly claimedBy: string;
  /** RFC 3339. */
  readonly startTime: string;
  /** The generation of the spec with which the capture was claimed. */
  readonly generation?: number;
  /** A hold was asked for. */
  readonly holds: boolean;
  /** The conditions that were written last. */
  readonly conditions?: readonly Condition[];
}

/** The result of a capture. */
export interface Ended extends CaptureEnd {
  /** RFC 3339. */
  readonly completionTime: string;
  readonly artifact?: Artifact;
}

/** The times of a hold that has begun, RFC 3339 with microseconds. */
export interface HoldTimes {
  /** Absent while a task that was set aside may go on. */
  readonly heldFrom?: string;
  /** When the hold ends by itself. */
  readonly holdUntil: string;
}

const declared = onlyDeclared<PodCaptureStatus>();

/** The claim for the capture, or the claim of somebody whose capture is ended now. */
export function claimOf({ metadata, spec, status }: PodCapture, me: string, time: string): Claim {
  const { generation } = metadata;
  return {
    claimedBy: status?.claimedBy ?? me,
    startTime: status?.startTime ?? time,
    holds: !spec.dryRun && spec.hold !== undefined,
    ...(generation === undefined ? {} : { generation }),
    ...(status?.conditions === undefined ? {} : { conditions: status.conditions }),
  };
}

/** The status of a capture that was begun. The freezers may be closed, so `Released` is not known yet. */
export function capturingStatus(claim: Claim): PodCaptureStatus {
  const message = 'the node agent carries out the capture';
  const facts = [
    ...(claim.holds ? [unknown('Held', 'Capturing', 'the hold has not begun')] : []),
    unknown('Released', 'Capturing', 'known when the capture has ended'),
    unknown('Succeeded', 'Capturing', message),
  ];
  return declared({ ...begun(claim), conditions: conditions(claim, facts, claim.startTime) });
}

/** The status of a capture that has begun and waits for something before it touches its pod. */
export function waitingStatus(claim: Claim, { reason, message }: Failure): PodCaptureStatus {
  const status = capturingStatus(claim);
  const told = (status.conditions ?? []).map((one) => (one.type === 'Succeeded' ? { ...one, reason, message } : one));
  return { ...status, conditions: told };
}

/** The status of a capture that holds its pod. `Held` is True only when no task of the pod goes on. */
export function holdingStatus(claim: Claim, times: HoldTimes, time: string): PodCaptureStatus {
  const message = 'the processes were read, and the pod is held';
  const held: Fact =
    times.heldFrom === undefined
      ? unknown('Held', 'Holding', 'the pod is held, but for tasks in the kernel that have not come to their stop yet')
      : { type: 'Held', status: 'True', reason: 'Holding', message: 'every task of the pod stands still' };
  const facts = [
    held,
    unknown('Released', 'Holding', 'known when the capture has ended'),
    unknown('Succeeded', 'Holding', message),
  ];
  return declared({ ...begun(claim), ...times, conditions: conditions(claim, facts, time) });
}

/** The status of a capture whose pod runs again, and whose artifact takes long to store: its pod must not look held. */
export function storingStatus(claim: Claim, ended: Ended, time: string): PodCaptureStatus {
  const message = 'the pod is released; waits for the disk to store what was read';
  const facts = endFacts(ended, AGENT).map((fact): Fact =>
    fact.type === 'Succeeded' ? { ...fact, status: 'Unknown', reason: 'ArtifactFailed', message } : fact,
  );
  return declared({ ...begun(claim), ...standstillTimes(ended.report), conditions: conditions(claim, facts, time) });
}

/** The final status, cut to the bounds of the schema. */
export function endStatus(claim: Claim, ended: Ended): PodCaptureStatus {
  const rest = bareEndStatus(claim, ended);
  const room = MAX_STATUS_BYTES - bytesOf({ ...rest, containers: [], unfrozen: [], tree: [], truncated: false });
  return declared({ ...rest, ...boundLists(ended.report, room) });
}

/** The final status without lists, for a server that refuses the full status as invalid. */
export function bareEndStatus(claim: Claim, ended: Ended): PodCaptureStatus {
  const { report, artifact } = ended;
  const completionTime = endTime(claim.startTime, ended.completionTime, [report]);
  const { freezeSkewMicroseconds: skew, overrunMicroseconds: overrun } = report;
  return declared({
    ...begun(claim),
    completionTime,
    ...standstillTimes(report),
    conditions: conditions(claim, endFacts(ended, AGENT), completionTime),
    ...countTree(report.tree),
    joined: count(report.joined),
    ...(skew === undefined ? {} : { freezeSkewMicroseconds: count(skew) }),
    ...(overrun > 0 ? { overrunMicroseconds: count(overrun) } : {}),
    timings: wholeTimings(report.timings),
    ...(artifact === undefined ? {} : { artifact }),
  });
}

/** The artifact that an earlier agent stored of a capture whose end that agent did not report. */
export interface KeptByAnother {
  readonly artifact: Artifact;
  readonly counts: TreeCounts | undefined;
}

/** The final status of a capture that was not carried out. It also claims the capture if nobody has. */
export function refusedCaptureStatus(
  claim: Claim,
  failure: Failure,
  release: Omit<ReleaseFacts, 'by'> & { readonly byGuard?: string },
  now: string,
  kept?: KeptByAnother,
): PodCaptureStatus {
  // An earlier agent may have claimed the capture, before the wall clock was set back.
  const time = endTime(claim.startTime, now, []);
  const { reason, message } = failure;
  const { byGuard = '' } = release;
  const by = byGuard === '' ? AGENT : `${AGENT}; ${byGuard}`;
  const facts: Fact[] = [
    ...(claim.holds ? [{ type: 'Held', status: 'False', reason, message } as const] : []),
    releasedFact({ ...release, by }),
    { type: 'Succeeded', status: 'False', reason, message },
  ];
  return declared({
    ...begun(claim),
    completionTime: time,
    conditions: conditions(claim, facts, time),
    ...kept?.counts,
    ...(kept === undefined ? {} : { artifact: kept.artifact }),
  });
}

/** The reason with which the capture ended. */
export function endReason(ended: CaptureEnd): Reason {
  return succeededFact(ended).reason;
}

function begun({ claimedBy, startTime }: Claim): Pick<PodCaptureStatus, 'claimedBy' | 'startTime'> {
  return { claimedBy, startTime };
}

function unknown(type: Fact['type'], reason: 'Capturing' | 'Holding', message: string): Fact {
  return { type, status: 'Unknown', reason, message };
}

function conditions(claim: Claim, facts: readonly Fact[], time: string): Condition[] {
  const bounded = facts.map((fact) => ({ ...fact, message: boundMessage(fact.message) }));
  return conditionsOf(bounded, claim.conditions, claim.generation, time);
}
