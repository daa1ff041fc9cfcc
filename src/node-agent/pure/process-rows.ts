/** From parsed /proc files to the rows of the API. Pure. */
import { onlyDeclared, type IdSet, type ProcessRow, type TaskState, type ThreadRow } from '../../api/podcapture.js';
import { parseCredentials, type Credentials, type ProcStatus } from './proc-status.js';
import { idInside, type IdRange } from './uid-map.js';

/** USER_HZ of x86-64 and arm64: the unit of start times in /proc (times(2), proc_pid_stat(5)). */
const CLOCK_TICKS_PER_SECOND = 100;
/** The signals that stop a process (signal(7)); the same numbers on x86-64 and arm64. */
const STOP_SIGNALS: Readonly<Record<number, string>> = { 19: 'SIGSTOP', 20: 'SIGTSTP', 21: 'SIGTTIN', 22: 'SIGTTOU' };

/** A captured task. */
export interface CapturedTask {
  readonly tid: number;
  readonly tgid: number;
  readonly comm: string;
  /** The task has exited: it is a leader whose other threads live on. */
  readonly isDead: boolean;
  /** The lines of the task's status that `parseCredentials` reads. */
  readonly credentials: string;
  /** Pending stop signals of the task, as bits of STOP_SIGNAL_BITS. */
  readonly pendingStops: number;
  /** The looks before and after the pause did not agree. */
  readonly isUnsettled: boolean;
  /** The whole status. Every thread-group leader has one; another thread may. */
  readonly status?: ProcStatus;
  /** Stop signals that are pending for the task's process, as bits. Known together with {@link status}. */
  readonly sharedPendingStops: number;
  /** Signal of the job-control stop. 0 when the task was in none; -1 when it was in one and the signal is not known. */
  readonly stopSignal: number;
  /** Path of the task's cgroup below the mount point. */
  readonly cgroup: string;
}

/** The facts that a process has once, not per thread. */
export interface ProcessFacts {
  readonly exe?: string;
  readonly startTimeTicks: number;
  readonly namespaces: Readonly<Record<string, number>>;
  /** Maps of the process's user namespace, if that is not the reader's. */
  readonly idMaps?: { readonly uids: readonly IdRange[]; readonly gids: readonly IdRange[] };
}

/** All that was read, by pid. */
export interface TreeFacts {
  readonly tasks: readonly CapturedTask[];
  /** Status of the leaders that no list of the target names: they have exited, or are in another cgroup. */
  readonly unlistedLeaders: ReadonlyMap<number, ProcStatus>;
  readonly zombies: ReadonlyMap<number, ProcStatus>;
  readonly processes: ReadonlyMap<number, ProcessFacts>;
  /** Seconds since the epoch. */
  readonly bootTime: number;
}

const declaredRow = onlyDeclared<ProcessRow>();
/** The fields that the rows of living processes and of zombies have in common. */
type SharedFields = Omit<ProcessRow, 'state' | 'cgroup' | 'threads'>;
const declaredShared = onlyDeclared<SharedFields>();
const declaredThread = onlyDeclared<ThreadRow>();
const UNKNOWN: ProcessFacts = { startTimeTicks: 0, namespaces: {} };

/** The flat tree: parents before their children, siblings by pid. */
export function processRows(facts: TreeFacts): ProcessRow[] {
  const rows: ProcessRow[] = [];
  for (const [pid, threads] of groupByProcess(facts.tasks)) {
    const row = livingRow(facts, pid, threads);
    if (row !== undefined) rows.push(row);
  }
  const captured = new Map(rows.map((row) => [row.pid, row]));
  for (const [pid, status] of facts.zombies) {
    const parent = captured.get(status.ppid);
    if (parent !== undefined && !captured.has(pid)) rows.push(zombieRow(facts, pid, status, parent.cgroup));
  }
  return parentsFirst(rows);
}

function groupByProcess(tasks: readonly CapturedTask[]): Map<number, CapturedTask[]> {
  const groups = new Map<number, CapturedTask[]>();
  for (const task of tasks) {
    const group = groups.get(task.tgid);
    if (group === undefined) groups.set(task.tgid, [task]);
    else group.push(task);
  }
  return groups;
}

