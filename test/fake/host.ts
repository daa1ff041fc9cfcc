/**
 * A deterministic simulation of one Linux host, as far as freezing, tracing and reading a pod are concerned.
 * test/contract tests that it behaves like the real kernel.
 */
import { TRACE_CLONE, TRACE_FORK, TRACE_VFORK } from '../../src/native/kernel.js';
import {
  PTRACE_EVENT_CLONE,
  PTRACE_EVENT_FORK,
  PTRACE_EVENT_STOP,
  PTRACE_EVENT_VFORK,
  SIGTRAP,
} from '../../src/native/wait-status.js';
import { audit, type Finding } from './audit.js';
import { addCgroup, cgroupAt, moveTask, removeCgroup } from './cgroups.js';
import { applyFreeze } from './cgroup-files.js';
import { VirtualClock } from './clock.js';
import { refreshEvents } from './events.js';
import { makeCgroup } from './freezing.js';
import { die, releaseDead, runs, sendSignal, settle, settleAll, startExec } from './lifecycle.js';
import { groupOf, type Activity, type CgroupVersion, type FakeCgroup, type FakeTask } from './model.js';
import type { HostOptions, HostState } from './model.js';
import { makeTask, type ProcessSpec, type TaskSpec } from './tasks.js';

const DEFAULTS: HostOptions = {
  freezerMount: '/sys/fs/cgroup/freezer',
  unifiedMount: '/sys/fs/cgroup/unified',
  callMicroseconds: 3,
  stopMicroseconds: 20,
  freezeMicroseconds: 300,
  restopMicroseconds: 100,
  notifyMicroseconds: 10_000,
  agentPid: 900,
  tracingTid: 901,
  bootTime: 1_700_000_000,
};
const FIRST_TID = 1000;
const SIGKILL = 9;

/** The ptrace event of each way to create a task, and the option that requests the event. */
const BIRTHS = {
  fork: { event: PTRACE_EVENT_FORK, option: TRACE_FORK },
  vfork: { event: PTRACE_EVENT_VFORK, option: TRACE_VFORK },
  clone: { event: PTRACE_EVENT_CLONE, option: TRACE_CLONE },
} as const;

export class FakeHost {
  readonly state: HostState;
  #nextTid = FIRST_TID;

  /** A host with nothing but an agent that has a main thread and a tracing thread. */
  constructor(options: Partial<HostOptions> = {}) {
    const settled = { ...DEFAULTS, ...options };
    const roots = { v1: makeCgroup('v1', '/', undefined), v2: makeCgroup('v2', '/', undefined) };
    roots.v1.freezeMicroseconds = roots.v2.freezeMicroseconds = settled.freezeMicroseconds;
    this.state = {
      options: settled,
      clock: new VirtualClock(),
      tasks: new Map(),
      roots,
      files: new Map(),
      tracingTid: settled.tracingTid,
      dirty: true,
      refreshAt: -Infinity,
    };
    this.addProcess({ tid: settled.agentPid, comm: 'node', threads: [{ tid: settled.tracingTid, comm: 'tracing' }] });
  }

  /** Virtual microseconds. */
  now(): number {
    return this.state.clock.now();
  }

  /** Runs `action` at that time, whatever the agent does then. */
  later(microseconds: number, action: () => void): void {
    this.state.clock.after(microseconds, () => {
      action();
      this.#changed();
    });
  }

  /** Lets time pass without a call of the agent. */
  advance(microseconds: number): void {
    this.#changed();
    this.state.clock.advance(microseconds);
  }

  /** Creates the cgroup together with its missing ancestors. */
  addCgroup(version: CgroupVersion, path: string, knobs: Partial<FakeCgroup> = {}): FakeCgroup {
    return Object.assign(addCgroup(this.state, version, path), knobs);
  }

  /**
   * Removes an empty cgroup, as rmdir does. To remove an occupied cgroup, a script must kill or move its tasks first.
   */
  removeCgroup(version: CgroupVersion, path: string): void {
    removeCgroup(this.state, version, path);
    this.#changed();
  }

  cgroup(version: CgroupVersion, path: string): FakeCgroup {
    return cgroupAt(this.state, version, path);
  }

  /** Absolute directory of a cgroup. */
  directory(version: CgroupVersion, path: string): string {
    const { freezerMount, unifiedMount } = this.state.options;
    return `${version === 'v1' ? freezerMount : unifiedMount}${path === '/' ? '' : path}`;
  }

  /** Freezes or thaws a cgroup in the name of somebody else. */
  freeze(version: CgroupVersion, path: string, freeze = true): void {
    applyFreeze(this.state, this.cgroup(version, path), freeze, 'other');
    this.#changed();
  }

  /**
   * Starts a process. `threads` gives its threads besides the leader: their number, or one spec for each. Returns its
   * pid.
   */
  addProcess(spec: ProcessSpec = {}): number {
    const leader = this.#add(spec, undefined);
    const threads = spec.threads ?? 0;
    const each: readonly TaskSpec[] =
      typeof threads === 'number' ? Array.from({ length: threads }, () => ({})) : threads;
    for (const thread of each) this.#add(thread, leader);
    this.#changed();
    return leader.tid;
  }

