/**
 * `PodCapture`, group `stasis.dev/v1alpha1`: what the node half reports. The CLI prints exactly this object, and
 * the custom resource has the same fields. Types only.
 */
import type { Reason } from './reasons.js';

export const API_VERSION = 'stasis.dev/v1alpha1';
export const KIND = 'PodCapture';

/** The phases of a capture, in the order in which a cgroup v1 goes through them (v2 stops before it thaws). */
export const PHASES = ['resolve', 'cgroupFreeze', 'seize', 'cgroupThaw', 'stop', 'collect', 'hold', 'release'] as const;
export type Phase = (typeof PHASES)[number];

/**
 * How long each phase took, in whole microseconds of CLOCK_MONOTONIC. A phase that the capture did not go through is 0.
 */
export interface Timings {
  /** Finding the cgroups, reading the state they are in, and looking who is in them. The pod runs. */
  readonly resolveMicroseconds: number;
  /** First freezer write until every cgroup is frozen in fact (`freezer.state` FROZEN, `cgroup.events` frozen 1). */
  readonly cgroupFreezeMicroseconds: number;
  /** PTRACE_SEIZE of every thread, the second listing, and PTRACE_INTERRUPT. */
  readonly seizeMicroseconds: number;
  /** Opening the freezers, and verifying it. */
  readonly cgroupThawMicroseconds: number;
  /** Waiting until each task sits in its ptrace stop. */
  readonly stopMicroseconds: number;
  /** Reading /proc of every task. */
  readonly collectMicroseconds: number;
  /** The hold that was asked for. */
  readonly holdMicroseconds: number;
  /** Detaching every task. */
  readonly releaseMicroseconds: number;
  /** First freezer write (without freezer: first PTRACE_INTERRUPT) until the tree is collected; CRIU's freezing_time. */
  readonly freezingMicroseconds: number;
  /** First freezer write (without freezer: first PTRACE_INTERRUPT) until the last detach: what the workload feels. */
  readonly pauseMicroseconds: number;
}

/** As metav1.Condition. */
export interface Condition {
  readonly type: 'Succeeded' | 'Thawed';
  readonly status: 'True' | 'False' | 'Unknown';
  /** A member of the closed list; `Thawed` uses `FreezersRestored` and `FreezerNotRestored`. */
  readonly reason: Reason | 'FreezersRestored' | 'FreezerNotRestored';
  readonly message: string;
  /** RFC 3339. */
  readonly lastTransitionTime: string;
}

/** Why a task could not be brought to a stop, or would not freeze. */
export type UnfrozenCause =
  /** Uninterruptible wait in the kernel (state D): a hung disk, NFS or FUSE server. */
  | 'Uninterruptible'
  /** A kernel thread: neither freezes on cgroup v2 nor can be traced. */
  | 'KernelThread'
  /** A vfork parent: the kernel holds it until its child execs or exits. It runs no instruction meanwhile. */
  | 'VforkParent'
  /** A task that exits, or that the kernel holds until its siblings are gone (a leader, an execve). It runs no program any more. */
  | 'Exiting'
  /** Its process writes a core file. Nothing disturbs it: the file comes out whole. */
  | 'CoreDump'
  /** It runs, and does not come out of the kernel: a page fault that nobody answers, one system call that works for seconds. */
  | 'InKernel'
  /** Somebody else traces it; only a task that joined during a hold is passed over so, else the capture fails. */
  | 'Traced'
  /** None of these was seen; the task was simply not still in time. */
  | 'Unknown';

/** A task that would not freeze or stop. */
export interface UnfrozenTask {
  readonly tid: number;
  readonly comm: string;
  /** The letter of /proc/TID/status `State:`. */
  readonly state: string;
  /** The kernel function it sleeps in (/proc/TID/wchan); empty where the kernel does not tell. */
  readonly waitChannel: string;
  readonly cause: UnfrozenCause;
  /** The functions on its kernel stack, the innermost first (/proc/TID/stack): at most 16, of at most 32 tasks. */
  readonly stack?: readonly string[];
}

