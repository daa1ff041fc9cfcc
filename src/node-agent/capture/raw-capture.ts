/** What a capture brings back before anything is parsed: plain data, to be handed to another thread if need be. */
import type { Phase, Timings, UnfrozenTask } from '../../api/podcapture.js';
import type { Failure } from '../pure/failure.js';
import type { ContainerTarget } from '../pure/container-target.js';
import type { FirstLook } from './first-look.js';
import type { RawRecords } from './raw-arena.js';
import type { Session, Task } from './session.js';

export interface RawTarget {
  readonly container: ContainerTarget;
  /** How it was held in the end: a freezer that could not freeze is not named here. */
  readonly freezer: 'v1' | 'v2' | 'none';
  readonly wasFrozen: boolean;
}

export interface RawTask {
  readonly tid: number;
  /** Index into `targets`. */
  readonly target: number;
  /** Directory of its cgroup. */
  readonly directory: string;
  /** Signal of the job-control stop that it was in; 0 when it was in none. */
  readonly stopSignal: number;
  readonly joined: boolean;
}

export interface RawCapture {
  readonly failure: Failure | undefined;
  readonly targets: readonly RawTarget[];
  readonly tasks: readonly RawTask[];
  /** pid of each process, and a tid that led to its links. */
  readonly processes: readonly (readonly [number, number])[];
  /** What each task looked like before the freeze, by tid. */
  readonly firstLooks: ReadonlyMap<number, FirstLook>;
  /** Pids of the zombies that were seen. */
  readonly zombies: readonly number[];
  /** They were seen while their parents stood still: no second look is needed. */
  readonly zombiesAreHeld: boolean;
  readonly records: RawRecords;
  readonly unfrozen: readonly UnfrozenTask[];
  readonly timings: Timings;
  readonly budgetMicroseconds: number | undefined;
  /** By how much the pause exceeded its budget. */
  readonly overrunMicroseconds: number;
  /** From the first cgroup frozen to the last one; absent where no freezer was closed. */
  readonly freezeSkewMicroseconds?: number;
  /** Freezers that could not be proved open. */
  readonly thawUnproved: readonly string[];
  /** The tracing thread must end for the last tasks to go free. */
  readonly threadMustEnd: boolean;
  /** When the pause began, by the monotonic clock; undefined when nothing was touched. */
  readonly firstActAt: number | undefined;
}

/** Takes everything out of an ended session. */
export function rawCapture(session: Session, failure: Failure | undefined): RawCapture {
  const timings = timingsOf(session);
  const budget = session.request.maxPauseMicroseconds;
  return {
    failure,
    targets: session.targets.map(({ container, found, way, freezer }) => ({
      container,
      freezer: way === 'interrupts' ? 'none' : (freezer?.version ?? 'none'),
      wasFrozen: found !== 'THAWED',
    })),
    tasks: [...session.tasks.values()].map(rawTask),
    processes: [...session.processes],
    firstLooks: session.firstLooks,
    zombies: [...session.zombies],
    zombiesAreHeld: session.zombiesAreHeld,
    records: session.arena.records(),
    unfrozen: [...session.unfrozen.values()],
    timings,
    budgetMicroseconds: budget,
    overrunMicroseconds: budget === undefined ? 0 : Math.max(0, timings.pauseMicroseconds - budget),
    ...freezeSkew(session),
    thawUnproved: session.thawUnproved,
    threadMustEnd: session.threadMustEnd,
    firstActAt: session.firstActAt,
  };
}

/** As seen by the looks of the freeze phase, which are at most half a millisecond apart. */
function freezeSkew(session: Session): { readonly freezeSkewMicroseconds?: number } {
  const moments = session.targets.flatMap((target) => (target.way === 'freezer' ? (target.frozenAt ?? []) : []));
  if (moments.length === 0) return {};
  return { freezeSkewMicroseconds: Math.round(Math.max(...moments) - Math.min(...moments)) };
}

function rawTask(task: Task): RawTask {
  const stop = task.tracee?.state === 'stopped' ? task.tracee.stop : undefined;
  return {
    tid: task.tid,
    target: task.target.index,
    directory: task.directory,
    stopSignal: stop?.kind === 'jobControl' ? stop.signal : 0,
    joined: task.joined,
  };
}

function timingsOf(session: Session): Timings {
  const freezes = session.targets.some((target) => target.freezer !== undefined);
  const skipped = (phase: Phase): boolean =>
    (phase === 'hold' && session.request.holdMicroseconds === 0) ||
    (!freezes && (phase === 'cgroupFreeze' || phase === 'cgroupThaw'));
  const took = (phase: Phase): number => (skipped(phase) ? 0 : Math.round(session.durations[phase] ?? 0));
  const since = (end: number | undefined): number =>
    session.firstActAt === undefined || end === undefined ? 0 : Math.round(end - session.firstActAt);
  return {
    resolveMicroseconds: took('resolve'),
    cgroupFreezeMicroseconds: took('cgroupFreeze'),
    seizeMicroseconds: took('seize'),
    cgroupThawMicroseconds: took('cgroupThaw'),
    stopMicroseconds: took('stop'),
    collectMicroseconds: took('collect'),
    holdMicroseconds: took('hold'),
    releaseMicroseconds: took('release'),
    freezingMicroseconds: since(session.collectedAt),
    pauseMicroseconds: since(session.lastDetachAt),
  };
}
