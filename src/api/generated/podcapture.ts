// Generated from deploy/crds/podcaptures.yaml by npm run generate.
import type { ObjectMeta } from '../object-meta.js';

/**
 * A PodCapture is one capture of one pod by the agent of one node. The controller makes it for a Checkpoint, which owns it; nobody else may.
 */
export interface PodCapture {
  apiVersion: 'stasis.dev/v1alpha1';
  kind: 'PodCapture';
  metadata: ObjectMeta;
  spec: PodCaptureSpec;
  status?: PodCaptureStatus;
}
/**
 * What to capture, settled. Fixed once created, except that hold.releaseReason may be set once.
 */
export interface PodCaptureSpec {
  /**
   * The node whose agent carries it out. A selectable field.
   */
  nodeName: string;
  /**
   * Name of the pod, in the same namespace. A selectable field.
   */
  podName: string;
  /**
   * UID of the pod; its cgroups are found by it. A selectable field.
   */
  podUID: string;
  /**
   * The containers to hold.
   *
   * @minItems 1
   * @maxItems 64
   */
  containers: CaptureContainer[];
  /**
   * As on the Checkpoint.
   */
  freezer: 'Auto' | 'None';
  /**
   * As on the Checkpoint.
   */
  timeoutSeconds: number;
  hold?: CaptureHold;
  /**
   * As on the Checkpoint.
   */
  maxPauseMilliseconds?: number;
  /**
   * As on the Checkpoint.
   */
  dryRun: boolean;
  /**
   * As on the Checkpoint.
   *
   * @minItems 1
   * @maxItems 1
   */
  include?: 'Cmdline'[];
}
/**
 * A running container.
 */
export interface CaptureContainer {
  /**
   * Its name in the pod.
   */
  name: string;
  /**
   * Its ID in the runtime, without the runtime's name. Its cgroup is found by it.
   */
  containerID: string;
}
/**
 * The hold, as on the Checkpoint.
 */
export interface CaptureHold {
  /**
   * How many seconds the pod is held at most.
   */
  seconds: number;
  /**
   * Set by the controller: the agent lets the pod go at once, and reports this as the reason of Held=False. ReleaseRequested: hold.release of the Checkpoint. NodeAgentStopped: Stasis is being uninstalled. The others: what the hold would obstruct.
   */
  releaseReason?:
    | 'ReleaseRequested'
    | 'PodNotFound'
    | 'PodReplaced'
    | 'PodTerminating'
    | 'ContainerEnded'
    | 'NodeDrained'
    | 'NodeAgentStopped';
}
/**
 * What came of it. Written by the agent of the node; by the controller only where that agent is lost.
 */
export interface PodCaptureStatus {
  /**
   * Who carries it out, set once. UID of the agent's pod, or 'controller' where the agent was lost before it began.
   */
  claimedBy?: string;
  /**
   * When the agent began.
   */
  startTime?: string;
  /**
   * When everything was let go, or when it failed.
   */
  completionTime?: string;
  /**
   * By the clock of the node, in microseconds, when every task of the pod stood still. Absent while a task that the kernel holds may go on.
   */
  heldFrom?: string;
  /**
   * By the clock of the node, in microseconds, when the first task was let go.
   */
  heldUntil?: string;
  /**
   * While the pod is held, when the hold ends by itself, by the clock of the node.
   */
  holdUntil?: string;
  /**
   * Held, only with hold: the pod stands still now; False says why the hold ended. Released: every freezer is in the state it was found in, and no task is traced. Succeeded: True or False at the end, until then Unknown with the progress as reason.
   *
   * @maxItems 8
   */
  conditions?: Condition[];
  /**
   * Processes captured, zombies included.
   */
  processes?: number;
  /**
   * Threads captured, leaders included, zombies excluded.
   */
  threads?: number;
  /**
   * Processes in a job-control stop.
   */
  stopped?: number;
  /**
   * Processes that have ended and wait for their parent.
   */
  zombies?: number;
  /**
   * Tasks that joined while the pod was held, and were caught.
   */
  joined?: number;
  /**
   * From the first container frozen to the last one, in microseconds.
   */
  freezeSkewMicroseconds?: number;
  /**
   * By how much the pause exceeded its budget. A kernel call cannot be cut short, and the release may take longer than expected.
   */
  overrunMicroseconds?: number;
  /**
   * The cgroups that were held.
   *
   * @maxItems 64
   */
  containers?: ContainerCapture[];
  timings?: Timings;
  /**
   * The processes, parents before their children. At most 100, and at most 32 KiB together with unfrozen and containers; the artifact has all of them.
   *
   * @maxItems 100
   */
  tree?: ProcessRow[];
  /**
   * The tree, its threads or paths, unfrozen or containers are cut here; the counts above are of all, and the artifact has the whole.
   */
  truncated?: boolean;
  /**
   * The tasks that would not freeze or stop. At most 100.
   *
   * @maxItems 100
   */
  unfrozen?: UnfrozenTask[];
  artifact?: Artifact;
}
/**
 * One aspect of the state, as metav1.Condition.
 */