/** One captured cgroup: with `--cgroup` that directory, in a pod one a container. */
export interface ContainerCapture {
  /** Its name in the pod, where it is known. */
  readonly name?: string;
  /** Container ID where the cgroup's name carries one. */
  readonly containerID?: string;
  /** Path below the mount point of its hierarchy, starting with `/`. */
  readonly cgroupPath: string;
  /** Which hierarchy the path is in. */
  readonly cgroupVersion: 'v1' | 'v2';
  /** How it was held: by its freezer until seized, or interrupted task by task. */
  readonly freezer: 'v1' | 'v2' | 'none';
  /** Somebody else had frozen it before; it was left so, and never thawed in between. */
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
  /** Stop signals that are pending for this thread alone. */
  readonly pendingStopSignals?: readonly string[];
  /** Name or credentials changed between the look before the pause and the one after it: those after it are given. */
  readonly unsettled?: true;
}

export type SeccompMode = 'Disabled' | 'Strict' | 'Filter';

/** Real, effective, saved and filesystem id, as the reader's user namespace sees them. */
export interface IdSet {
  readonly real: number;
  readonly effective: number;
  readonly saved: number;
  readonly filesystem: number;
}

/** The five capability sets, each 16 hexadecimal digits as in /proc/PID/status (capabilities(7)). */
export interface CapabilitySets {
  readonly inheritable: string;
  readonly permitted: string;
  readonly effective: string;
  readonly bounding: string;
  readonly ambient: string;
}

/** A process: a row of the flat tree. Parents come before their children; roots are those whose parent is not captured. */
export interface ProcessRow {
  readonly pid: number;
  readonly ppid: number;
  readonly pgid: number;
  readonly sid: number;
  readonly comm: string;
  /** Target of /proc/PID/exe, never followed; absent for zombies and kernel threads. */
  readonly exe?: string;
  readonly state: TaskState;
  /** With state Stopped: the signal of the job-control stop, such as SIGSTOP or SIGTTIN, where it is known. */
  readonly stopSignal?: string;
  /** Stop signals that are pending for the process: they stop it when it runs again. */
  readonly pendingStopSignals?: readonly string[];
  /** Its status file takes milliseconds to read, so that it was read before and after the pause, and changed in between. */
  readonly unsettled?: true;
  /** The thread-group leader has exited and other threads live on. */
  readonly leaderDead?: true;
  /** RFC 3339, from the boot time and {@link startTimeTicks}. */
  readonly startTime: string;
  /** Clock ticks since boot (field 22 of /proc/PID/stat): with the pid it identifies a process. */
  readonly startTimeTicks: number;
  readonly uids: IdSet;
  readonly gids: IdSet;
  /** The same ids as the process's own user namespace sees them; absent where that is the node's. 65534: an id without a mapping. */
  readonly containerUids?: IdSet;
  readonly containerGids?: IdSet;
  readonly capabilities: CapabilitySets;
  readonly noNewPrivileges: boolean;
  readonly seccomp: SeccompMode;
  /** The pid in each pid namespace, outermost first. */
  readonly nsPids: readonly number[];
  /** Inode numbers of the namespaces by name (mnt, net, pid, …); empty where the kernel no longer has them. */
  readonly namespaces: Readonly<Record<string, number>>;
  /** The cgroup that holds the leader, below the mount point of the captured hierarchy. */
  readonly cgroup: string;
  /** Sorted by tid, the leader first. */
  readonly threads: readonly ThreadRow[];
  /** Only when asked for, and only where it could be read before its deadline. */
  readonly cmdline?: readonly string[];
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
  /** `Succeeded` with its reason, and `Thawed`. */
  readonly conditions: readonly Condition[];
  /** Processes captured, zombies included. */
  readonly processes: number;
  /** Threads captured, leaders included, zombies excluded. */
  readonly threads: number;
  /** Processes in a job-control stop. */
  readonly stopped: number;
  readonly zombies: number;
  /** Tasks that joined the cgroup while it was held, and were caught. */
  readonly joined: number;
  /** From the first cgroup frozen to the last one; absent where no freezer was closed. */
  readonly freezeSkewMicroseconds?: number;
  readonly containers: readonly ContainerCapture[];
  readonly timings: Timings;
  /** By how much the pause exceeded its budget because a single kernel call could not be cut short. */
  readonly overrunMicroseconds?: number;
  /** Flat rows; parents first. */
  readonly tree: readonly ProcessRow[];
  readonly unfrozen: readonly UnfrozenTask[];
  /** With --repeat: the timings of each run. */
  readonly samples?: readonly Timings[];
  /** With --repeat: each timing's distribution. */
  readonly summary?: Readonly<Record<keyof Timings, Distribution>>;
}

export interface PodCapture {
  readonly apiVersion: typeof API_VERSION;
  readonly kind: typeof KIND;
  readonly metadata: { readonly name: string };
  readonly status: PodCaptureStatus;
}
