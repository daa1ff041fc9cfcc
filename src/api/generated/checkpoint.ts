// Generated from deploy/crds/checkpoints.yaml by npm run generate.
import type { ObjectMeta } from '../object-meta.js';

/**
 * A Checkpoint holds a pod still once, looks at every process and thread in it, and lets it go. Its status tells how long the pod was held and what was in it. Who may create one: who may create pods/exec on that pod.
 */
export interface Checkpoint {
  apiVersion: 'stasis.dev/v1alpha1';
  kind: 'Checkpoint';
  metadata: ObjectMeta;
  spec: CheckpointSpec;
  status?: CheckpointStatus;
}
/**
 * What to hold, and how. Fixed once created, except that hold.release may be set to let the pod go early, and that ttlSecondsAfterFinished may be changed.
 */
export interface CheckpointSpec {
  /**
   * Name of the pod, in the Checkpoint's own namespace. Exactly one of podName and podSelector is set.
   */
  podName?: string;
  /**
   * Reserved: selects several pods, to be held at one moment. Not implemented yet; a Checkpoint with podSelector is refused.
   */
  podSelector?: {
    /**
     * The labels that a pod must have.
     */
    matchLabels?: {
      [k: string]: string;
    };
  };
  /**
   * Names of the containers to hold. Default: every running one, init containers and sidecars included. The pod's sandbox is never held.
   *
   * @minItems 1
   * @maxItems 32
   */
  containers?: string[];
  /**
   * Auto closes the cgroup freezer for the milliseconds that seizing takes. None interrupts task by task, for cgroups that cannot be frozen.
   */
  freezer?: 'Auto' | 'None';
  /**
   * The freezing stage (first freezer write until the tree is collected) is rolled back when it takes longer than this many seconds, 1 to 300. Default 10.
   */
  timeoutSeconds?: number;
  /**
   * The capture must begin within this many seconds after the Checkpoint was created. A Checkpoint that still waits then (for other Checkpoints of the pod, for the agent of the node, for a quota) ends, and the pod is not touched. 1 to 86400, default 600.
   */
  startingDeadlineSeconds?: number;
  hold?: CheckpointHold;
  /**
   * The longest pause in milliseconds, without the hold, 1 to 300000. A capture that would exceed it is rolled back. Without it the timeout is the only bound.
   */
  maxPauseMilliseconds?: number;
  /**
   * Only look for what would stand in the way, and touch nothing.
   */
  dryRun?: boolean;
  /**
   * What to collect beyond the default. Cmdline puts command lines, which can hold secrets, into the artifact on the node; never into a status.
   *
   * @minItems 1
   * @maxItems 1
   */
  include?: 'Cmdline'[];
  /**
   * The Checkpoint is deleted this many seconds after its completionTime, 0 to 31536000. 0 deletes it at once. May be changed at any time. Default: what the installation sets.
   */
  ttlSecondsAfterFinished?: number;
}
/**
 * Holds the pod after it was read. Without it, the pod is let go at once. A hold that ends before its time for a reason that its author did not ask for makes the Checkpoint fail with HoldCutShort; what was read is kept.
 */
export interface CheckpointHold {
  /**
   * How many seconds the pod is held at most, 1 to 3600.
   */
  seconds: number;
  /**
   * True lets the pod go now. It is never taken back: false after true is refused until the release is carried out. After that it is accepted, and changes nothing, so that the first manifest can be applied again.
   */
  release?: boolean;
  /**
   * Holds the pod even if its own liveness or startup probes would have kubelet restart a container during the hold. By default such a hold is refused (ProbeWouldKill).
   */
  despiteProbes?: boolean;
}
/**
 * What came of it. Written by the controller.
 */
export interface CheckpointStatus {
  /**
   * The generation of the spec that this status is about.
   */
  observedGeneration?: number;
  /**
   * When the controller first saw the Checkpoint.
   */
  startTime?: string;
  /**
   * When it ended, with success or without.
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
   * Dispatched: a PodCapture was made. Held, only with hold: the pod stands still now; False says why the hold ended. Released: every freezer is in the state it was found in, and no task is traced. Succeeded: the sum, True or False at the end, until then Unknown with the progress as reason. Finished: True at every end. Reconciling and Stalled say the same to tools that follow kstatus. Reasons are explained in docs/errors.md.
   *
   * @maxItems 8
   */
  conditions?: Condition[];
  /**
   * One row for each pod that is captured.
   *
   * @maxItems 1
   */
  pods?: CheckpointPod[];
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
 * One pod, and what came of its capture.
 */
export interface CheckpointPod {
  /**
   * Name of the pod.
   */
  podName: string;
  /**
   * UID of the pod; a pod of the same name that comes later is another pod.
   */
  podUID: string;
  /**
   * The node that the pod runs on.
   */
  nodeName: string;
  /**
   * Name of the PodCapture that carries it out, in the same namespace.
   */
  captureName?: string;
  /**
   * How far its capture is.
   */
  state: 'Waiting' | 'Dispatched' | 'Capturing' | 'Holding' | 'Succeeded' | 'Failed';
  /**
   * Why, in one word of a closed list.
   */
  reason?: string;
  /**
   * Why, for a person; a failure names the task or path.
   */
  message?: string;
  /**
   * Processes captured, zombies included.
   */
  processes?: number;
  /**
   * Threads captured, leaders included, zombies excluded.
   */
  threads?: number;
  /**
   * The pause as text, without a hold: timings.pauseMicroseconds less holdMicroseconds, such as 12.345ms.
   */
  pause?: string;
  timings?: Timings;
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
