/**
 * The closed list of reasons.
 *
 * One reason is at once the `reason` of a condition, the label of a metric and a heading in docs/errors.md
 * (a unit test compares the two lists). A failure never invents one: what does not fit here is a defect, and
 * is reported as `InternalError` with what is known.
 */
export const REASONS = [
  /** The tasks were held, read and let go. */
  'Captured',
  /** A dry run found nothing that stands in the way; nothing was touched. */
  'DryRunPassed',
  /** In progress: another capture of the same pod runs, or waits longer. */
  'PodBusy',
  /** In progress: the PodCapture is made, and the node's agent has not begun. */
  'Dispatched',
  /** In progress: the node's agent is at it. */
  'Capturing',
  /** In progress: the pod is read and held, for as long as was asked. */
  'Holding',
  /** A cgroup above the target is frozen: nothing below it can be stopped or verified, and it is not ours to thaw. */
  'AncestorFrozen',
  /** The pod was captured and let go, but the artifact could not be written on the node. */
  'ArtifactFailed',
  /** SIGINT, SIGTERM or a withdrawn request ended the capture before it was complete. */
  'Cancelled',
  /** A target cgroup was removed, or emptied, before anything could be captured. */
  'CgroupGone',
  /** `spec.containers` names one that the pod does not have. */
  'ContainerNotFound',
  /** A container that was asked for, or every one of the pod, is not running. */
  'ContainerNotRunning',
  /** The freezing stage did not end within its timeout. `unfrozen` names the tasks that were not still. */
  'FreezeTimeout',
  /** Someone else thawed or froze the cgroup in the middle of the capture. */
  'FreezerChanged',
  /** There is no living guard, or it refused: its journal cannot be written, it does not see the cgroup, … Nothing new is frozen, and what was is let go. */
  'GuardUnavailable',
  /** A pod that the node itself depends on: a static pod, one of system-node-critical priority, or one in the host's pid or network namespace. */
  'HostLevelPod',
  /** This machine cannot do it: no CAP_SYS_PTRACE, Yama, no writable freezer, … The message says which. */
  'HostUnfit',
  /** A defect of Stasis itself: an exception where none is expected, or a tracing thread that died. */
  'InternalError',
  /** The request names something that cannot be captured: not a cgroup, a root cgroup, our own, an empty one, … */
  'InvalidTarget',
  /** A kernel thread sits in a cgroup that somebody else is freezing: v2 will never say `frozen 1`. */
  'KernelThreadInCgroup',
  /** The pod's namespace is one of those that are never captured. */
  'NamespaceExcluded',
  /** The node's agent gave no sign of life any more; the capture can never run later. */
  'NodeAgentLost',
  /** The node's agent was replaced while the capture ran; what it held is free. */
  'NodeAgentRestarted',
  /** No agent is alive on the pod's node. */
  'NodeAgentUnavailable',
  /** The pause would have exceeded, or did exceed, its budget; the capture was rolled back. */
  'PauseBudgetExceeded',
  /** There is no pod of that name in the namespace. */
  'PodNotFound',
  /** The pod is not in phase Running, or not on a node yet. */
  'PodNotRunning',
  /** The pod was replaced by another one of the same name before it could be captured. */
  'PodReplaced',
  /** The pod is being deleted. */
  'PodTerminating',
  /** The kernel refused PTRACE_SEIZE of a task that nobody else traces (capabilities, Yama, LSM). */
  'SeizeDenied',
  /** The pod is one of Stasis's own, which cannot hold itself still. */
  'StasisPod',
  /** A task already has a tracer; both are named, and the debugger keeps its tracee. */
  'TaskAlreadyTraced',
  /** A task sits in an uninterruptible wait inside the kernel in a cgroup that somebody else is freezing. */
  'TaskUninterruptible',
] as const;

/** See {@link REASONS}. */
export type Reason = (typeof REASONS)[number];

/** The reasons with which `Succeeded` is True. */
export const SUCCESS_REASONS: readonly Reason[] = ['Captured', 'DryRunPassed'];

/** The reasons with which `Succeeded` is Unknown, as the capture goes on. */
export const PROGRESS_REASONS: readonly Reason[] = ['PodBusy', 'Dispatched', 'Capturing', 'Holding'];
