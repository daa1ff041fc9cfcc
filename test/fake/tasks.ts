/** Creates fake tasks. */
import { addCgroup } from './cgroups.js';
import type { Activity, FakeTask, HostState, Sticking } from './model.js';

/**
 * The properties of a task that a test states; the defaults are those of a sleeping task. A thread inherits the
 * properties of its process from its leader.
 */
export interface TaskSpec {
  readonly tid?: number;
  readonly ppid?: number;
  readonly comm?: string;
  readonly exe?: string;
  readonly kthread?: boolean;
  readonly pgid?: number;
  readonly sid?: number;
  readonly uid?: number;
  readonly gid?: number;
  /** The IDs in each PID namespace, outermost first. */
  readonly nsTgids?: readonly number[];
  readonly nsTids?: readonly number[];
  readonly namespaces?: Readonly<Record<string, number>>;
  readonly startTimeTicks?: number;
  readonly noNewPrivileges?: boolean;
  readonly seccomp?: 0 | 1 | 2;
  readonly parentReaps?: boolean;
  /** Cgroup paths. Missing cgroups are created. */
  readonly v1?: string;
  readonly v2?: string;
  readonly activity?: Activity;
  readonly waitChannel?: string;
  /** The task is in a job-control stop by this signal. */
  readonly stopSignal?: number;
  readonly freezeMicroseconds?: number;
  readonly sticking?: Partial<Sticking>;
}

export interface ProcessSpec extends TaskSpec {
  /** Threads besides the leader. */
  readonly threads?: number | readonly TaskSpec[];
}

const NAMESPACES: Readonly<Record<string, number>> = {
  cgroup: 4026531835,
  ipc: 4026531839,
  mnt: 4026531841,
  net: 4026531840,
  pid: 4026531836,
  pid_for_children: 4026531836,
  time: 4026531834,
  user: 4026531837,
  uts: 4026531838,
};

const WAIT_CHANNELS: Readonly<Record<Activity, string>> = {
  running: '0',
  sleeping: 'hrtimer_nanosleep',
  uninterruptible: 'folio_wait_bit_common',
  inKernel: '0',
  exiting: '0',
  coreDumping: '0',
  vforkParent: 'kernel_clone',
  execing: 'begin_new_exec',
};

/** Creates a task and puts it into its cgroups. Without `leader`, the task is a leader itself. */
export function makeTask(state: HostState, tid: number, spec: TaskSpec, leader: FakeTask | undefined): FakeTask {
  const now = state.clock.now();
  const activity = spec.activity ?? 'sleeping';
  const task: FakeTask = {
    tid,
    tgid: leader?.tgid ?? tid,
    ppid: spec.ppid ?? leader?.ppid ?? 1,
    comm: spec.comm ?? leader?.comm ?? 'task',
    exe: spec.exe ?? leader?.exe ?? '/bin/task',
    kthread: spec.kthread ?? false,
    pgid: spec.pgid ?? leader?.pgid ?? tid,
    sid: spec.sid ?? leader?.sid ?? tid,
    uid: spec.uid ?? leader?.uid ?? 0,
    gid: spec.gid ?? leader?.gid ?? 0,
    nsTgids: spec.nsTgids ?? leader?.nsTgids,
    nsTids: spec.nsTids,
    namespaces: spec.namespaces ?? leader?.namespaces ?? NAMESPACES,
    startTimeTicks: spec.startTimeTicks ?? Math.floor(now / 10_000),
    noNewPrivileges: spec.noNewPrivileges ?? leader?.noNewPrivileges ?? false,
    seccomp: spec.seccomp ?? leader?.seccomp ?? 0,
    parentReaps: spec.parentReaps ?? true,
    activity,
    runnableSince: 0,
    waitChannel: spec.waitChannel ?? WAIT_CHANNELS[activity],
    stopSignal: spec.stopSignal ?? leader?.stopSignal,
    restopsAt: 0,
    dead: undefined,
    killPending: false,
    pendingSignals: [],
    delivered: [],
    lost: [],
    trace: undefined,
    v1: addCgroup(state, 'v1', spec.v1 ?? leader?.v1.path ?? '/'),
    v2: addCgroup(state, 'v2', spec.v2 ?? leader?.v2.path ?? '/'),
    joined: { v1: now, v2: now },
    freezeMicroseconds: spec.freezeMicroseconds ?? 0,
    sticking: { rewrites: spec.sticking?.rewrites ?? 0, refreezes: spec.sticking?.refreezes ?? 0 },
    unstuckAt: 0,
  };
  task.v1.tasks.add(task);
  task.v2.tasks.add(task);
  return task;
}
