/**
 * Which tasks will not freeze or stop, and why: told from /proc alone, by files that take no lock of the task
 * (status, stat and wchan are safe on anything; measured).
 */
import type { UnfrozenCause, UnfrozenTask } from '../../api/podcapture.js';
import { listTasks, TASK_FILE } from '../cgroup/list-tasks.js';
import { parseStat, PF_KTHREAD } from '../pure/proc-stat.js';
import type { Session, Target } from './session.js';

/** Where a vfork parent sleeps until its child execs or exits: kernel/fork.c, by the names it had over the years. */
const VFORK_WAIT = /^(kernel_clone|_do_fork|do_fork|wait_for_vfork_done)$/;
/** Where a thread waits for its siblings to die in execve or exit: fs/exec.c, kernel/exit.c. */
const GROUP_EXIT_WAIT = /^(de_thread|begin_new_exec|exit_notify|zap_pid_ns_processes|synchronize_group_exit)$/;
/** An uninterruptible wait that is still the same after so long is one; shorter ones are every disk access. */
const SAMPLE_APART_MICROSECONDS = 1_000;

/** What /proc says of a task now. */
interface TaskFacts {
  readonly tid: number;
  readonly comm: string;
  readonly state: string;
  readonly waitChannel: string;
  readonly kernelThread: boolean;
}

/**
 * The tasks that keep these targets from being FROZEN.
 *
 * v2: a frozen task shows state S and one in an uninterruptible wait D, so a look tells. v1: a frozen task shows D, like one
 * that cannot freeze; so a freezer that is ours is **opened** for the look, and left open, and only what is then in the
 * same D twice is called uninterruptible.
 */
export function stuckWhileFreezing(session: Session, targets: readonly Target[]): UnfrozenTask[] {
  return targets.flatMap((target) => {
    const tids = tidsOf(session, target);
    if (target.container.freezer === 'v2') return factsOf(session, tids, 'D').filter(notFrozenOnV2).map(explain);
    const running = factsOf(session, tids, 'D').filter((task) => task.state === 'R' || task.state === 'S');
    if (!target.closed) return running.map(explain);
    target.freezer?.thaw();
    return [
      ...uninterruptible(session, tids),
      ...running.map((task) => ({ ...explain(task), cause: 'Unknown' as const })),
    ];
  });
}

/** Of these tasks, the ones that the kernel itself keeps from reaching a ptrace stop. Takes about a millisecond. */
export function heldByKernel(session: Session, tids: readonly number[]): UnfrozenTask[] {
  return sameTwice(session, tids, (task) => task.state === 'D' || GROUP_EXIT_WAIT.test(task.waitChannel)).map(explain);
}

/** What is known of one task, for a message or a row of `unfrozen`. Undefined when it is gone. */
export function describeTask(session: Session, tid: number): UnfrozenTask | undefined {
  const facts = readFacts(session, tid, 'any');
  return facts === undefined ? undefined : explain(facts);
}

function uninterruptible(session: Session, tids: readonly number[]): UnfrozenTask[] {
  return sameTwice(session, tids, (task) => task.state === 'D')
    .map(explain)
    .filter((task) => task.cause === 'Uninterruptible');
}

function sameTwice(session: Session, tids: readonly number[], wanted: (task: TaskFacts) => boolean): TaskFacts[] {
  session.kernel.sleep(SAMPLE_APART_MICROSECONDS);
  const first = factsOf(session, tids, 'any').filter(wanted);
  if (first.length === 0) return [];
  session.kernel.sleep(SAMPLE_APART_MICROSECONDS);
  return first.filter((before) => {
    const now = readFacts(session, before.tid, 'any');
    return now !== undefined && now.state === before.state && now.waitChannel === before.waitChannel;
  });
}

/** A vfork parent counts as frozen on v2, and so do stopped and traced tasks (kernel/cgroup/freezer.c). */
function notFrozenOnV2(task: TaskFacts): boolean {
  if (task.kernelThread || task.state === 'R') return true;
  return task.state === 'D' && !VFORK_WAIT.test(task.waitChannel);
}

function explain(task: TaskFacts): UnfrozenTask {
  const { tid, comm, state, waitChannel } = task;
  return { tid, comm, state, waitChannel, cause: causeOf(task) };
}

function causeOf(task: TaskFacts): UnfrozenCause {
  if (task.kernelThread) return 'KernelThread';
  if (VFORK_WAIT.test(task.waitChannel)) return 'VforkParent';
  if (GROUP_EXIT_WAIT.test(task.waitChannel)) return 'Exiting';
  return task.state === 'D' ? 'Uninterruptible' : 'Unknown';
}

function tidsOf(session: Session, target: Target): number[] {
  const cgroups = listTasks(
    session.kernel.files,
    target.container.directory,
    TASK_FILE[target.container.cgroupVersion],
  );
  if (typeof cgroups === 'number') return [];
  // What someone else froze below is frozen, and says nothing about our own freezer.
  return cgroups.filter((cgroup) => !target.frozenBelow.has(cgroup.directory)).flatMap((cgroup) => cgroup.tids);
}

function factsOf(session: Session, tids: readonly number[], channelOf: ChannelOf): TaskFacts[] {
  return tids.flatMap((tid) => readFacts(session, tid, channelOf) ?? []);
}

/** wchan costs 18 µs a task: where thousands are looked at, it is read only of those in state D. */
type ChannelOf = 'D' | 'any';

function readFacts(session: Session, tid: number, channelOf: ChannelOf): TaskFacts | undefined {
  const directory = `${session.request.proc}/${tid}/task/${tid}`;
  const text = readText(session, `${directory}/stat`);
  const stat = text === undefined ? undefined : parseStat(text);
  if (stat?.ok !== true) return undefined;
  const { comm, state, flags } = stat.value;
  if (state === 'Z' || state === 'X') return undefined;
  const channel = state === 'D' || channelOf === 'any' ? readText(session, `${directory}/wchan`) : undefined;
  // '0' is what wchan says of a task that runs.
  return {
    tid,
    comm,
    state,
    waitChannel: channel === undefined || channel === '0' ? '' : channel,
    kernelThread: (flags & PF_KTHREAD) !== 0,
  };
}

function readText(session: Session, path: string): string | undefined {
  const buffer = new Uint8Array(4096);
  const length = session.kernel.files.readInto(path, buffer);
  return length < 0 ? undefined : new TextDecoder().decode(buffer.subarray(0, length));
}
