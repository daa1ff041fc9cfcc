/**
 * `PodCapture`, group `stasis.dev/v1alpha1`: the report of the node half. `stasis checkpoint` prints exactly this
 * object. The custom resource has no `samples`, `summary` and `cmdline`; its status also has `claimedBy`, `truncated`
 * and `artifact`, its metadata is complete, and it has a spec. Types only.
 */
import type { Reason } from './reasons.js';

export const API_VERSION = 'stasis.dev/v1alpha1';
export const KIND = 'PodCapture';

/** The phases of a capture, in their order on cgroup v1. On v2 the stop phase comes before the thaw. */
export const PHASES = ['resolve', 'cgroupFreeze', 'seize', 'cgroupThaw', 'stop', 'collect', 'hold', 'release'] as const;
export type Phase = (typeof PHASES)[number];

/** How long each phase took, in whole microseconds of CLOCK_MONOTONIC. A phase that was not executed is 0. */
export interface Timings {
  /** Finding the cgroups, reading the state of their freezers, and listing their processes. The pod runs. */
  readonly resolveMicroseconds: number;
  /**
   * From the first freezer write until the kernel reports every cgroup as frozen (`freezer.state` FROZEN,
   * `cgroup.events` frozen 1).
   */
  readonly cgroupFreezeMicroseconds: number;
  /** PTRACE_SEIZE of every thread, the listing again until it shows no new thread, and PTRACE_INTERRUPT. */
  readonly seizeMicroseconds: number;
  /** Opening the freezers, and reading back that they are open. */
  readonly cgroupThawMicroseconds: number;
  /** Waiting until each task sits in its ptrace stop. */
  readonly stopMicroseconds: number;
  /** Reading /proc for every task. */
  readonly collectMicroseconds: number;
  /** The hold that the request asked for. */
  readonly holdMicroseconds: number;
  /** Detaching every task. */
  readonly releaseMicroseconds: number;
  /**
   * From the first freezer write (without freezer: the first PTRACE_INTERRUPT) until the tree is collected. CRIU calls
   * this freezing_time.
   */
  readonly freezingMicroseconds: number;
  /**
   * From the first freezer write (without freezer: the first PTRACE_INTERRUPT) until the last detach: the pause that
   * the workload sees.
   */
  readonly pauseMicroseconds: number;
}

/** The fields of metav1.Condition. */
export interface Condition {
  readonly type: 'Succeeded' | 'Thawed';
  readonly status: 'True' | 'False' | 'Unknown';
  /** A member of the closed list. The condition `Thawed` uses `FreezersRestored` and `FreezerNotRestored`. */
  readonly reason: Reason | 'FreezersRestored' | 'FreezerNotRestored';
  readonly message: string;
  /** RFC 3339. */
  readonly lastTransitionTime: string;
}

/** Why a task did not freeze or could not be stopped. */
export type UnfrozenCause =
  /**
   * The task waits uninterruptibly in the kernel (state D), for instance for a hung disk, NFS server or FUSE server.
   */
  | 'Uninterruptible'
  /** The task is a kernel thread, which does not freeze on cgroup v2 and cannot be traced. */
  | 'KernelThread'
  /**
   * The task is a vfork parent: the kernel suspends it until its child execs or exits, and it executes nothing
   * meanwhile.
   */
  | 'VforkParent'
  /**
   * The task exits, or the kernel holds it until its sibling threads are gone: a thread group leader that exits, or a
   * thread that execs. The task executes nothing more of the old program.
   */
  | 'Exiting'
  /** The task's process writes a core file. The capture neither freezes nor interrupts it, so the file is complete. */
  | 'CoreDump'
  /**
   * The task runs inside the kernel and does not return to user space, for instance in a page fault that nobody answers,
   * or in one system call that works for seconds.
   */
  | 'InKernel'
  /**
   * Another process traces the task. Only a task that joined during a hold is listed for this; otherwise the capture
   * fails.
   */
  | 'Traced'
  /** No known cause was seen: the task had not stopped in time. */
  | 'Unknown';

/** A task that did not freeze or stop. */
export interface UnfrozenTask {
  readonly tid: number;
  readonly comm: string;
  /** The state letter in /proc/TID/status (`State:`). */
  readonly state: string;
  /** The kernel function in which the task sleeps (/proc/TID/wchan). Empty where the kernel does not say. */
  readonly waitChannel: string;
  readonly cause: UnfrozenCause;
  /**
   * The functions on the task's kernel stack, innermost first (/proc/TID/stack): at most 16 functions per task, for at
   * most 32 tasks per capture.
   */
  readonly stack?: readonly string[];
}

/** One captured cgroup. With `--cgroup` it is that directory; in a pod there is one per container. */
export interface ContainerCapture {
  /** The container's name in the pod, where known. */
  readonly name?: string;
  /** The container ID, where the cgroup's name contains one. */
  readonly containerID?: string;
  /** The path below the mount point of the hierarchy; it starts with `/`. */
  readonly cgroupPath: string;
  /** The hierarchy of `cgroupPath`. */
  readonly cgroupVersion: 'v1' | 'v2';
  /**
   * How the tasks were held until they were seized: by the freezer of v1 or v2, or by interrupting them one at a time
   * (`none`).
   */
  readonly freezer: 'v1' | 'v2' | 'none';
  /** Somebody else had frozen the cgroup before the capture. It stayed frozen all the time. */
  readonly wasFrozen: boolean;
  readonly processes: number;
  readonly threads: number;
}

export type TaskState = 'Alive' | 'Stopped' | 'Zombie';

