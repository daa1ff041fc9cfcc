/** What a fake host is made of: plain data, changed only by the other files of this directory and by scripts. */
import type { VirtualClock } from './clock.js';

export type CgroupVersion = 'v1' | 'v2';

/** What a task does as far as stopping and freezing care. */
export type Activity =
  | 'running'
  | 'sleeping'
  /** State D: neither freezes, nor stops, nor dies before it is woken. */
  | 'uninterruptible'
  /** State R, and does not come out of the kernel: uses CPU, and neither freezes, nor stops, nor dies. */
  | 'inKernel'
  /** It exits, which takes its time (PF_EXITING): state R, and neither freezes nor stops. */
  | 'exiting'
  /** Its process writes a core file, by this very task: state R, and neither freezes nor stops. */
  | 'coreDumping'
  /** Waits for its vfork child: freezes, dies, and comes to no ptrace stop before it is woken. */
  | 'vforkParent'
  /** Inside execve, waiting until its traced siblings are reaped (de_thread() of fs/exec.c). */
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

/** Why a task keeps a v1 freezer in FREEZING (field notes: two reasons, two cures). Counts down to 0, then it freezes. */
export interface Sticking {
  /** FROZEN must be written so many times again (a vfork parent). */
  rewrites: number;
  /** The cgroup must be thawed and frozen so many times anew (an exec of a process with threads). */
  refreezes: number;
}

export interface FakeTask {
  /** Changes when a thread that is not the leader execs. */
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
  /** Whether the real parent waits for its children; else a dead leader stays a zombie. */
  readonly parentReaps: boolean;
  activity: Activity;
  /** Since when it is neither uninterruptible nor a vfork parent nor execing. */
  runnableSince: number;
  waitChannel: string;
  /** Signal of the job-control stop that it is in. */
  stopSignal: number | undefined;
  /** After a detach a job-control stop shows as R for a moment before it is T again: until when. */
  restopsAt: number;
  /** si_code and si_status of SIGCHLD, once it is dead. */
  dead: { readonly code: number; readonly status: number } | undefined;
  killPending: boolean;
  pendingSignals: number[];
  /** Signals that reached the program, in their order. */
  readonly delivered: number[];
  /** Signals that a wrong detach threw away. */
  readonly lost: number[];
  trace: Trace | undefined;
  v1: FakeCgroup;
  v2: FakeCgroup;
  /** When it entered its cgroup of each hierarchy. */
  joined: { v1: number; v2: number };
  /** Microseconds that it needs to freeze, beyond what its cgroup needs. */
  freezeMicroseconds: number;
  sticking: Sticking;
  unstuckAt: number;
}

export interface FakeCgroup {
  readonly version: CgroupVersion;
  /** Below the mount point; `/` for the root. */
  readonly path: string;
  readonly parent: FakeCgroup | undefined;
  readonly children: Map<string, FakeCgroup>;
  readonly tasks: Set<FakeTask>;
  removed: boolean;
  threaded: boolean;
  selfFreezing: boolean;
  /** Who asked for the freeze that lasts. */
  frozenBy: 'agent' | 'other' | undefined;
  /** The agent undid a freeze that somebody else had asked for. */
  thawedForeign: boolean;
  /** Since when it or an ancestor is asked to be frozen. */
  freezingSince: number | undefined;
  thawedAt: number;
  /** How long its tasks take to freeze. */
  freezeMicroseconds: number;
  neverFreezes: boolean;
  events: { text: string; sequence: number; notifiedAt: number; dueAt: number | undefined };
}

/** Bounds and costs of the simulation, in microseconds where they are times. */
export interface HostOptions {
  readonly freezerMount: string;
  readonly unifiedMount: string;
  /** What a call costs. */
  readonly callMicroseconds: number;
  /** From the moment at which a task can stop until it has. */
  readonly stopMicroseconds: number;
  /** Default of {@link FakeCgroup.freezeMicroseconds}. */
  readonly freezeMicroseconds: number;
  /** A job-control stop shows as R so long after a detach. */
  readonly restopMicroseconds: number;
  /** CGROUP_FILE_NOTIFY_MIN_INTV: at most one notification of a file in this time. */
  readonly notifyMicroseconds: number;
  readonly agentPid: number;
  /** TracerPid of our tracees: ptrace belongs to a thread, and this is not the agent's main one. */
  readonly tracingTid: number;
  /** Seconds since the epoch. */
  readonly bootTime: number;
}

/** The state that every part of the fake shares. */
export interface HostState {
  readonly options: HostOptions;
  readonly clock: VirtualClock;
  readonly tasks: Map<number, FakeTask>;
  readonly roots: Readonly<Record<CgroupVersion, FakeCgroup>>;
  /** Files beyond those that are simulated, by path. */
  readonly files: Map<string, string>;
  tracingTid: number;
  /** Something changed that cgroup.events may tell. */
  dirty: boolean;
  /** When the next look at cgroup.events is due. */
  refreshAt: number;
}

/** Every other task of its thread group that still has an entry in /proc, zombies included. */
export function siblings(state: HostState, task: FakeTask): FakeTask[] {
  return groupOf(state, task.tgid).filter((other) => other !== task);
}

export function groupOf(state: HostState, tgid: number): FakeTask[] {
  return [...state.tasks.values()].filter((task) => task.tgid === tgid);
}
