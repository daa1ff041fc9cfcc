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
 * What to hold, and how. Fixed once created, but for holdSeconds, which may be lowered to release the pod early.
 */
export interface CheckpointSpec {
  /**
   * Name of the pod, in the Checkpoint's own namespace.
   */
  podName: string;
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
   * The freezing stage (first freezer write until the tree is collected) is rolled back when it takes longer than this many seconds.
   */
  timeoutSeconds?: number;
  /**
   * How many seconds the pod is held after it was read. 0 lets it go at once. May be lowered while the pod is held, to release it early; never raised.
   */
  holdSeconds?: number;
  /**
   * The longest pause, hold included, in milliseconds. A capture that would exceed it is rolled back. Without it the timeout is the only bound.
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
   * The Checkpoint is deleted this many seconds after its completionTime. 0 deletes it at once; without it, it stays.
   */
  ttlSecondsAfterFinished?: number;
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
   * Dispatched (a PodCapture was made), Thawed (every freezer is in the state it was found in) and Succeeded, which sums up: True or False at the end, until then Unknown with the progress as reason. Reasons are explained in docs/errors.md.
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
   * Processes captured, zombies included.
   */
  processes?: number;
  /**
   * Threads captured, leaders included, zombies excluded.
   */
  threads?: number;
  /**
   * timings.pauseMicroseconds as text, such as 12.345ms.
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
