/**
 * Reads the facts of a late task from /proc. Only stat, status, wchan, schedstat and stack are read: they take no lock of the
 * task and are safe on any task (measured; test/kernel/window.test.ts watches the calls).
 */
import type { UnfrozenCause, UnfrozenTask } from '../../api/podcapture.js';
import { parseStack } from '../pure/proc-stack.js';
import { parseStat, PF_EXITING, PF_KTHREAD } from '../pure/proc-stat.js';
import { digestStatus } from '../pure/status-digest.js';
import type { Session } from './session.js';

export interface TaskFacts {
  readonly tid: number;
  readonly comm: string;
  readonly state: string;
  readonly waitChannel: string;
  readonly kernelThread: boolean;
  readonly exiting: boolean;
  readonly coreDumping: boolean;
  /** CPU time that the task has had, in microseconds; -1 where the kernel does not tell. */
  readonly ranMicroseconds: number;
}

/** Kernel functions in which a vfork parent sleeps until its child execs or exits: kernel/fork.c, by the names of different versions. */
const VFORK_WAIT = /^(kernel_clone|_do_fork|do_fork|wait_for_vfork_done)$/;
/** Kernel functions in which a thread waits for its siblings to die in execve or exit: fs/exec.c, kernel/exit.c. */
const GROUP_EXIT_WAIT = /^(de_thread|begin_new_exec|exit_notify|zap_pid_ns_processes|synchronize_group_exit)$/;
/** Number of kernel stacks that one capture reads: enough to tell what hangs. Reading one stack takes 20 µs. */
const MAX_STACKS = 32;
const TEXT_BYTES = 4_096;

/**
 * How much is read of a task. `whole`: everything, 60 µs per task. `frozenAsS` (v2) and `frozenAsD` (v1) are for looks at
 * thousands of tasks of which most are frozen: they name the state that a frozen task shows, and the costly files of a task in
 * that state are not read.
 */
export type Depth = 'whole' | 'frozenAsS' | 'frozenAsD';

/** Returns undefined when the task is gone or a zombie. */
export function readFacts(session: Session, tid: number, depth: Depth): TaskFacts | undefined {
  const directory = `${session.request.proc}/${tid}/task/${tid}`;
  const text = readText(session, `${directory}/stat`);
  const stat = text === undefined ? undefined : parseStat(text);
  if (stat?.ok !== true) return undefined;
  const { comm, state, flags } = stat.value;
  if (state === 'Z' || state === 'X') return undefined;
  const isFrozen = (depth === 'frozenAsS' && state === 'S') || (depth === 'frozenAsD' && state === 'D');
  const channel = depth === 'whole' || state === 'D' ? readText(session, `${directory}/wchan`) : undefined;
  const exiting = (flags & PF_EXITING) !== 0;
  const kernelThread = (flags & PF_KTHREAD) !== 0;
  return {
    tid,
    comm,
    state,
    // wchan says '0' for a task that runs.
    waitChannel: channel === undefined || channel === '0' ? '' : channel,
    kernelThread,
    exiting,
    coreDumping: !kernelThread && !exiting && !isFrozen && isDumping(session, tid),
    ranMicroseconds: isFrozen ? -1 : ranMicroseconds(session, directory),
  };
}

/** Describes one task for a message or a row of `unfrozen`. Returns undefined when the task is gone. */
export function describeTask(session: Session, tid: number): UnfrozenTask | undefined {
  const facts = readFacts(session, tid, 'whole');
  return facts === undefined ? undefined : explain(session, facts);
}

/** Makes a row of `unfrozen`, with the kernel's stack where it can be read (that takes CAP_SYS_ADMIN). */
export function explain(session: Session, facts: TaskFacts, cause: UnfrozenCause = causeOf(facts)): UnfrozenTask {
  const { tid, comm, state, waitChannel } = facts;
  const stack = session.stacksRead < MAX_STACKS ? stackOf(session, tid) : [];
  return { tid, comm, state, waitChannel, cause, ...(stack.length === 0 ? {} : { stack }) };
}

export function causeOf(facts: TaskFacts): UnfrozenCause {
  if (facts.kernelThread) return 'KernelThread';
  if (facts.coreDumping) return 'CoreDump';
  if (VFORK_WAIT.test(facts.waitChannel)) return 'VforkParent';
  if (facts.exiting || GROUP_EXIT_WAIT.test(facts.waitChannel)) return 'Exiting';
  return facts.state === 'D' ? 'Uninterruptible' : 'Unknown';
}

function stackOf(session: Session, tid: number): readonly string[] {
  session.stacksRead += 1;
  const text = readText(session, `${session.request.proc}/${tid}/task/${tid}/stack`);
  return text === undefined ? [] : parseStack(text);
}

/**
 * Whether the process writes a core file. status says so from before the first byte is written until the process is dead
 * (CoreDumping, Linux 4.15). A status file that takes milliseconds is not read again, and the first look answers: only the
 * process itself can have made its file that large.
 */
function isDumping(session: Session, tid: number): boolean {
  const first = session.firstLooks.get(tid);
  if (first?.isCostly === true) return first.coreDumping;
  const text = new Uint8Array(4 * TEXT_BYTES);
  const length = session.kernel.files.readInto(`${session.request.proc}/${tid}/status`, text);
  return length > 0 && digestStatus(text.subarray(0, length))?.coreDumping === true;
}

/** CPU time from the first number of schedstat, which is in nanoseconds (Documentation/scheduler/sched-stats.rst). */
function ranMicroseconds(session: Session, directory: string): number {
  const text = readText(session, `${directory}/schedstat`);
  const nanoseconds = text === undefined ? Number.NaN : Number(text.split(' ')[0]);
  return Number.isFinite(nanoseconds) ? nanoseconds / 1000 : -1;
}

function readText(session: Session, path: string): string | undefined {
  const buffer = new Uint8Array(TEXT_BYTES);
  const length = session.kernel.files.readInto(path, buffer);
  return length < 0 ? undefined : new TextDecoder().decode(buffer.subarray(0, length));
}
