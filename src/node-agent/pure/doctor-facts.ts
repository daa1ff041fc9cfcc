/** What `stasis doctor` finds on a node before anything is made of it. Types alone. */
import type { JournalRecord } from './guard-journal.js';

/** A process or a thread, by name. */
export interface NamedTask {
  /** In the PID namespace of procfs. */
  readonly pid: number;
  readonly comm: string;
}

/** A cgroup whose freezer is closed, or that is frozen by one above it, at two looks a tenth of a second apart. */
export interface FrozenCgroup {
  readonly version: 'v1' | 'v2';
  readonly directory: string;
  /** As stat(2) tells them: by these a record of the journal is matched, because its path is the guard's view. */
  readonly inode: bigint;
  readonly device: bigint;
  /** False: it was asked for, and not all of its tasks are frozen. */
  readonly complete: boolean;
  /** Its own freezer is closed. */
  readonly self: boolean;
  /** Nearest cgroup above it whose own freezer is closed, where it is to be seen. */
  readonly above?: string;
  /** Of all freezes of its life (cgroup.stat.local), where the kernel counts it. */
  readonly frozenMicroseconds?: number;
  /** In it and below it. */
  readonly tasks: number;
  /** Some of them are of a PID namespace that is not to be seen into. */
  readonly unseenTasks: boolean;
  /** The first few. */
  readonly processes: readonly NamedTask[];
}

export interface TracedTask {
  readonly tid: number;
  readonly pid: number;
  readonly comm: string;
  /** In a ptrace stop at two looks a tenth of a second apart, and not on a CPU between them. */
  readonly stopped: boolean;
  /** Its cgroup, in one of the hierarchies. */
  readonly cgroup: string;
  readonly tracer: NamedTask & {
    /** The thread that traces. */
    readonly tid: number;
    /** Field 22 of /proc/PID/stat of its process; -1 when it is gone. */
    readonly startTicks: number;
  };
}

/** A journal in the state folder. */
export interface Journal {
  readonly folder: string;
  readonly file: string;
  /** Pid of its guard, in the guard's own PID namespace, and whether that very process lives. */
  readonly guardPid: number;
  readonly guardAlive: boolean;
  readonly records: readonly { readonly record: JournalRecord; readonly writerAlive: boolean }[];
  /** Slots that were passed over. */
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
  /** What could not be looked at, a line for a person each. */
  readonly unseen: readonly string[];
}

/** What became of a freezer that was ours to open. */
export interface Thaw {
  readonly directory: string;
  readonly capture: string;
  /** FrozenAbove: its own freezer is open, and one above it is not. Refused: it was not ours to open after all. */
  readonly outcome: 'Thawed' | 'FrozenAbove' | 'NotThawed' | 'Refused';
  readonly message: string;
}
