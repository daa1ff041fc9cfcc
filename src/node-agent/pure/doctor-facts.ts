/** The facts that `stasis doctor` finds on a node, before they are judged. Types only. */
import type { JournalRecord } from './guard-journal.js';

/** A process or a thread, by name. */
export interface NamedTask {
  /** Pid in the PID namespace of procfs. */
  readonly pid: number;
  readonly comm: string;
}

/** A cgroup whose freezer is closed, or that a freezer above it keeps frozen, at two looks a tenth of a second apart. */
export interface FrozenCgroup {
  readonly version: 'v1' | 'v2';
  readonly directory: string;
  /**
   * Inode and device as stat(2) tells them. A record of the journal is matched by these, because the path in the record is the
   * guard's view.
   */
  readonly inode: bigint;
  readonly device: bigint;
  /** False: the freeze was asked for, and not all tasks of the cgroup are frozen. */
  readonly complete: boolean;
  /** The cgroup's own freezer is closed. */
  readonly self: boolean;
  /** Nearest cgroup above whose own freezer is closed, if that cgroup can be seen. */
  readonly above?: string;
  /** Time of all freezes in the cgroup's life (cgroup.stat.local), where the kernel counts it. */
  readonly frozenMicroseconds?: number;
  /** Number of tasks in the cgroup and below it. */
  readonly tasks: number;
  /** Some of the tasks are in a PID namespace that cannot be seen into. */
  readonly unseenTasks: boolean;
  /** The first few processes. */
  readonly processes: readonly NamedTask[];
}

export interface TracedTask {
  readonly tid: number;
  readonly pid: number;
  readonly comm: string;
  /** The task is in a ptrace stop at two looks a tenth of a second apart, and was not on a CPU between them. */
  readonly stopped: boolean;
  /** The task's cgroup, in one of the hierarchies. */
  readonly cgroup: string;
  readonly tracer: NamedTask & {
    /** The thread that traces. */
    readonly tid: number;
    /** Field 22 of /proc/PID/stat of the tracer's process; -1 when that process is gone. */
    readonly startTicks: number;
  };
}

/** A journal in the state folder. */
export interface Journal {
  readonly folder: string;
  readonly file: string;
  /** Pid of the journal's guard, in the guard's own PID namespace, and whether exactly that process lives. */
  readonly guardPid: number;
  readonly guardAlive: boolean;
  readonly records: readonly { readonly record: JournalRecord; readonly writerAlive: boolean }[];
  /** Numbers of slots that were skipped. */
  readonly torn: number;
  readonly foreign: number;
}

export interface AuditFacts {
  readonly boot: string;
  /** Microseconds of CLOCK_MONOTONIC. */
  readonly now: number;
  readonly cgroups: number;
  readonly frozen: readonly FrozenCgroup[];
  readonly traced: readonly TracedTask[];
  readonly journals: readonly Journal[];
  /** Things that could not be looked at, one line for a person each. */
  readonly unseen: readonly string[];
}

/** The outcome for a freezer that was ours to open. */
export interface Thaw {
  readonly directory: string;
  readonly capture: string;
  /**
   * FrozenAbove: the cgroup's own freezer is open, and a freezer above it is not. Refused: the freezer was not ours to open after
   * all.
   */
  readonly outcome: 'Thawed' | 'FrozenAbove' | 'NotThawed' | 'Refused';
  readonly message: string;
}