function livingRow(facts: TreeFacts, pid: number, tasks: readonly CapturedTask[]): ProcessRow | undefined {
  const leader = tasks.find((task) => task.tid === pid);
  const unlisted = leader === undefined ? facts.unlistedLeaders.get(pid) : undefined;
  const any = leader ?? tasks[0];
  const status = leader?.status ?? unlisted ?? tasks.find((task) => task.status !== undefined)?.status;
  if (any === undefined || status === undefined) return undefined;
  // A leader that lives is in another cgroup, and not held.
  const hasExited = unlisted !== undefined && (unlisted.state === 'Z' || unlisted.state === 'X');
  const leaderDead = leader?.isDead === true || hasExited;
  const stopSignal = tasks.find((task) => task.stopSignal !== 0)?.stopSignal ?? 0;
  const threads = tasks.map((task) => threadRow(task, leader, status));
  if (hasExited) threads.push({ tid: pid, comm: unlisted.comm, state: 'Zombie' });
  threads.sort((a, b) => (a.tid === pid ? -1 : b.tid === pid ? 1 : a.tid - b.tid));
  const signal = STOP_SIGNALS[stopSignal];
  const pending = signalNames(leader === undefined ? 0 : leader.sharedPendingStops | leader.pendingStops);
  return declaredRow({
    ...sharedFields(facts, pid, status),
    state: stopSignal === 0 ? 'Alive' : 'Stopped',
    ...(signal === undefined ? {} : { stopSignal: signal }),
    ...(pending.length === 0 ? {} : { pendingStopSignals: pending }),
    ...(leader?.isUnsettled === true ? { unsettled: true } : {}),
    ...(leaderDead ? { leaderDead: true } : {}),
    cgroup: any.cgroup,
    threads,
  });
}

function zombieRow(facts: TreeFacts, pid: number, status: ProcStatus, cgroup: string): ProcessRow {
  return { ...sharedFields(facts, pid, status), state: 'Zombie', cgroup, threads: [] };
}

function sharedFields(facts: TreeFacts, pid: number, status: ProcStatus): SharedFields {
  const { exe, startTimeTicks, namespaces, idMaps } = facts.processes.get(pid) ?? UNKNOWN;
  return declaredShared({
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
    ...(idMaps === undefined
      ? {}
      : { containerUids: inside(idMaps.uids, status.uids), containerGids: inside(idMaps.gids, status.gids) }),
    capabilities: status.capabilities,
    noNewPrivileges: status.noNewPrivileges,
    seccomp: status.seccomp,
    nsPids: status.nsPids,
    namespaces,
  });
}

function inside(map: readonly IdRange[], ids: IdSet): IdSet {
  return {
    real: idInside(map, ids.real),
    effective: idInside(map, ids.effective),
    saved: idInside(map, ids.saved),
    filesystem: idInside(map, ids.filesystem),
  };
}

function threadRow(task: CapturedTask, leader: CapturedTask | undefined, row: Credentials): ThreadRow {
  const pending = task === leader ? [] : signalNames(task.pendingStops);
  return declaredThread({
    tid: task.tid,
    comm: task.comm,
    state: threadState(task),
    ...(task.credentials === leader?.credentials ? {} : differences(task, row)),
    ...(pending.length === 0 ? {} : { pendingStopSignals: pending }),
    ...(task.isUnsettled && task !== leader ? { unsettled: true } : {}),
  });
}

/**
 * The values of a thread that differ from the row of its process. The row has the values of the leader, also of a leader that has
 * exited.
 */
function differences(task: CapturedTask, row: Credentials): Partial<Credentials> {
  const own = parseCredentials(task.credentials);
  if (own === undefined) return {};
  const fields = Object.keys(own) as (keyof Credentials)[];
  const different = fields.filter((field) => JSON.stringify(own[field]) !== JSON.stringify(row[field]));
  return Object.fromEntries(different.map((field) => [field, own[field]]));
}

/** The names of the signals in a set of bits: signal n is bit n - 1. */
function signalNames(bits: number): string[] {
  return Object.entries(STOP_SIGNALS).flatMap(([signal, name]) => ((bits >> (Number(signal) - 1)) & 1 ? [name] : []));
}

function threadState(task: CapturedTask): TaskState {
  if (task.isDead) return 'Zombie';
  return task.stopSignal === 0 ? 'Alive' : 'Stopped';
}

/** Orders the rows without recursion, because a chain of processes may be tens of thousands deep. */
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
