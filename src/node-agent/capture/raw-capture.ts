/**
 * The raw capture: everything that a capture brings back, before anything is parsed. It is plain data that can be sent to
 * another thread. Types only. Pure.
 */
import type { Timings, UnfrozenTask } from '../../api/podcapture.js';
import type { Failure } from '../pure/failure.js';
import type { ContainerTarget } from '../pure/container-target.js';
import type { StatusDigest } from '../pure/status-digest.js';
import type { RawRecords } from './raw-arena.js';

/** A task as it was before the freeze. */
export interface FirstLook extends StatusDigest {
  /** Reading the task's status takes milliseconds, so that file is not read while the pod stands still. */
  readonly isCostly: boolean;
  /** A thread-group leader whose status is not read in the pause: the file is costly, or there are very many leaders. */
  readonly isPassedOver: boolean;
}

export interface RawTarget {
  readonly container: ContainerTarget;
  /** How the target was held in the end. A freezer that could not freeze is not named here. */
  readonly freezer: 'v1' | 'v2' | 'none';
  readonly wasFrozen: boolean;
}

export interface RawTask {
  readonly tid: number;
  /** Index into `targets`. */
  readonly target: number;
  /** Directory of its cgroup. */
  readonly directory: string;
  /** Signal of the job-control stop in which the task was; 0 when it was in none. */
  readonly stopSignal: number;
  readonly joined: boolean;
}

export interface RawCapture {
  readonly failure: Failure | undefined;
  readonly targets: readonly RawTarget[];
  readonly tasks: readonly RawTask[];
  /** Pid of each process, and the tid of a thread that led to its links. */
  readonly processes: readonly (readonly [number, number])[];
  /** The first look at each task, taken before the freeze, by tid. */
  readonly firstLooks: ReadonlyMap<number, FirstLook>;
  /** Pids of the zombies that were seen. */
  readonly zombies: readonly number[];
  /** The zombies were seen while their parents stood still, so no second look is needed. */
  readonly zombiesAreHeld: boolean;
  readonly records: RawRecords;
  readonly unfrozen: readonly UnfrozenTask[];
  readonly timings: Timings;
  readonly budgetMicroseconds: number | undefined;
  /** By how much the pause exceeded its budget. */
  readonly overrunMicroseconds: number;
  /** Time from the first cgroup frozen to the last one. Absent where no freezer was closed. */
  readonly freezeSkewMicroseconds?: number;
  /** Freezers that could not be proved open. */
  readonly thawUnproved: readonly string[];
  /** The tracing thread must end, because only its end releases the last tasks. */
  readonly threadMustEnd: boolean;
  /** The hold ended because it lasted until the bound that the main thread had set. */
  readonly isCutOff: boolean;
  /** When the pause began, by the monotonic clock; undefined when nothing was touched. */
  readonly firstActAt: number | undefined;
  /** When every task stood still, by the monotonic clock. Undefined when it did not come to that, or a task was set aside. */
  readonly stoodStillAt: number | undefined;
  /** The same time by the wall clock, in microseconds since the epoch, as it was when a requested hold began. */
  readonly heldFrom: number | undefined;
  /** When the release began, by the monotonic clock; undefined when not every task had stood still. */
  readonly letGoAt: number | undefined;
}
