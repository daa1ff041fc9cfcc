/** From parsed /proc files to the rows of the API. Pure. */
import type { ProcessRow, TaskState, ThreadRow } from '../../api/podcapture.js';
import type { ProcStatus } from './proc-status.js';

/** USER_HZ of x86-64 and arm64: the unit of start times in /proc (times(2), proc_pid_stat(5)). */
const CLOCK_TICKS_PER_SECOND = 100;
/** The signals that stop a process (signal(7)); the same numbers on x86-64 and arm64. */
const STOP_SIGNALS: Readonly<Record<number, string>> = { 19: 'SIGSTOP', 20: 'SIGTSTP', 21: 'SIGTTIN', 22: 'SIGTTOU' };

/** A captured task with its status. */
export interface TaskFacts {
  readonly tid: number;
  readonly status: ProcStatus;
  /** 0 when it was in no job-control stop; -1 when it was in one and the signal is not known. */
  readonly stopSignal: number;
  /** Path of its cgroup below the mount point. */
  readonly cgroup: string;
}

/** What a process has once. */
export interface ProcessFacts {
  readonly exe?: string;
  readonly startTimeTicks: number;
  readonly namespaces: Readonly<Record<string, number>>;
}

/** All that was read, by pid. */
export interface TreeFacts {
  readonly tasks: readonly TaskFacts[];
  /** Status of leaders that are in no list because they have exited. */
  readonly deadLeaders: ReadonlyMap<number, ProcStatus>;
  readonly zombies: ReadonlyMap<number, ProcStatus>;
  readonly processes: ReadonlyMap<number, ProcessFacts>;
  /** Seconds since the epoch. */
  readonly bootTime: number;
}

const UNKNOWN: ProcessFacts = { startTimeTicks: 0, namespaces: {} };

/** The flat tree: parents before their children, siblings by pid. */
export function processRows(facts: TreeFacts): ProcessRow[] {
  const rows: ProcessRow[] = [];
  for (const [pid, threads] of groupByProcess(facts.tasks)) rows.push(livingRow(facts, pid, threads));
  const captured = new Map(rows.map((row) => [row.pid, row]));
  for (const [pid, status] of facts.zombies) {
    const parent = captured.get(status.ppid);
    if (parent !== undefined && !captured.has(pid)) rows.push(zombieRow(facts, pid, status, parent.cgroup));
  }
  return parentsFirst(rows);
}

function groupByProcess(tasks: readonly TaskFacts[]): Map<number, TaskFacts[]> {
  const groups = new Map<number, TaskFacts[]>();
  for (const task of tasks) {
    const group = groups.get(task.status.tgid);
    if (group === undefined) groups.set(task.status.tgid, [task]);
    else group.push(task);
  }
  return groups;
}

function livingRow(facts: TreeFacts, pid: number, tasks: readonly TaskFacts[]): ProcessRow {
  const leader = tasks.find((task) => task.tid === pid);
  const deadLeader =
    leader === undefined || leader.status.state === 'Z' ? (leader?.status ?? facts.deadLeaders.get(pid)) : undefined;
  const spokesman = leader ?? tasks[0];
  const stopSignal = tasks.find((task) => task.stopSignal !== 0)?.stopSignal ?? 0;
  const threads = tasks.map(threadRow);
  if (deadLeader !== undefined && leader === undefined)
    threads.push({ tid: pid, comm: deadLeader.comm, state: 'Zombie' });
  threads.sort((a, b) => (a.tid === pid ? -1 : b.tid === pid ? 1 : a.tid - b.tid));
  const status = leader?.status ?? deadLeader ?? spokesman?.status;
  const signal = STOP_SIGNALS[stopSignal];
  return {
    ...sharedFields(facts, pid, status as ProcStatus),
    state: stopSignal === 0 ? 'Alive' : 'Stopped',
    ...(signal === undefined ? {} : { stopSignal: signal }),
    ...(deadLeader === undefined ? {} : { leaderDead: true as const }),
    cgroup: spokesman?.cgroup ?? '/',
    threads,
  };
}

function zombieRow(facts: TreeFacts, pid: number, status: ProcStatus, cgroup: string): ProcessRow {
  return { ...sharedFields(facts, pid, status), state: 'Zombie', cgroup, threads: [] };
}

function sharedFields(
  facts: TreeFacts,
  pid: number,
  status: ProcStatus,
): Omit<ProcessRow, 'state' | 'cgroup' | 'threads'> {
  const { exe, startTimeTicks, namespaces } = facts.processes.get(pid) ?? UNKNOWN;
  return {
    pid,
    ppid: status.ppid,
    pgid: status.pgid,
    sid: status.sid,
    comm: status.comm,
    ...(exe === undefined ? {} : { exe }),
    startTime: new Date((facts.bootTime + startTimeTicks / CLOCK_TICKS_PER_SECOND) * 1000).toISOString(),
    startTimeTicks,
    uids: status.uids,
    gids: status.gids,
    capabilities: status.capabilities,
    noNewPrivileges: status.noNewPrivileges,
    seccomp: status.seccomp,
    nsPids: status.nsPids,
    namespaces,
  };
}

function threadRow(task: TaskFacts): ThreadRow {
  return { tid: task.tid, comm: task.status.comm, state: threadState(task) };
}

function threadState(task: TaskFacts): TaskState {
  if (task.status.state === 'Z' || task.status.state === 'X') return 'Zombie';
  return task.stopSignal === 0 ? 'Alive' : 'Stopped';
}

/** Without recursion: a chain of processes may be tens of thousands deep. */
function parentsFirst(rows: readonly ProcessRow[]): ProcessRow[] {
  const captured = new Set(rows.map((row) => row.pid));
  const children = new Map<number, ProcessRow[]>();
  const roots: ProcessRow[] = [];
  for (const row of rows.toSorted(byDescendingPid)) {
    const siblings = captured.has(row.ppid) && row.ppid !== row.pid ? children.get(row.ppid) : roots;
    if (siblings === undefined) children.set(row.ppid, [row]);
    else siblings.push(row);
  }
  const ordered: ProcessRow[] = [];
  for (let next = roots.pop(); next !== undefined; next = roots.pop()) {
    ordered.push(next);
    for (const child of children.get(next.pid) ?? []) roots.push(child);
  }
  return ordered;
}

function byDescendingPid(a: ProcessRow, b: ProcessRow): number {
  return b.pid - a.pid;
}
