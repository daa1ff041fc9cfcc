/** Signals, stops, death, fork and exec of fake tasks. */
import { PTRACE_EVENT_EXEC, PTRACE_EVENT_STOP, SIGTRAP } from '../../src/native/wait-status.js';
import { TRACE_EXEC } from '../../src/native/kernel.js';
import { isTaskFrozen } from './freezing.js';
import { groupOf, siblings, type FakeTask, type HostState } from './model.js';

const SIGKILL = 9;
const SIGCONT = 18;
/** SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU on x86-64 and arm64. */
const STOP_SIGNALS: readonly number[] = [19, 20, 21, 22];
/** si_code of SIGCHLD. */
const CLD_EXITED = 1;
const CLD_KILLED = 2;

/** Whether the task executes instructions, or would do so once its sleep ends. */
export function runs(state: HostState, task: FakeTask): boolean {
  const now = state.clock.now();
  return (
    task.dead === undefined &&
    task.stopSignal === undefined &&
    task.trace?.stop === undefined &&
    (task.activity === 'running' || task.activity === 'sleeping') &&
    !isTaskFrozen(task, 'v1', now) &&
    !isTaskFrozen(task, 'v2', now)
  );
}

/**
 * Lets pending events of a task happen: its death, its ptrace stop, the delivery of signals. This is called before
 * anything looks at the task or changes what holds it, so the exact moment makes no difference.
 */
export function settle(state: HostState, task: FakeTask): void {
  if (task.dead !== undefined) return;
  const now = state.clock.now();
  const v1Frozen = isTaskFrozen(task, 'v1', now);
  if (task.killPending && !v1Frozen && task.activity !== 'uninterruptible') {
    die(state, task, CLD_KILLED, SIGKILL);
    return;
  }
  if (v1Frozen || task.trace?.stop !== undefined || !(task.activity === 'running' || task.activity === 'sleeping'))
    return;
  if (task.trace === undefined) {
    // v2 holds a task in get_signal() before it dequeues a signal (do_freezer_trap).
    if (!isTaskFrozen(task, 'v2', now)) takeSignals(state, task);
    return;
  }
  if (task.trace.interruptedAt !== undefined) {
    const since = Math.max(task.trace.interruptedAt, task.v1.thawedAt, task.runnableSince);
    if (now < since + state.options.stopMicroseconds) return;
    task.trace.interruptedAt = undefined;
    task.trace.stop = { event: PTRACE_EVENT_STOP, signal: task.stopSignal ?? SIGTRAP, message: 0 };
  } else if (task.pendingSignals.length > 0 && task.stopSignal === undefined && !isTaskFrozen(task, 'v2', now)) {
    const signal = task.pendingSignals.shift() ?? 0;
    task.trace.stop = { event: 0, signal, message: 0 };
  }
}

export function settleAll(state: HostState): void {
  for (const task of state.tasks.values()) settle(state, task);
}

function takeSignals(state: HostState, task: FakeTask): void {
  while (task.stopSignal === undefined && task.pendingSignals.length > 0)
    deliver(state, task, task.pendingSignals.shift() ?? 0);
}

/** The effect of a signal that no tracer intercepts. Programs handle every signal except the stopping ones. */
export function deliver(state: HostState, task: FakeTask, signal: number): void {
  if (!STOP_SIGNALS.includes(signal)) {
    task.delivered.push(signal);
    return;
  }
  for (const each of groupOf(state, task.tgid)) {
    if (each.dead !== undefined) continue;
    each.stopSignal = signal;
    // A seized thread traps for a group stop as if it had been interrupted (ptrace(2), "Group-stop").
    if (each.trace?.ours === true && each.trace.stop === undefined) each.trace.interruptedAt ??= state.clock.now();
  }
}

export function sendSignal(state: HostState, tid: number, signal: number): void {
  const task = state.tasks.get(tid);
  if (task === undefined || task.dead !== undefined) return;
  const group = groupOf(state, task.tgid).filter((each) => each.dead === undefined);
  if (signal === SIGKILL) {
    for (const each of group) each.killPending = true;
    for (const each of group) settle(state, each);
  } else if (signal === SIGCONT) {
    // SIGCONT takes effect when it is sent, even on a process that is frozen or in a ptrace stop (signal(7)).
    for (const each of group) {
      each.stopSignal = undefined;
      each.pendingSignals = each.pendingSignals.filter((pending) => !STOP_SIGNALS.includes(pending));
    }
    task.pendingSignals.push(signal);
    settle(state, task);
  } else {
    task.pendingSignals.push(signal);
    settle(state, task);
  }
  state.dirty = true;
}

/** Ends one task. It stays as a zombie while its tracer, its process or its parent still needs it. */
export function die(state: HostState, task: FakeTask, code: number = CLD_EXITED, status = 0): void {
  if (task.dead !== undefined) return;
  task.dead = { code, status };
  task.stopSignal = undefined;
  if (task.trace !== undefined) task.trace.stop = undefined;
  task.v1.tasks.delete(task);
  task.v2.tasks.delete(task);
  state.dirty = true;
  if (task.trace === undefined) buryUntraced(state, task);
}

/**
 * A dead leader cannot be waited for while other threads of its process exist (delay_group_leader() of kernel/exit.c).
 */
export function isDelayed(state: HostState, task: FakeTask): boolean {
  return task.tid === task.tgid && siblings(state, task).length > 0;
}

function buryUntraced(state: HostState, task: FakeTask): void {
  if (task.tid === task.tgid && (isDelayed(state, task) || !task.parentReaps)) return;
  remove(state, task);
}

/** Takes a dead tracee from its tracer, as waitid(WEXITED) does. Its real parent sees it afterwards. */
export function releaseDead(state: HostState, task: FakeTask): void {
  task.trace = undefined;
  buryUntraced(state, task);
}

function remove(state: HostState, task: FakeTask): void {
  state.tasks.delete(task.tid);
  const leader = state.tasks.get(task.tgid);
  if (leader?.dead !== undefined && leader.trace === undefined) buryUntraced(state, leader);
  for (const each of groupOf(state, task.tgid)) if (each.activity === 'execing') finishExec(state, each);
}

/**
 * An execve by a thread. Its siblings are killed, and the call continues once none is left; a traced sibling must be
 * reaped first.
 */
export function startExec(state: HostState, task: FakeTask): void {
  task.activity = 'execing';
  for (const each of siblings(state, task)) {
    each.killPending = true;
    settle(state, each);
  }
  finishExec(state, task);
}

function finishExec(state: HostState, task: FakeTask): void {
  // The old leader need not be reaped: the execing thread takes over its id and releases it.
  const waitsFor = siblings(state, task).filter((each) => each.tid !== task.tgid || each.dead === undefined);
  if (waitsFor.length > 0) return;
  const formerTid = task.tid;
  state.tasks.delete(formerTid);
  task.tid = task.tgid;
  state.tasks.set(task.tid, task);
  task.activity = 'sleeping';
  task.runnableSince = state.clock.now();
  if (task.trace?.ours === true && (task.trace.options & TRACE_EXEC) !== 0) {
    task.trace.stop = { event: PTRACE_EVENT_EXEC, signal: SIGTRAP, message: formerTid };
  }
  state.dirty = true;
}
