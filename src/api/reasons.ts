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
  /** A cgroup above the target is frozen: nothing below it can be stopped or verified, and it is not ours to thaw. */
  'AncestorFrozen',
  /** SIGINT, SIGTERM or a withdrawn request ended the capture before it was complete. */
  'Cancelled',
  /** A target cgroup was removed, or emptied, before anything could be captured. */
  'CgroupGone',
  /** The freezing stage did not end within its timeout. `unfrozen` names the tasks that were not still. */
  'FreezeTimeout',
  /** Someone else thawed or froze the cgroup in the middle of the capture. */
  'FreezerChanged',
  /** This machine cannot do it: no CAP_SYS_PTRACE, Yama, no writable freezer, … The message says which. */
  'HostUnfit',
  /** A defect of Stasis itself: an exception where none is expected, or a tracing thread that died. */
  'InternalError',
  /** The request names something that cannot be captured: not a cgroup, a root cgroup, our own, an empty one, … */
  'InvalidTarget',
  /** A kernel thread sits in a cgroup that somebody else is freezing: v2 will never say `frozen 1`. */
  'KernelThreadInCgroup',
  /** The pause would have exceeded, or did exceed, its budget; the capture was rolled back. */
  'PauseBudgetExceeded',
  /** The kernel refused PTRACE_SEIZE of a task that nobody else traces (capabilities, Yama, LSM). */
  'SeizeDenied',
  /** A task already has a tracer; both are named, and the debugger keeps its tracee. */
  'TaskAlreadyTraced',
  /** A task sits in an uninterruptible wait inside the kernel in a cgroup that somebody else is freezing. */
  'TaskUninterruptible',
] as const;

/** See {@link REASONS}. */
export type Reason = (typeof REASONS)[number];

/** The reasons with which `Succeeded` is True. */
export const SUCCESS_REASONS: readonly Reason[] = ['Captured', 'DryRunPassed'];
