/**
 * Sample values of the API for tests. They are complete and valid, and a test states only the fields that matter to it.
 */
import { API_VERSION, KIND } from '../../src/api/podcapture.js';
import type {
  Condition,
  ContainerCapture,
  PodCapture,
  PodCaptureStatus,
  PrintedRow,
  ProcessRow,
  ThreadRow,
  Timings,
  UnfrozenTask,
} from '../../src/api/podcapture.js';

const NO_CAPABILITIES = '0000000000000000';

/**
 * The init process of a container: PID 1 in its PID namespace, one thread, user root. Threads and nsPids are derived
 * from `pid`.
 */
export function processRow(row: Partial<PrintedRow> & Pick<PrintedRow, 'pid'>): PrintedRow {
  const { pid, comm = 'sh' } = row;
  return {
    ppid: 1,
    pgid: pid,
    sid: pid,
    comm,
    state: 'Alive',
    startTime: '2025-01-01T00:00:00.000Z',
    startTimeTicks: 1000 + pid,
    uids: { real: 0, effective: 0, saved: 0, filesystem: 0 },
    gids: { real: 0, effective: 0, saved: 0, filesystem: 0 },
    capabilities: {
      inheritable: NO_CAPABILITIES,
      permitted: NO_CAPABILITIES,
      effective: NO_CAPABILITIES,
      bounding: NO_CAPABILITIES,
      ambient: NO_CAPABILITIES,
    },
    noNewPrivileges: false,
    seccomp: 'Disabled',
    nsPids: [pid],
    namespaces: { mnt: 4026531841, net: 4026531840, pid: 4026531836 },
    cgroup: '/sample',
    threads: row.state === 'Zombie' ? [] : [threadRow({ tid: pid, comm })],
    ...row,
  };
}

/** A row with every field of the custom resource. When a field is added to the type, this does not compile until the field is added here. */
export function completeRow(pid: number): Required<ProcessRow> {
  const ids = { real: 1000, effective: 0, saved: 1000, filesystem: 0 };
  const row = processRow({ pid, state: 'Stopped' });
  const { capabilities, noNewPrivileges, seccomp } = row;
  return {
    ...row,
    exe: '/bin/sh',
    stopSignal: 'SIGTSTP',
    pendingStopSignals: ['SIGSTOP'],
    unsettled: true,
    leaderDead: true,
    containerUids: ids,
    containerGids: ids,
    threads: [
      {
        tid: pid,
        comm: 'sh',
        state: 'Stopped',
        uids: ids,
        gids: ids,
        capabilities,
        noNewPrivileges,
        seccomp,
        pendingStopSignals: ['SIGTTIN'],
        unsettled: true,
      } satisfies Required<ThreadRow>,
    ],
  };
}

/** A container that has every field. */
export function completeContainer(): Required<ContainerCapture> {
  return { ...containerCapture(), name: 'web', containerID: '0'.repeat(64) };
}

/** A task that would not stop, and that has every field. */
export function completeUnfrozenTask(): Required<UnfrozenTask> {
  return { ...unfrozenTask(), stack: ['folio_wait_bit_common', 'do_read_fault'] };
}

/** A running thread. */
export function threadRow(row: Partial<ThreadRow> & Pick<ThreadRow, 'tid'>): ThreadRow {
  return { comm: 'sh', state: 'Alive', ...row };
}

/** The thread group leader, and one further thread per name, with consecutive TIDs. */
export function threadRows(pid: number, comm: string, others: readonly string[]): ThreadRow[] {
  return [comm, ...others].map((name, index) => threadRow({ tid: pid + index, comm: name }));
}

/** All timings are 0, except the given ones. */
export function timings(values: Partial<Timings> = {}): Timings {
  return {
    resolveMicroseconds: 0,
    cgroupFreezeMicroseconds: 0,
    seizeMicroseconds: 0,
    cgroupThawMicroseconds: 0,
    stopMicroseconds: 0,
    collectMicroseconds: 0,
    holdMicroseconds: 0,
    releaseMicroseconds: 0,
    freezingMicroseconds: 0,
    pauseMicroseconds: 0,
    ...values,
  };
}

/** The condition `Succeeded=True` with reason Captured. */
export function condition(values: Partial<Condition> = {}): Condition {
  return {
    type: 'Succeeded',
    status: 'True',
    reason: 'Captured',
    message: '',
    lastTransitionTime: '2025-01-01T00:00:01.000Z',
    ...values,
  };
}

/** The cgroup v2 /sample, held by its freezer. */
export function containerCapture(values: Partial<ContainerCapture> = {}): ContainerCapture {
  return {
    cgroupPath: '/sample',
    cgroupVersion: 'V2',
    freezer: 'V2',
    wasFrozen: false,
    processes: 1,
    threads: 1,
    ...values,
  };
}

/** A task that waits uninterruptibly for a file system. */
export function unfrozenTask(values: Partial<UnfrozenTask> = {}): UnfrozenTask {
  return { tid: 77, comm: 'dd', state: 'D', waitChannel: 'folio_wait_bit_common', cause: 'Uninterruptible', ...values };
}

/** A successful capture of one container. The counts are derived from the tree. */
export function podCapture(status: Partial<PodCaptureStatus> = {}): PodCapture {
  const tree = status.tree ?? [processRow({ pid: 1, ppid: 0 })];
  const alive = tree.filter((row) => row.state !== 'Zombie');
  return {
    apiVersion: API_VERSION,
    kind: KIND,
    metadata: { name: 'sample' },
    status: {
      startTime: '2025-01-01T00:00:00.000Z',
      completionTime: '2025-01-01T00:00:01.000Z',
      conditions: [condition()],
      processes: tree.length,
      threads: alive.reduce((sum, row) => sum + row.threads.length, 0),
      stopped: tree.filter((row) => row.state === 'Stopped').length,
      zombies: tree.length - alive.length,
      joined: 0,
      containers: [containerCapture()],
      timings: timings(),
      tree,
      unfrozen: [],
      ...status,
    },
  };
}
