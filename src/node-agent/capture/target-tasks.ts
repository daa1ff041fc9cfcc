/** The tasks of a target: they are listed, taken as tracees, and released when they turn out not to belong. */
import { isGone } from '../../native/errno.js';
import { TRACE_OPTIONS } from '../../native/kernel.js';
import { errnoName } from '../../native/syscall-error.js';
import { Running, seize } from '../../native/tracee.js';
import { listTasks, TASK_FILE } from '../cgroup/list-tasks.js';
import type { CgroupTasks } from '../cgroup/nest.js';
import { failure, type Failure } from '../pure/failure.js';
import { refusedSeize } from './refused-seize.js';
import type { Session, Target } from './session.js';

/** Lists the tasks in a target and in all cgroups below it. Returns -EINTR when the freezers have to open or the capture has to end. */
export function listTarget(session: Session, { container }: Target): CgroupTasks[] | number {
  const { directory, cgroupVersion } = container;
  const isOver = (): boolean => session.mustOpen() || session.interruption() !== undefined;
  return listTasks(session.kernel.files, directory, TASK_FILE[cgroupVersion], session.listBuffer, isOver);
}

/** Says why a target could not be listed. */
export function unlisted(session: Session, { container }: Target, result: number): Failure {
  const message = `the tasks of ${container.directory} cannot be listed: ${errnoName(result)}`;
  return session.interruption() ?? failure(isGone(result) ? 'CgroupGone' : 'HostUnfit', message);
}

/** A listed task that is to become a tracee. */
export interface Wanted {
  readonly target: Target;
  /** Directory of the cgroup that lists the task. */
  readonly directory: string;
  readonly tid: number;
  /** The task came during the hold. */
  readonly joined: boolean;
}

/**
 * Seizes one task; PTRACE_SEIZE disturbs nobody. `gone`: the task died meanwhile. `passed`: the task is noted and not traced (a
 * kernel thread, a core dump, or after the hold began also the tracee of somebody else).
 */
export function takeTask(
  session: Session,
  { target, directory, tid, joined }: Wanted,
): Running | 'gone' | 'passed' | Failure {
  const pass = (): 'passed' => {
    session.addTask(tid, target, directory, undefined, joined);
    return 'passed';
  };
  if (session.isLeftAlone(tid)) return pass();
  // The main thread must know the tid before the call: it reaps our dead tracees when SEIZE blocks on an execve that waits for
  // one of them.
  session.board.publishTid(tid);
  session.board.step();
  const tracee = seize(session.kernel.ptrace, tid, TRACE_OPTIONS);
  session.board.step();
  if (typeof tracee !== 'number') {
    session.addTask(tid, target, directory, tracee, joined);
    return tracee;
  }
  if (isGone(tracee)) return 'gone';
  const refused = refusedSeize(session, tid, tracee);
  switch (refused.kind) {
    case 'ours': {
      const ours = new Running(session.kernel.ptrace, tid);
      session.addTask(tid, target, directory, ours, joined);
      return ours;
    }
    case 'kernelThread':
      return pass();
    case 'gone':
      return 'gone';
    case 'traced':
      if (!joined) return refused.failure;
      session.unfrozen.set(tid, refused.task);
      return pass();
    case 'denied':
      return refused.failure;
    default:
      return refused satisfies never;
  }
}

/**
 * Drops the tracees that are not listed. Every listed task is seized, so a tracee that is not listed is a stray: its tid was
 * reused between the list and the SEIZE, or the task was moved away or is dying. A stray in its stop is detached at once, the
 * others at the release. A task that stood still when the hold began belongs to what was captured, also when it ends later.
 */
export function dropUnlisted(session: Session, target: Target, listed: ReadonlySet<number>): void {
  for (const task of session.tasks.values()) {
    if (task.target !== target || listed.has(task.tid)) continue;
    session.tasks.delete(task.tid);
    session.unfrozen.delete(task.tid);
    if (session.isHolding && !task.joined) session.departed.set(task.tid, task);
    const tracee = task.tracee?.look();
    if (tracee?.state === 'running' || (tracee?.state === 'stopped' && tracee.detach() === 'refused'))
      session.strays.push(tracee);
  }
}
