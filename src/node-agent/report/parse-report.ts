/** Makes the report of a capture from the bytes that were read. Pure. */
import {
  onlyDeclared,
  type ContainerCapture,
  type ProcessRow,
  type Timings,
  type UnfrozenTask,
} from '../../api/podcapture.js';
import type { RawRecords } from '../capture/raw-arena.js';
import type { RawCapture, RawTarget, RawTask } from '../capture/raw-capture.js';
import { shownPath } from '../../native/path-text.js';
import { parseBootTime } from '../pure/boot-time.js';
import type { Failure } from '../pure/failure.js';
import type { ProcStatus } from '../pure/proc-status.js';
import { processRows, type CapturedTask } from '../pure/process-rows.js';
import { agree, type StatusDigest } from '../pure/status-digest.js';
import { parseRecords, type ParsedRecords } from './parse-records.js';
import { processFacts, startTicks } from './process-facts.js';

/** The reads after the release, to be compared with the reads before the freeze. */
export interface SecondLook {
  readonly records: RawRecords;
  /** Digests of the tasks whose status was not read while they stood still, by tid. Tasks that have gone since are missing. */
  readonly digests: ReadonlyMap<number, StatusDigest>;
  /** The whole of /proc/stat. Its line btime has the boot time. */
  readonly bootTimeText: string;
}

/** The findings of a capture, parsed. Plain data. */
export interface CaptureReport {
  readonly failure: Failure | undefined;
  readonly tree: readonly ProcessRow[];
  readonly containers: readonly ContainerCapture[];
  readonly threads: number;
  readonly joined: number;
  readonly unfrozen: readonly UnfrozenTask[];
  readonly timings: Timings;
  readonly overrunMicroseconds: number;
  readonly freezeSkewMicroseconds?: number;
  readonly thawUnproved: readonly string[];
  /** A freezer was closed or a task was traced, or nobody knows. */
  readonly isTouched: boolean;
  /** The hold was cut off by the bound that the heartbeat sets. */
  readonly isCutOff?: boolean;
  /** When the pod stood still. Absent when it never stood still as a whole. */
  readonly standstill?: Standstill;
}

/** By the wall clock of the node, in microseconds since the epoch. See {@link ../pure/wall-clock.ts} for the error. */
export interface Standstill {
  /** Every task stood still. */
  readonly from: number;
  /** The first task was about to be let go. */
  readonly until: number;
}

/**
 * Kernel function in which a task sleeps in a job-control stop: kernel/signal.c. In a frozen v1 cgroup the state letter hides
 * that stop.
 */
const STOPPED_CHANNEL = 'do_signal_stop';

/** The freezers by their names in the API. */
const FREEZERS = { v1: 'V1', v2: 'V2', none: 'None' } as const;
const declaredContainer = onlyDeclared<ContainerCapture>();

/**
 * Makes the report from the capture and the reads after the release.
 *
 * @param wallOffset by how many microseconds the wall clock is ahead of the monotonic clock
 */
export function parseReport(raw: RawCapture, second: SecondLook, wallOffset: number): CaptureReport {
  const parsed = parseRecords(raw.records, second.records);
  const captured = raw.tasks.map((task) => capturedTask(task, raw, parsed, second));
  const tasks = captured.filter((task) => task !== undefined);
  const boot = parseBootTime(second.bootTimeText);
  const tree = processRows({
    tasks,
    unlistedLeaders: parsed.statuses.held,
    zombies: zombies(raw, parsed),
    processes: processFacts(parsed),
    bootTime: boot.ok ? boot.value : 0,
  });
  return {
    failure: raw.failure,
    tree,
    containers: raw.targets.map((target, index) => containerCapture(target, index, raw.tasks, captured)),
    threads: tasks.length,
    joined: raw.tasks.filter((task) => task.joined).length,
    unfrozen: raw.unfrozen,
    timings: raw.timings,
    overrunMicroseconds: raw.overrunMicroseconds,
    ...(raw.freezeSkewMicroseconds === undefined ? {} : { freezeSkewMicroseconds: raw.freezeSkewMicroseconds }),
    thawUnproved: raw.thawUnproved,
    isTouched: raw.firstActAt !== undefined,
    ...(raw.isCutOff ? { isCutOff: true } : {}),
    ...standstillOf(raw, wallOffset),
  };
}

/**
 * The hold may last an hour, in which the wall clock is slewed or set. Its begin therefore comes from a look at the clock at
 * that time, and its end from another. Where the clock was set back so far that the end would be before the begin, the end is
 * the begin plus what has passed by the monotonic clock.
 */
