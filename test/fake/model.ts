/** The parts of a fake host: plain data that only the other files of this folder and scripts change. */
import type { VirtualClock } from './clock.js';

export type CgroupVersion = 'v1' | 'v2';

/** The activity of a task, as far as it matters to stopping and freezing. */
export type Activity =
  | 'running'
  | 'sleeping'
  /** State D: the task neither freezes nor stops nor dies before it is woken. */
  | 'uninterruptible'
  /** State R inside the kernel: the task uses CPU time, and neither freezes nor stops nor dies. */
  | 'inKernel'
  /** The task exits, which takes some time (PF_EXITING): state R, and the task neither freezes nor stops. */
  | 'exiting'
  /** The task writes its process's core file: state R, and the task neither freezes nor stops. */
  | 'coreDumping'
  /** The task waits for its vfork child. It can freeze and die, but reaches no ptrace stop before it is woken. */
  | 'vforkParent'
  /** The task is inside execve and waits until its traced siblings are reaped (de_thread() of fs/exec.c). */
  | 'execing';

/** A ptrace stop: event 0 is a signal-delivery-stop. */
export interface StopInfo {
  readonly event: number;
  readonly signal: number;
  readonly message: number;
}

export interface Trace {
  readonly tracerTid: number;
  /** Whether the tracer is the tracing thread of the agent. */
  readonly ours: boolean;
  readonly options: number;
  /** When a PTRACE_INTERRUPT became pending. */
  interruptedAt: number | undefined;
  stop: StopInfo | undefined;
}

/**
 * Why a task keeps a v1 freezer in FREEZING. Two causes with two cures were observed. The task freezes once both counts
 * are 0.
 */
export interface Sticking {
  /** How many times FROZEN must be written again (a vfork parent). */
  rewrites: number;
  /** How many times the cgroup must be thawed and frozen again (an exec of a process with threads). */
  refreezes: number;
}

export interface FakeTask {
  /** Changes when a thread other than the leader execs. */
  tid: number;
  readonly tgid: number;
  ppid: number;
  comm: string;
  exe: string;
  readonly kthread: boolean;
  readonly pgid: number;
  readonly sid: number;
  readonly uid: number;
  readonly gid: number;
  readonly nsTgids: readonly number[] | undefined;
  readonly nsTids: readonly number[] | undefined;
  readonly namespaces: Readonly<Record<string, number>>;
  readonly startTimeTicks: number;
  readonly noNewPrivileges: boolean;
  readonly seccomp: 0 | 1 | 2;
  /** Whether the real parent waits for its children. If not, a dead leader stays a zombie. */
  readonly parentReaps: boolean;
  activity: Activity;
  /** Since when the task has been neither uninterruptible nor a vfork parent nor execing. */
  runnableSince: number;
  waitChannel: string;
  /** The signal of the task's job-control stop. */
  stopSignal: number | undefined;
  /**
   * After a detach, a task in a job-control stop is shown as R for a moment before it is T again. The end of that
   * moment.
   */
  restopsAt: number;
  /** si_code and si_status of SIGCHLD, once the task is dead. */
  dead: { readonly code: number; readonly status: number } | undefined;
  killPending: boolean;
  pendingSignals: number[];
  /** Signals that reached the program, in order. */
  readonly delivered: number[];
  /** Signals that a wrong detach threw away. */
  readonly lost: number[];
  trace: Trace | undefined;
  v1: FakeCgroup;
  v2: FakeCgroup;
  /** When the task entered its cgroup of each hierarchy. */
  joined: { v1: number; v2: number };
  /** Microseconds that the task needs to freeze, in addition to its cgroup's time. */
  freezeMicroseconds: number;
  sticking: Sticking;
  unstuckAt: number;
}

export interface FakeCgroup {
  readonly version: CgroupVersion;
  /** The path below the mount point; `/` for the root. */
  readonly path: string;
  readonly parent: FakeCgroup | undefined;
  readonly children: Map<string, FakeCgroup>;
  readonly tasks: Set<FakeTask>;
  removed: boolean;
  threaded: boolean;
  selfFreezing: boolean;
  /** Who requested the current freeze. */
  frozenBy: 'agent' | 'other' | undefined;
  /** The agent undid a freeze that somebody else had requested. */
  thawedForeign: boolean;
  /** Since when this cgroup or an ancestor has been asked to freeze. */
  freezingSince: number | undefined;
  thawedAt: number;
  /** How long the tasks of this cgroup take to freeze. */
  freezeMicroseconds: number;
  neverFreezes: boolean;
  events: { text: string; sequence: number; notifiedAt: number; dueAt: number | undefined };
}

/** The parameters of the simulation. Times are in microseconds. */
export interface HostOptions {
  readonly freezerMount: string;
  readonly unifiedMount: string;
  /** The cost of a call. */
  readonly callMicroseconds: number;
  /** How long a task takes to stop from the moment at which it can. */
  readonly stopMicroseconds: number;
  /** The default of {@link FakeCgroup.freezeMicroseconds}. */
  readonly freezeMicroseconds: number;
  /** How long a job-control stop is shown as R after a detach. */
  readonly restopMicroseconds: number;
  /** CGROUP_FILE_NOTIFY_MIN_INTV: the least time between two notifications of a file. */
  readonly notifyMicroseconds: number;
  readonly agentPid: number;
  /**
   * The TracerPid of the agent's tracees. ptrace belongs to a thread, and the tracing thread is not the main thread.
   */
  readonly tracingTid: number;
  /** Seconds since the epoch. */
  readonly bootTime: number;
}

/** The state that all parts of the fake share. */
export interface HostState {
  readonly options: HostOptions;
  readonly clock: VirtualClock;
  readonly tasks: Map<number, FakeTask>;
  readonly roots: Readonly<Record<CgroupVersion, FakeCgroup>>;
  /** Files besides the simulated ones, by path. */
  readonly files: Map<string, string>;
  tracingTid: number;
  /** Something changed that cgroup.events may report. */
  dirty: boolean;
  /** When the next look at cgroup.events is due. */
  refreshAt: number;
}

/** All other tasks of the thread group that still have an entry in /proc, zombies included. */
export function siblings(state: HostState, task: FakeTask): FakeTask[] {
  return groupOf(state, task.tgid).filter((other) => other !== task);
}

export function groupOf(state: HostState, tgid: number): FakeTask[] {
  return [...state.tasks.values()].filter((task) => task.tgid === tgid);
}
