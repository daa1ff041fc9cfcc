/** Why a task did not freeze, in words, and what to do. The table `Causes in unfrozen` of docs/errors.md says the same. Pure. */
import type { UnfrozenCause } from '../../api/podcapture.js';

export interface CauseWords {
  readonly why: string;
  readonly todo: string;
}

export const CAUSES: Readonly<Record<UnfrozenCause, CauseWords>> = {
  Uninterruptible: {
    why: 'A wait inside the kernel that no signal ends (state D): a hung disk, NFS server or FUSE server.',
    todo: 'Look at waitChannel, and cure the storage.',
  },
  KernelThread: {
    why: 'The task is part of the kernel. It does not freeze on v2 and cannot be traced.',
    todo: 'Move the kernel thread out of the cgroup.',
  },
  VforkParent: {
    why: 'The kernel holds the task until its child execs or exits. The task runs no instruction in the meantime.',
    todo: 'Nothing. A child that never does either is a defect of the workload.',
  },
  Exiting: {
    why: 'The task exits, which takes time when it has much memory to give back, or it is a leader or an execing thread and waits until its siblings are gone. It runs no instruction in the meantime.',
    todo: 'Nothing; capture again.',
  },
  CoreDump: {
    why: 'The process writes a core file. Stasis does not touch such a process, so that the file comes out whole; the rest of the pod is captured without a freezer.',
    todo: 'Wait for the file; capture again.',
  },
  InKernel: {
    why: 'The task runs, and does not come out of the kernel: a page fault that a userfaultfd does not answer, or one system call that works for seconds. A longer --timeout changes nothing.',
    todo: 'Read stack.',
  },
  Traced: {
    why: 'Somebody else traces the task. Such a newcomer is passed over during a hold; before a hold, the capture fails.',
    todo: 'End the debugger.',
  },
  Unknown: {
    why: 'None of these was seen. The task did not stop in time.',
    todo: 'Capture again, with a longer --timeout.',
  },
};

/** The words for a cause that this version knows. */
export function causeWords(cause: string): CauseWords | undefined {
  return Object.hasOwn(CAUSES, cause) ? CAUSES[cause as UnfrozenCause] : undefined;
}
