/** The statuses that the agent applies, from the claim to the end. Every one of them carries `claimedBy`. Pure. */
import type { Artifact, Condition, PodCapture, PodCaptureStatus } from '../../api/kinds.js';
import type { Timings } from '../../api/podcapture.js';
import type { Reason } from '../../api/reasons.js';
import type { Failure } from '../pure/failure.js';
import type { CaptureReport } from '../report/report.js';
import { boundContainers, boundTree, boundUnfrozen, count, cutText, MAX_MESSAGE } from './status-bounds.js';

/** Of JSON. etcd takes 1.5 MiB a request; this much a Checkpoint is read, and watched, with ease. */
export const MAX_STATUS_BYTES = 256 << 10;

/** Who has it, and since when. */
export interface Claim {
  readonly claimedBy: string;
  /** RFC 3339. */
  readonly startTime: string;
  /** Of the spec that it was claimed with. */
  readonly generation?: number;
}

/** What came of it. */
export interface Ended {
  readonly report: CaptureReport;
  readonly dryRun: boolean;
  /** RFC 3339. */
  readonly completionTime: string;
  readonly artifact?: Artifact;
  /** Of something after the release; what the report says itself goes first. */
  readonly failure?: Failure;
}

/** While it goes on. The freezers may be closed: whether all are as they were found is not known yet. */
export function progressStatus(claim: Claim, reason: 'Capturing' | 'Holding'): PodCaptureStatus {
  const message = reason === 'Capturing' ? 'the node agent is at it' : 'the pod is read, and held';
  const at = { status: 'Unknown', time: claim.startTime, generation: claim.generation } as const;
  return {
    claimedBy: claim.claimedBy,
    startTime: claim.startTime,
    conditions: [
      condition('Succeeded', { ...at, reason, message }),
      condition('Thawed', { ...at, reason, message: 'told at the end' }),
    ],
  };
}

/** The end, cut to what the server takes. */
export function endStatus(claim: Claim, ended: Ended): PodCaptureStatus {
  const { report } = ended;
  const unfrozen = boundUnfrozen(report.unfrozen);
  const containers = boundContainers(report.containers);
  const rest = { ...bareEndStatus(claim, ended), containers, unfrozen, tree: [], truncated: true };
  const { rows, truncated } = boundTree(report.tree, MAX_STATUS_BYTES - Buffer.byteLength(JSON.stringify(rest)));
  const cut = truncated || report.unfrozen.length > unfrozen.length || report.containers.length > containers.length;
  return { ...rest, tree: rows, truncated: cut } as PodCaptureStatus;
}

/** The end without lists: what is left to say when the server took the whole for invalid. */
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

/** What is known of the freezers at the end. */
export interface Thaw {
  /** Directories of those that were not proved to be as they were found. */
  readonly unproved: readonly string[];
  /** What a guard did in place of the agent. */
  readonly byGuard?: string;
}

/** What a capture that ended without being carried out says: claimed now, where nobody had. */
export function refusedStatus(
  object: PodCapture,
  me: string,
  failure: Failure,
  thaw: Thaw,
  time: string,
): PodCaptureStatus {
  const { claimedBy = me, startTime = time } = object.status ?? {};
  const { generation } = object.metadata;
  const claim = { claimedBy, startTime, ...(generation === undefined ? {} : { generation }) };
  return { claimedBy, startTime, completionTime: time, conditions: conditions(claim, failure, thaw, time) };
}

/** The reason of the end. */
export function reasonOf({ report, failure, dryRun }: Ended): Reason {
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

function conditions(claim: Claim, end: End, { unproved, byGuard = '' }: Thaw, time: string): Condition[] {
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