  /** Starts a thread without any tracer noticing. Returns its tid. */
  addThread(pid: number, spec: TaskSpec = {}): number {
    const thread = this.#add(spec, this.task(pid));
    this.#changed();
    return thread.tid;
  }

  /** Returns a living or dead task; throws when it does not exist. */
  task(tid: number): FakeTask {
    const task = this.state.tasks.get(tid);
    if (task === undefined) throw new Error(`no task ${tid}`);
    settle(this.state, task);
    return task;
  }

  exists(tid: number): boolean {
    const task = this.state.tasks.get(tid);
    if (task !== undefined) settle(this.state, task);
    return this.state.tasks.has(tid);
  }

  /** Whether the task can execute instructions now. */
  runs(tid: number): boolean {
    return this.exists(tid) && runs(this.state, this.task(tid));
  }

  /**
   * A fork, vfork or clone (a thread) by a running task. Returns the new tid, or undefined when the task cannot run
   * now. Tracing is inherited according to the options of the tracer.
   */
  spawn(tid: number, kind: keyof typeof BIRTHS, spec: TaskSpec = {}): number | undefined {
    if (!this.runs(tid)) return undefined;
    const parent = this.task(tid);
    const inherited: TaskSpec = { v1: parent.v1.path, v2: parent.v2.path, ppid: parent.tgid, ...spec };
    const child = this.#add(inherited, kind === 'clone' ? this.task(parent.tgid) : undefined);
    if (kind === 'vfork') parent.activity = 'vforkParent';
    const { event, option } = BIRTHS[kind];
    if (parent.trace !== undefined && (parent.trace.options & option) !== 0) {
      const { tracerTid, ours, options } = parent.trace;
      const stop = { event: PTRACE_EVENT_STOP, signal: SIGTRAP, message: 0 };
      child.trace = { tracerTid, ours, options, interruptedAt: undefined, stop };
      parent.trace.stop = { event, signal: SIGTRAP, message: child.tid };
    }
    this.#changed();
    return child.tid;
  }

  /** An execve by a running task. Afterwards its tid is its pid. Returns false when the task cannot run now. */
  exec(tid: number): boolean {
    if (!this.runs(tid)) return false;
    startExec(this.state, this.task(tid));
    this.#changed();
    return true;
  }

  /** Sends a signal to the process. Programs handle every signal except SIGKILL and the stopping ones. */
  signal(tid: number, signal: number): void {
    sendSignal(this.state, tid, signal);
    this.#changed();
  }

  kill(tid: number): void {
    this.signal(tid, SIGKILL);
  }

  /** Ends one thread. A leader with siblings stays as a dead leader. */
  exit(tid: number, status = 0): void {
    die(this.state, this.task(tid), undefined, status);
    this.#changed();
  }

  /** The real parent waits for a zombie. */
  reap(tid: number): void {
    const task = this.state.tasks.get(tid);
    if (task?.dead !== undefined && task.trace === undefined) this.state.tasks.delete(tid);
    this.#changed();
  }

  /** Lets somebody else trace the task from now on, in a ptrace stop or running. */
  trace(tid: number, tracerTid: number, stopped = false): void {
    const stop = stopped ? { event: PTRACE_EVENT_STOP, signal: SIGTRAP, message: 0 } : undefined;
    this.task(tid).trace = { tracerTid, ours: false, options: 0, interruptedAt: undefined, stop };
  }

  /** That other tracer detaches. */
  untrace(tid: number): void {
    const task = this.task(tid);
    if (task.trace?.ours !== false) throw new Error(`task ${tid} has no other tracer`);
    if (task.dead === undefined) task.trace = undefined;
    else releaseDead(this.state, task);
  }

  /** Changes the activity of the task, for instance into an uninterruptible wait or out of it. */
  setActivity(tid: number, activity: Activity, waitChannel = 'folio_wait_bit_common'): void {
    const task = this.task(tid);
    task.activity = activity;
    task.waitChannel = waitChannel;
    if (activity === 'running' || activity === 'sleeping') task.runnableSince = this.now();
    this.#changed();
  }

  /** Moves every thread of the process into a cgroup, as a write to cgroup.procs does. */
  move(pid: number, version: CgroupVersion, path: string): void {
    for (const task of groupOf(this.state, pid)) this.moveThread(task.tid, version, path);
  }

  moveThread(tid: number, version: CgroupVersion, path: string): void {
    settle(this.state, this.task(tid));
    moveTask(this.task(tid), this.cgroup(version, path), this.now());
    this.#changed();
  }

  /** Lists everything that a capture must not leave behind. Empty after a correct capture. */
  audit(): readonly Finding[] {
    return audit(this.state);
  }

  #add(spec: TaskSpec, leader: FakeTask | undefined): FakeTask {
    const tid = spec.tid ?? this.#freeTid();
    if (this.state.tasks.has(tid)) throw new Error(`task ${tid} exists`);
    const task = makeTask(this.state, tid, spec, leader);
    this.state.tasks.set(tid, task);
    return task;
  }

  #freeTid(): number {
    while (this.state.tasks.has(this.#nextTid)) this.#nextTid += 1;
    return this.#nextTid++;
  }

  /** Looks at cgroup.events now, so that its notification is dated at the change and not at the next call. */
  #changed(): void {
    settleAll(this.state);
    refreshEvents(this.state);
  }
}
