/**
 * The closed list of reasons.
 *
 * Each reason is at once the `reason` of a condition, the label of a metric, and a heading in docs/errors.md (a unit
 * test compares the two lists). No code invents another reason: a failure that fits none of these is a defect of
 * Stasis, and is reported as `InternalError` with the known facts.
 */
export const REASONS = [
  /** The tasks were held, read and released. */
  'Captured',
  /** A dry run found no obstacle. Nothing was touched. */
  'DryRunPassed',
  /** In progress: the controller has not seen the Checkpoint yet. The schema's default, and nobody's report. */
  'Pending',
  /** In progress: another capture of the same pod runs, or has waited longer. */
  'PodBusy',
  /** In progress: the node's agent carries out as many captures, or holds as many pods, as it may at a time. */
  'NodeBusy',
  /** In progress: the PodCapture exists, and the node's agent has not begun. */
  'Dispatched',
  /** In progress: the node's agent carries out the capture. */
  'Capturing',
  /** In progress: the pod's processes are read, and the pod is held for the requested time. */
  'Holding',
  /**
   * A cgroup above the target is frozen. Nothing below it can be stopped or verified, and Stasis never thaws what
   * somebody else froze.
   */
  'AncestorFrozen',
  /** The pod was captured and released, but the artifact could not be written on the node. */
  'ArtifactFailed',
  /** SIGINT, SIGTERM or a withdrawn request ended the capture before it was complete. */
  'Cancelled',
  /** A target cgroup was removed, or became empty, before anything could be captured. */
  'CgroupGone',
  /** `spec.containers` names a container that the pod does not have. */
  'ContainerNotFound',
  /** A container that was held has ended or was restarted during the hold, for instance by its liveness probe. */
  'ContainerEnded',
  /** A requested container is not running, or no container of the pod is running. */
  'ContainerNotRunning',
  /**
   * The API server forbids the PodCapture: a ResourceQuota, an admission policy or a webhook denies it. In progress until
   * the starting deadline, because whoever denies it may change that; then the end.
   */
  'DispatchForbidden',
  /** The freezing stage did not end within its timeout. `unfrozen` names the tasks that had not stopped. */
  'FreezeTimeout',
  /** Somebody else thawed or froze the cgroup during the capture. */
  'FreezerChanged',
  /**
   * No guard is alive, or the guard refused: its journal cannot be written, it does not see the cgroup, … Nothing more
   * is frozen, and everything that was frozen or held is released.
   */
  'GuardUnavailable',
  /**
   * The node itself depends on the pod: a static pod, a pod of priority class system-node-critical, or a pod in the
   * host's PID or network namespace.
   */
  'HostLevelPod',
  /**
   * The agent could not renew its heartbeat. It lets every pod go, by its own clock, before the controller may take it
   * for lost.
   */
  'HeartbeatLost',
  /**
   * The hold ended before its time, and its author did not ask for that. The condition `Held` has the cause. What was
   * read is complete.
   */
  'HoldCutShort',
  /** The hold lasted as long as it was asked to. Only the condition `Held` has this reason. */
  'HoldElapsed',
  /** This machine cannot capture: no CAP_SYS_PTRACE, Yama, no writable freezer, … The message names the obstacle. */
  'HostUnfit',
  /** A defect of Stasis itself: an unexpected exception, or the death of a tracing thread. */
  'InternalError',
  /**
   * The request names a target that cannot be captured: a path that is no cgroup, a root cgroup, Stasis's own cgroup,
   * an empty cgroup, …
   */
  'InvalidTarget',
  /** A kernel thread is in a cgroup that somebody else is freezing. On v2 such a cgroup never reports `frozen 1`. */
  'KernelThreadInCgroup',
  /** The pod's namespace is on the list of namespaces that are never captured. */
  'NamespaceExcluded',
  /** The node's agent stopped giving signs of life. The capture can never run later. */
  'NodeAgentLost',
  /** The node's agent was replaced while the capture ran. Everything that the old agent held is released. */
  'NodeAgentRestarted',
  /** The node's agent was stopped during the hold: an update of Stasis, or a shutdown of the node. */
  'NodeAgentStopped',
  /**
   * No agent is known to be alive on the pod's node. In progress until the starting deadline; then the end.
   */
  'NodeAgentUnavailable',
  /** The node was cordoned, or tainted so that the pod must leave, during the hold. */
  'NodeDrained',
  /** The pause would have exceeded its budget, or did exceed it. The capture was rolled back. */
  'PauseBudgetExceeded',
  /** The namespace has no pod of that name. */
  'PodNotFound',
  /** The pod is not in phase Running, or not yet assigned to a node. */
  'PodNotRunning',
  /** Another pod of the same name replaced the pod before it could be captured. */
  'PodReplaced',
  /** The pod is being deleted. */
  'PodTerminating',
  /**
   * The pod's own liveness or startup probes would have kubelet restart a container during the hold. The message names
   * the container and after how many seconds.
   */
  'ProbeWouldKill',
  /** The author ended the hold by `hold.release`. Only the condition `Held` has this reason. */
  'ReleaseRequested',
  /** The Checkpoint was restored from a backup. To capture the pod again is for its author to ask. */
  'RestoredFromBackup',
  /** The pod runs in a sandbox (gVisor, Kata Containers, …) whose processes the node does not see. */
  'SandboxedRuntime',
  /**
   * The kernel refused PTRACE_SEIZE of a task that has no tracer (missing capability, Yama, or another security
   * module).
   */
  'SeizeDenied',
  /** The pod belongs to Stasis itself, which cannot hold itself. */
  'StasisPod',
  /** The capture had not begun at its starting deadline. The message tells what it waited for. */
  'StartingDeadlineExceeded',
  /**
   * The API server refuses a step that must follow: the release of the pod, its cancellation, a finalizer. The controller
   * tries again every 5 s. Only an Event has this reason.
   */
  'StepForbidden',
  /** A task already has a tracer. The message names both, and the debugger keeps its tracee. */
  'TaskAlreadyTraced',
  /** A task waits uninterruptibly in the kernel, in a cgroup that somebody else is freezing. */
  'TaskUninterruptible',
] as const;

export type Reason = (typeof REASONS)[number];

/** The reasons with which the condition `Succeeded` is True. */
export const SUCCESS_REASONS: readonly Reason[] = ['Captured', 'DryRunPassed'];

/** The reasons that only a capture in progress has: the condition `Succeeded` is Unknown. */
export const PROGRESS_REASONS = [
  'Pending',
  'PodBusy',
  'NodeBusy',
  'Dispatched',
  'Capturing',
  'Holding',
] as const satisfies readonly Reason[];

/** The reasons of the condition `Held` that no other condition has. */
export const HOLD_REASONS: readonly Reason[] = [
  'HoldElapsed',
  'ReleaseRequested',
  'NodeDrained',
  'NodeAgentStopped',
  'HeartbeatLost',
  'ContainerEnded',
];

/** The reasons that only an Event has. */
export const EVENT_REASONS: readonly Reason[] = ['StepForbidden'];

/** The reasons with which a capture or a Checkpoint ends. */
export const FINAL_REASONS: readonly Reason[] = REASONS.filter(
  (reason) => ![...PROGRESS_REASONS, ...HOLD_REASONS, ...EVENT_REASONS].includes(reason),
);

/** The reasons of the condition `Released`. */
export const RELEASED_REASONS = ['FreezersRestored', 'FreezerNotRestored', 'NothingTouched'] as const;

export function isSuccess(reason: Reason): boolean {
  return SUCCESS_REASONS.includes(reason);
}