/** A thread. Credentials and seccomp mode are given only where they differ from those of the leader. */
export interface ThreadRow {
  readonly tid: number;
  readonly comm: string;
  readonly state: TaskState;
  readonly uids?: IdSet;
  readonly gids?: IdSet;
  readonly capabilities?: CapabilitySets;
  readonly noNewPrivileges?: boolean;
  readonly seccomp?: SeccompMode;
  /** Stop signals that are pending for this thread and not for the whole process. */
  readonly pendingStopSignals?: readonly string[];
  /** The name or the credentials changed between the reads before and after the pause. This row has the later values. */
  readonly unsettled?: true;
}

export type SeccompMode = 'Disabled' | 'Strict' | 'Filter';

/** Real, effective, saved and filesystem ID, as the user namespace of the reader shows them. */
export interface IdSet {
  readonly real: number;
  readonly effective: number;
  readonly saved: number;
  readonly filesystem: number;
}

/** The five capability sets. Each is 16 hexadecimal digits, as in /proc/PID/status (capabilities(7)). */
export interface CapabilitySets {
  readonly inheritable: string;
  readonly permitted: string;
  readonly effective: string;
  readonly bounding: string;
  readonly ambient: string;
}

/**
 * One process: one row of the flat tree. Parents precede their children. A root is a process whose parent was not
 * captured.
 */
export interface ProcessRow {
  readonly pid: number;
  readonly ppid: number;
  readonly pgid: number;
  readonly sid: number;
  readonly comm: string;
  /** The target of the link /proc/PID/exe, which is read but not followed. Absent for zombies and kernel threads. */
  readonly exe?: string;
  readonly state: TaskState;
  /** In state `Stopped`: the signal of the job-control stop, such as SIGSTOP or SIGTTIN, where known. */
  readonly stopSignal?: string;
  /** Stop signals that are pending for the process. They stop the process when it runs again. */
  readonly pendingStopSignals?: readonly string[];
  /**
   * The status file of the thread group leader takes milliseconds to read. It was therefore read before and after the
   * pause, and its content changed in between; this row has the later content.
   */
  readonly unsettled?: true;
  /** The thread group leader has exited, and other threads of the process live on. */
  readonly leaderDead?: true;
  /** RFC 3339, computed from the boot time and {@link startTimeTicks}. */
  readonly startTime: string;
  /** Clock ticks since boot (field 22 of /proc/PID/stat). Together with the PID they identify a process. */
  readonly startTimeTicks: number;
  readonly uids: IdSet;
  readonly gids: IdSet;
  /**
   * The same IDs as the process's own user namespace shows them; 65534 stands for an ID without a mapping. Absent where
   * the process is in the user namespace of the node.
   */
  readonly containerUids?: IdSet;
  readonly containerGids?: IdSet;
  readonly capabilities: CapabilitySets;
  readonly noNewPrivileges: boolean;
  readonly seccomp: SeccompMode;
  /** The process's PID in each PID namespace, outermost namespace first. */
  readonly nsPids: readonly number[];
  /**
   * Inode number of each namespace, by name (mnt, net, pid, …). A namespace that the kernel no longer reports, or that
   * changed during the capture, is missing.
   */
  readonly namespaces: Readonly<Record<string, number>>;
  /** The cgroup of the thread group leader, below the mount point of the captured hierarchy. */
  readonly cgroup: string;
  /** Sorted by tid, the leader first. */
  readonly threads: readonly ThreadRow[];
  /** The arguments, where they were requested and could be read. Bytes that are not UTF-8 appear in them as U+FFFD. */
  readonly cmdline?: readonly string[];
  /** Present where `cmdline` is only the beginning of the command line. */
  readonly cmdlineCut?: { readonly keptBytes: number; readonly lengthBytes: number };
  /** Present where some bytes are not UTF-8: the same bytes as in `cmdline`, each argument ended by a NUL byte. */
  readonly cmdlineBase64?: string;
  /** Present where the command line was requested and is missing: the reason. */
  readonly cmdlineUnread?: CmdlineUnread;
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

export interface PodCaptureStatus {
  /** RFC 3339. */
  readonly startTime: string;
  readonly completionTime: string;
  /** `Succeeded` with the reason of the end, and `Thawed`. */
  readonly conditions: readonly Condition[];
  /** Number of captured processes, zombies included. */
  readonly processes: number;
  /** Number of captured threads, thread group leaders included, zombies excluded. */
  readonly threads: number;
  /** Number of processes in a job-control stop. */
  readonly stopped: number;
  readonly zombies: number;
  /** Number of tasks that joined the cgroup during the hold and were seized. */
  readonly joined: number;
  /**
   * Time between the moments at which the first and the last cgroup were frozen. Absent where no freezer was closed.
   */
  readonly freezeSkewMicroseconds?: number;
  readonly containers: readonly ContainerCapture[];
  readonly timings: Timings;
  /** By how much the pause exceeded its budget because one kernel call could not be interrupted. */
  readonly overrunMicroseconds?: number;
  /** One row per process, without nesting; parents precede their children. */
  readonly tree: readonly ProcessRow[];
  /** Present only where command lines were requested. */
  readonly cmdlines?: CmdlineCounts;
  readonly unfrozen: readonly UnfrozenTask[];
  /** With --repeat: the timings of each run. */
  readonly samples?: readonly Timings[];
  /** With --repeat: the distribution of each timing over the runs. */
  readonly summary?: Readonly<Record<keyof Timings, Distribution>>;
}

export interface PodCapture {
  readonly apiVersion: typeof API_VERSION;
  readonly kind: typeof KIND;
  readonly metadata: { readonly name: string };
  readonly status: PodCaptureStatus;
}
