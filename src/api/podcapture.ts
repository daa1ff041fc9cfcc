/**
 * What the node half reports about a capture, and the object that `stasis checkpoint` prints.
 *
 * The schema in deploy/crds is the one source of these types: rows, containers, timings and status are the generated types
 * made readonly. The printed object and the artifact extend the status by command lines, and by the figures of `--repeat`,
 * which the custom resource does not have. Pure.
 */
import type * as declared from './generated/podcapture.js';

export const API_VERSION = 'stasis.dev/v1alpha1';
export const KIND = 'PodCapture';

/** The same type, with every field and every list readonly. */
export type DeepReadonly<T> = T extends object ? { readonly [Field in keyof T]: DeepReadonly<T[Field]> } : T;

export type Timings = DeepReadonly<declared.Timings>;
export type Condition = DeepReadonly<declared.Condition>;
/** A task that did not freeze or stop. */
export type UnfrozenTask = DeepReadonly<declared.UnfrozenTask>;
/**
 * Why a task did not freeze or could not be stopped.
 *
 * - `Uninterruptible`: it waits in the kernel (state D), for instance for a hung disk, NFS server or FUSE server.
 * - `KernelThread`: such a thread does not freeze on cgroup v2 and cannot be traced.
 * - `VforkParent`: the kernel suspends it until its child execs or exits.
 * - `Exiting`: it exits, or the kernel holds it until its sibling threads are gone. It executes nothing more of the old program.
 * - `CoreDump`: its process writes a core file. The capture neither freezes nor interrupts it, so the file is complete.
 * - `InKernel`: it does not return to user space, for instance from a page fault that nobody answers, or from one system call
 *   that works for seconds.
 * - `Traced`: another process traces it. Only a task that joined during a hold is listed for this; otherwise the capture fails.
 * - `Unknown`: no known cause was seen; the task had not stopped in time.
 */
export type UnfrozenCause = UnfrozenTask['cause'];
/** One captured cgroup. With `--cgroup` it is that directory; in a pod there is one per container. */
export type ContainerCapture = DeepReadonly<declared.ContainerCapture>;
/** One process: one row of the flat tree. Parents precede their children. */
export type ProcessRow = DeepReadonly<declared.ProcessRow>;
/** A thread. Credentials and seccomp mode are given only where they differ from those of the leader. */
export type ThreadRow = DeepReadonly<declared.ThreadRow>;
export type TaskState = ThreadRow['state'];
export type SeccompMode = ProcessRow['seccomp'];
export type IdSet = DeepReadonly<declared.IdSet>;
export type CapabilitySets = DeepReadonly<declared.CapabilitySets>;

/** The phases of a capture, in their order on cgroup v1. On v2 the stop phase comes before the thaw. */
export const PHASES = ['resolve', 'cgroupFreeze', 'seize', 'cgroupThaw', 'stop', 'collect', 'hold', 'release'] as const;
export type Phase = (typeof PHASES)[number];

/**
 * Returns the value as it is. The call does not compile when the value may have a field that the type does not declare.
 * TypeScript by itself overlooks such a field where it comes from a spread.
 */
export function onlyDeclared<Declared>() {
  return <T extends Declared>(value: T & Readonly<Record<Exclude<keyof T, keyof Declared>, never>>): Declared => value;
}

/** The reason why the command line of a process is missing. */
export type CmdlineUnread =
  /** The process ended before it was read, or was about to end. */
  | 'Gone'
  /** The read did not return. Another thread holds the lock of the address space, or the page is on a hung disk. */
  | 'Blocked'
  /** The kernel returned nothing, or an error. A file is mapped to the memory of the arguments, for example. */
  | 'Refused'
  /** Its turn did not come within 10 s. */
  | 'OutOfTime'
  /** The process that reads command lines did not start, or died. */
  | 'ReaderFailed';

/** The fields of a printed row that concern the command line of the process. */
export interface CommandLine {
  /** The arguments, where they were requested and could be read. Bytes that are not UTF-8 appear in them as U+FFFD. */
  readonly cmdline?: readonly string[];
  /** Present where `cmdline` is only the beginning of the command line. */
  readonly cmdlineCut?: { readonly keptBytes: number; readonly lengthBytes: number };
  /** Present where some bytes are not UTF-8: the same bytes as in `cmdline`, each argument ended by a NUL byte. */
  readonly cmdlineBase64?: string;
  /** Present where the command line was requested and is missing: the reason. */
  readonly cmdlineUnread?: CmdlineUnread;
}

export type PrintedRow = ProcessRow & CommandLine;

/** Number of processes whose command line is whole, cut, or missing, the latter by reason. Zombies have none. */
export interface CmdlineCounts {
  readonly whole: number;
  readonly cut: number;
  readonly unread: Readonly<Partial<Record<CmdlineUnread, number>>>;
}

/** Minimum, median, 99th percentile (nearest rank) and maximum, in microseconds. */
export interface Distribution {
  readonly min: number;
  readonly median: number;
  readonly p99: number;
  readonly max: number;
}

/** The fields of the custom resource's status that every printed capture has, because it has ended. */
type Printed =
  | 'startTime'
  | 'completionTime'
  | 'conditions'
  | 'processes'
  | 'threads'
  | 'stopped'
  | 'zombies'
  | 'joined'
  | 'containers'
  | 'timings'
  | 'unfrozen';

/** The fields that a capture has only where they apply. Only the status of the custom resource is cut, or has an artifact. */
type PrintedWhereKnown =
  'heldFrom' | 'heldUntil' | 'freezeSkewMicroseconds' | 'overrunMicroseconds' | 'truncated' | 'artifact';

type Status = DeepReadonly<declared.PodCaptureStatus>;

/** The status of the printed object: that of the custom resource, and what only the printed object has. */
export interface PodCaptureStatus extends Required<Pick<Status, Printed>>, Pick<Status, PrintedWhereKnown> {
  /** One row per process, without nesting; parents precede their children. */
  readonly tree: readonly PrintedRow[];
  /** Present only where command lines were requested. */
  readonly cmdlines?: CmdlineCounts;
  /** With --repeat: the timings of each run. */
  readonly samples?: readonly Timings[];
  /** With --repeat: the distribution of each timing over the runs. */
  readonly summary?: Readonly<Record<keyof Timings, Distribution>>;
}

/** The printed object. */
export interface PodCapture {
  readonly apiVersion: typeof API_VERSION;
  readonly kind: typeof KIND;
  readonly metadata: { readonly name: string };
  readonly status: PodCaptureStatus;
}