function standstillOf(
  { stoodStillAt, heldFrom, letGoAt }: RawCapture,
  wallOffset: number,
): { readonly standstill?: Standstill } {
  if (stoodStillAt === undefined || letGoAt === undefined) return {};
  const from = heldFrom ?? stoodStillAt + wallOffset;
  const until = letGoAt + wallOffset;
  return { standstill: { from, until: until < from ? from + (letGoAt - stoodStillAt) : until } };
}

/**
 * Combines the looks at a task: the look while the task stood still counts most, then the look after the release, then the first
 * look. `isUnsettled` marks a task that was not read while it stood still, and whose looks before and after disagree.
 */
function capturedTask(
  task: RawTask,
  raw: RawCapture,
  parsed: ParsedRecords,
  second: SecondLook,
): CapturedTask | undefined {
  const { tid } = task;
  const container = raw.targets[task.target]?.container;
  const held = parsed.digests.get(tid);
  const before = raw.firstLooks.get(tid);
  const after = second.digests.get(tid);
  const digest = held ?? after ?? before;
  if (digest === undefined || container === undefined) return undefined;
  const [firstStatus, afterStatus] = [parsed.statuses.first.get(tid), parsed.statuses.after.get(tid)];
  const status = parsed.statuses.held.get(tid) ?? afterStatus ?? firstStatus;
  const isMoved = firstStatus !== undefined && afterStatus !== undefined && !haveSamePlace(firstStatus, afterStatus);
  const stoppedUnderFreezer = parsed.texts.held.get('wchan')?.get(tid)?.startsWith(STOPPED_CHANNEL) === true;
  return {
    tid,
    tgid: digest.tgid,
    comm: digest.comm,
    isDead: held !== undefined && (held.state === 'Z' || held.state === 'X'),
    credentials: digest.credentials,
    pendingStops: pendingIn(digest, before, after, held),
    sharedPendingStops: held?.sharedPendingStops ?? 0,
    isUnsettled:
      held === undefined && before !== undefined && after !== undefined && (isMoved || !agree(before, after)),
    ...(status === undefined ? {} : { status }),
    stopSignal: task.stopSignal === 0 && stoppedUnderFreezer ? -1 : task.stopSignal,
    cgroup: shownPath(container.cgroupPath + task.directory.slice(container.directory.length)),
  };
}

/** Whether a process has the same parent, process group, session and ids in both looks. */
function haveSamePlace(one: ProcStatus, other: ProcStatus): boolean {
  return placeOf(one) === placeOf(other);
}

function placeOf({ ppid, pgid, sid, nsPids }: ProcStatus): string {
  return JSON.stringify([ppid, pgid, sid, nsPids]);
}

/** A signal stays pending until the task takes it. So of two looks, the signals count that both looks saw. */
function pendingIn(
  digest: StatusDigest,
  before: StatusDigest | undefined,
  after: StatusDigest | undefined,
  held: StatusDigest | undefined,
): number {
  if (held !== undefined || before === undefined || after === undefined) return digest.pendingStops;
  return before.pendingStops & after.pendingStops;
}

/** Children that were zombies while their parents stood still, or that both looks saw as the same zombie. */
function zombies(raw: RawCapture, parsed: ParsedRecords): ReadonlyMap<number, ProcStatus> {
  const found = new Map<number, ProcStatus>();
  for (const pid of raw.zombies) {
    const status = (raw.zombiesAreHeld ? parsed.statuses.held : parsed.statuses.first).get(pid);
    if (status?.state !== 'Z') continue;
    const before = parsed.texts.first.get('stat')?.get(pid);
    const after = parsed.texts.after.get('stat')?.get(pid);
    if (raw.zombiesAreHeld || isSameZombie(before, after)) found.set(pid, status);
  }
  return found;
}

function isSameZombie(before: string | undefined, after: string | undefined): boolean {
  const [one, other] = [startTicks(before), startTicks(after)];
  return one !== undefined && one.ticks === other?.ticks && other.state === 'Z';
}

function containerCapture(
  target: RawTarget,
  index: number,
  raw: readonly RawTask[],
  tasks: readonly (CapturedTask | undefined)[],
): ContainerCapture {
  const own = tasks.filter((task, at) => task !== undefined && raw[at]?.target === index);
  const { name, containerID, cgroupPath, cgroupVersion } = target.container;
  return declaredContainer({
    ...(name === undefined ? {} : { name }),
    ...(containerID === undefined ? {} : { containerID }),
    cgroupPath: shownPath(cgroupPath),
    cgroupVersion: cgroupVersion === 'v1' ? 'V1' : 'V2',
    freezer: FREEZERS[target.freezer],
    wasFrozen: target.wasFrozen,
    processes: new Set(own.map((task) => task?.tgid)).size,
    threads: own.length,
  });
}
