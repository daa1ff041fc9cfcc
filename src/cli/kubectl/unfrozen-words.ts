/** Says why a task would not stop, for people. Pure. */
import type { UnfrozenTask } from '../../api/podcapture.js';

const CAUSES: Readonly<Record<UnfrozenTask['cause'], string>> = {
  Uninterruptible: 'waits in the kernel, for instance for a hung disk or a file server that does not answer',
  KernelThread: 'is a thread of the kernel, which cannot be held',
  VforkParent: 'waits for a child that it started by vfork',
  Exiting: 'is about to exit',
  CoreDump: 'belongs to a process that writes a core file',
  InKernel: 'is in a long system call, or in a page fault that nobody answers',
  Traced: 'is traced by another process, such as a debugger',
  Unknown: 'did not stop in time, for no known cause',
};

/** Most tasks that are named. */
const MOST = 8;

/** Returns a sentence per task; the last one counts those that are not named. */
export function describeUnfrozen(tasks: readonly UnfrozenTask[]): string[] {
  const named = tasks.slice(0, MOST).map(({ tid, comm, state, waitChannel, cause }) => {
    const where = waitChannel === '' ? '' : ` in ${waitChannel}`;
    // A newer controller may know a cause that this plugin does not.
    const words: string | undefined = CAUSES[cause];
    return `task ${tid} (${comm}, state ${state}${where}) ${words ?? `would not stop: ${cause}`}`;
  });
  const left = tasks.length - named.length;
  return left === 0 ? named : [...named, `and ${left} more tasks`];
}
