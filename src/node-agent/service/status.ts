/** The statuses that the agent writes, from the claim to the end. Each of them carries `claimedBy`. Pure. */
import type { Artifact, Condition, PodCapture, PodCaptureStatus } from '../../api/kinds.js';
import type { Timings } from '../../api/podcapture.js';
import type { Reason } from '../../api/reasons.js';
import type { Failure } from '../pure/failure.js';
import type { CaptureReport } from '../report/parse-report.js';
import { boundContainers, boundTree, boundUnfrozen, count, cutText, MAX_MESSAGE } from './status-bounds.js';

/**
 * Most bytes of JSON in a status. etcd accepts 1.5 MiB per request; an object of this size is still easy to read and
 * watch.
 */
export const MAX_STATUS_BYTES = 256 << 10;

/** The claimant, and the time of its claim. */
export interface Claim {
  readonly claimedBy: string;
  /** RFC 3339. */
  readonly startTime: string;
  /** The generation of the spec with which the capture was claimed. */
  readonly generation?: number;
}

/** The result of a capture. */
export interface Ended {
  readonly report: CaptureReport;
  readonly dryRun: boolean;
  /** RFC 3339. */
  readonly completionTime: string;
  readonly artifact?: Artifact;
  /** A failure after the release. A failure in `report` takes precedence. */
  readonly failure?: Failure;
}

/** The status of a capture in progress. The freezers may be closed, so `Thawed` is not known yet. */
export function progressStatus(claim: Claim, reason: 'Capturing' | 'Holding'): PodCaptureStatus {
  const message =
    reason === 'Capturing' ? 'the node agent carries out the capture' : 'the processes were read, and the pod is held';
  const at = { status: 'Unknown', time: claim.startTime, generation: claim.generation } as const;
  return {
    claimedBy: claim.claimedBy,
    startTime: claim.startTime,
    conditions: [
      condition('Succeeded', { ...at, reason, message }),
      condition('Thawed', { ...at, reason, message: 'known when the capture has ended' }),
    ],
  };
}

/** The final status, cut to the bounds of the schema. */
export function endStatus(claim: Claim, ended: Ended): PodCaptureStatus {
  const { report } = ended;
  const unfrozen = boundUnfrozen(report.unfrozen);
  const containers = boundContainers(report.containers);
  const rest = { ...bareEndStatus(claim, ended), containers, unfrozen, tree: [], truncated: true };
  const { rows, truncated } = boundTree(report.tree, MAX_STATUS_BYTES - Buffer.byteLength(JSON.stringify(rest)));
  const cut = truncated || report.unfrozen.length > unfrozen.length || report.containers.length > containers.length;
  return { ...rest, tree: rows, truncated: cut } as PodCaptureStatus;
}

/** The final status without lists, for a server that refuses the full status as invalid. */
export function bareEndStatus(claim: Claim, ended: Ended): PodCaptureStatus {
  const { report, completionTime, artifact } = ended;
  const { tree } = report;
  return {
    claimedBy: claim.claimedBy,
    startTime: claim.startTime,
    completionTime,
    conditions: endConditions(claim, ended),
    processes: tree.length,
    threads: tree.reduce((sum, row) => sum + row.threads.filter(({ state }) => state !== 'Zombie').length, 0),
    stopped: tree.filter(({ state }) => state === 'Stopped').length,
    zombies: tree.filter(({ state }) => state === 'Zombie').length,
    joined: count(report.joined),
    ...(report.freezeSkewMicroseconds === undefined
      ? {}
      : { freezeSkewMicroseconds: count(report.freezeSkewMicroseconds) }),
    ...(report.overrunMicroseconds > 0 ? { overrunMicroseconds: count(report.overrunMicroseconds) } : {}),
    timings: wholeTimings(report.timings),
    ...(artifact === undefined ? {} : { artifact }),
  };
}

/** The state of the freezers at the end. */
export interface ThawFacts {
  /** Directories of the cgroups that were not proved to be as they were found. */
  readonly unproved: readonly string[];
  /** A text about what a guard did in place of the agent. */
  readonly byGuard?: string;
}

/** The final status of a capture that was not carried out. It also claims the capture if nobody has. */
export function refusedCaptureStatus(
  object: PodCapture,
  me: string,
  failure: Failure,
  thaw: ThawFacts,
  time: string,
): PodCaptureStatus {
  const { claimedBy = me, startTime = time } = object.status ?? {};
  const { generation } = object.metadata;
  const claim = { claimedBy, startTime, ...(generation === undefined ? {} : { generation }) };
  return { claimedBy, startTime, completionTime: time, conditions: conditions(claim, failure, thaw, time) };
}

/** The reason with which the capture ended. */
export function endReason({ report, failure, dryRun }: Ended): Reason {
  return (report.failure ?? failure)?.reason ?? (dryRun ? 'DryRunPassed' : 'Captured');
}

function endConditions(claim: Claim, { report, failure, dryRun, completionTime }: Ended): Condition[] {
  const end = report.failure ?? failure;
  return conditions(claim, end ?? (dryRun ? PASSED : CAPTURED), { unproved: report.thawUnproved }, completionTime);
}

interface End {
  readonly reason: Reason;
  readonly message: string;
  readonly good?: true;
}

const CAPTURED: End = { reason: 'Captured', message: 'held, read and let go', good: true };
const PASSED: End = { reason: 'DryRunPassed', message: 'nothing stands in the way', good: true };

function conditions(claim: Claim, end: End, { unproved, byGuard = '' }: ThawFacts, time: string): Condition[] {
  const { generation } = claim;
  const thawed = unproved.length === 0;
  const more = byGuard === '' ? '' : `; ${byGuard}`;
  const { reason, message } = end;
  return [
    condition('Succeeded', { status: end.good === true ? 'True' : 'False', reason, message, time, generation }),
    condition('Thawed', {
      status: thawed ? 'True' : 'False',
      reason: thawed ? 'FreezersRestored' : 'FreezerNotRestored',
      message: thawed
        ? `every freezer is in the state it was found in${more}`
        : `not proved to be thawed: ${unproved.join(', ')}${more}`,
      time,
      generation,
    }),
  ];
}

interface ConditionFacts {
  readonly status: Condition['status'];
  readonly reason: string;
  readonly message: string;
  readonly time: string;
  readonly generation: number | undefined;
}

function condition(type: string, { status, reason, message, time, generation }: ConditionFacts): Condition {
  return {
    type,
    status,
    reason,
    message: cutText(message, MAX_MESSAGE),
    lastTransitionTime: time,
    ...(generation === undefined ? {} : { observedGeneration: generation }),
  };
}

function wholeTimings(timings: Timings): Timings {
  const entries = Object.entries(timings as unknown as Record<string, number>);
  return Object.fromEntries(entries.map(([name, value]) => [name, count(value)])) as unknown as Timings;
}