export interface Condition {
  /**
   * Which aspect.
   */
  type: string;
  /**
   * Whether it holds.
   */
  status: 'True' | 'False' | 'Unknown';
  /**
   * The generation of the spec that this is about.
   */
  observedGeneration?: number;
  /**
   * When the status last changed.
   */
  lastTransitionTime: string;
  /**
   * Why, in one word of a closed list.
   */
  reason: string;
  /**
   * Why, for a person; a failure names the task or path.
   */
  message: string;
}
/**
 * One container.
 */
export interface ContainerCapture {
  /**
   * Its name in the pod.
   */
  name?: string;
  /**
   * Its ID in the runtime.
   */
  containerID?: string;
  /**
   * Path below the mount point of its hierarchy.
   */
  cgroupPath: string;
  /**
   * Which hierarchy the path is in.
   */
  cgroupVersion: 'V1' | 'V2';
  /**
   * How it was held: by its freezer until seized, or interrupted task by task.
   */
  freezer: 'V1' | 'V2' | 'None';
  /**
   * Somebody else had frozen it before; it was left so.
   */
  wasFrozen: boolean;
  /**
   * Processes in it.
   */
  processes: number;
  /**
   * Threads in it.
   */
  threads: number;
}
/**
 * How long each phase took, in whole microseconds of CLOCK_MONOTONIC. A phase that was not gone through is 0.
 */
export interface Timings {
  /**
   * Reading the state the cgroups are in. The pod runs.
   */
  resolveMicroseconds: number;
  /**
   * First freezer write until every cgroup is frozen in fact.
   */
  cgroupFreezeMicroseconds: number;
  /**
   * PTRACE_SEIZE of every thread, the second listing, and PTRACE_INTERRUPT.
   */
  seizeMicroseconds: number;
  /**
   * Opening the freezers, and verifying it.
   */
  cgroupThawMicroseconds: number;
  /**
   * Waiting until each task sits in its ptrace stop.
   */
  stopMicroseconds: number;
  /**
   * Reading in /proc what only the pause can tell.
   */
  collectMicroseconds: number;
  /**
   * The hold that was asked for.
   */
  holdMicroseconds: number;
  /**
   * Detaching every task.
   */
  releaseMicroseconds: number;
  /**
   * First freezer write (without freezer the first interrupt) until the tree is collected; CRIU's freezing_time.
   */
  freezingMicroseconds: number;
  /**
   * First freezer write (without freezer the first interrupt) until the last detach: what the workload feels.
   */
  pauseMicroseconds: number;
}
/**
 * A process.
 */
export interface ProcessRow {
  /**
   * Process ID on the node.
   */
  pid: number;
  /**
   * Process ID of the parent on the node.
   */
  ppid: number;
  /**
   * Process group.
   */
  pgid: number;
  /**
   * Session.
   */
  sid: number;
  /**
   * Command name.
   */
  comm: string;
  /**
   * Target of /proc/PID/exe, never followed; absent for zombies. A path of more than 512 bytes is cut, ends in … here, and sets truncated.
   */
  exe?: string;
  /**
   * State before it was held.
   */
  state: 'Alive' | 'Stopped' | 'Zombie';
  /**
   * With state Stopped: the signal of the job-control stop.
   */
  stopSignal?: string;
  /**
   * Stop signals that are pending for the process and stop it when it runs again.
   *
   * @maxItems 4
   */
  pendingStopSignals?: string[];
  /**
   * Its status was read before and after the pause and changed in between; the later one is given.
   */
  unsettled?: boolean;
  /**
   * The thread-group leader has exited and other threads live on.
   */
  leaderDead?: boolean;
  /**
   * When it started.
   */
  startTime: string;
  /**
   * Clock ticks since boot: with the pid it identifies a process.
   */
  startTimeTicks: number;
  uids: IdSet;
  gids: IdSet;
  containerUids?: IdSet;
  containerGids?: IdSet;
  capabilities: CapabilitySets;
  /**
   * no_new_privs of prctl(2).
   */
  noNewPrivileges: boolean;
  /**
   * Seccomp mode.
   */
  seccomp: 'Disabled' | 'Strict' | 'Filter';
  /**
   * The pid in each pid namespace, outermost first.
   *
   * @maxItems 32
   */
  nsPids: number[];
  /**
   * Inode numbers of the namespaces by name.
   */
  namespaces: {
    [k: string]: number;
  };
  /**
   * The cgroup of the leader, below the mount point of the captured hierarchy. Cut like exe.
   */
  cgroup: string;
  /**
   * Its threads, the leader first. At most 32, and fewer where they would bring the row beyond 4 KiB; the artifact on the node has all of them.
   *
   * @maxItems 32
   */
  threads: ThreadRow[];
}
/**
 * The four IDs, as the node's user namespace sees them.
 */
export interface IdSet {
  /**
   * Real ID.
   */
  real: number;
  /**
   * Effective ID.
   */
  effective: number;
  /**
   * Saved ID.
   */
  saved: number;
  /**
   * Filesystem ID.
   */
  filesystem: number;
}
/**
 * The five capability sets, each 16 hexadecimal digits.
 */
export interface CapabilitySets {
  /**
   * Inheritable set.
   */
  inheritable: string;
  /**
   * Permitted set.
   */
  permitted: string;
  /**
   * Effective set.
   */
  effective: string;
  /**
   * Bounding set.
   */
  bounding: string;
  /**
   * Ambient set.
   */
  ambient: string;
}
/**
 * A thread.
 */
export interface ThreadRow {
  /**
   * Thread ID on the node.
   */
  tid: number;
  /**
   * Command name.
   */
  comm: string;
  /**
   * State before it was held.
   */
  state: 'Alive' | 'Stopped' | 'Zombie';
  uids?: IdSet;
  gids?: IdSet;
  capabilities?: CapabilitySets;
  /**
   * no_new_privs, where it differs from the leader's.
   */
  noNewPrivileges?: boolean;
  /**
   * Seccomp mode, where it differs from the leader's.
   */
  seccomp?: 'Disabled' | 'Strict' | 'Filter';
  /**
   * Stop signals that are pending for this thread alone.
   *
   * @maxItems 4
   */
  pendingStopSignals?: string[];
  /**
   * Name or credentials changed between the look before the pause and the one after it; the later ones are given.
   */
  unsettled?: boolean;
}
/**
 * A task that would not freeze or stop.
 */
export interface UnfrozenTask {
  /**
   * Thread ID on the node.
   */
  tid: number;
  /**
   * Command name.
   */
  comm: string;
  /**
   * The letter of /proc/TID/status State.
   */
  state: string;
  /**
   * The kernel function it sleeps in.
   */
  waitChannel: string;
  /**
   * Why it would not.
   */
  cause:
    'Uninterruptible' | 'KernelThread' | 'VforkParent' | 'Exiting' | 'CoreDump' | 'InKernel' | 'Traced' | 'Unknown';
  /**
   * The functions on its kernel stack, the innermost first.
   *
   * @maxItems 16
   */
  stack?: string[];
}
/**
 * The whole tree and the timings, as a file on the node that only root can read.
 */
export interface Artifact {
  /**
   * Where it is on the node.
   */
  path: string;
  /**
   * Its size.
   */
  sizeBytes: number;
  /**
   * Its SHA-256 digest.
   */
  sha256: string;
  /**
   * The command that prints the file, for users who may exec into the pods of the agents.
   */
  command: string;
}
