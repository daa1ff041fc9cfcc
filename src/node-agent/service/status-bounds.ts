/**
 * Cuts a report to what fits into a status. The bounds are the maxima in deploy/crds/podcaptures.yaml, with the same
 * meaning. If a status exceeds one of them, the server refuses the status, and the capture never ends. Pure.
 */
import type { ContainerCapture, ProcessRow, ThreadRow, UnfrozenTask } from '../../api/podcapture.js';

export const MAX_ROWS = 500;
export const MAX_THREADS = 32;
export const MAX_UNFROZEN = 100;
export const MAX_CONTAINERS = 64;
export const MAX_MESSAGE = 4096;
const MAX_NAME = 63;
const MAX_CONTAINER_ID = 128;
const MAX_COMM = 64;
const MAX_PATH = 4096;
const MAX_SIGNAL = 16;
const MAX_NS_PIDS = 32;
const MAX_NAMESPACES = 16;
const MAX_TIME = 40;
const MAX_STATE = 4;
const MAX_WAIT_CHANNEL = 256;
/**
 * Most bytes of JSON for `unfrozen`, and for `containers`. Both stay far below it unless somebody provokes long values.
 */
const MAX_LIST_BYTES = 64 << 10;
const ELLIPSIS = '…';

/**
 * Cuts `text` to at most `most` characters. The server counts Unicode code points. A text that was cut ends in an
 * ellipsis.
 */
export function cutText(text: string, most: number): string {
  // A string has at least as many UTF-16 units as code points, and at most twice as many.
  if (text.length <= most) return text;
  const points = Array.from(text.slice(0, 2 * most + 2));
  return points.length <= most ? text : points.slice(0, most - 1).join('') + ELLIPSIS;
}

/** Rounds to a whole number that is not negative; 0 for NaN and infinity. */
export function count(value: number): number {
  return Number.isFinite(value) ? Math.max(0, Math.round(value)) : 0;
}

/** Returns as many items from the front as fit into so many bytes of JSON. */
function fitting<T>(items: readonly T[], maxBytes: number): T[] {
  let bytes = 2;
  const tooMuch = items.findIndex((item) => (bytes += Buffer.byteLength(JSON.stringify(item)) + 1) > maxBytes);
  return tooMuch === -1 ? [...items] : items.slice(0, tooMuch);
}

export interface BoundedTree {
  readonly rows: readonly ProcessRow[];
  readonly truncated: boolean;
}

/** Parents precede their children, so no row that remains loses its parent. */
export function boundTree(tree: readonly ProcessRow[], maxBytes: number): BoundedTree {
  const rows = fitting(tree.slice(0, MAX_ROWS).map(boundRow), maxBytes);
  const fewerThreads = rows.some((row, index) => row.threads.length < (tree[index]?.threads.length ?? 0));
  return { rows, truncated: rows.length < tree.length || fewerThreads };
}

function boundRow(row: ProcessRow): ProcessRow {
  return {
    ...row,
    comm: cutText(row.comm, MAX_COMM),
    ...(row.exe === undefined ? {} : { exe: cutText(row.exe, MAX_PATH) }),
    ...(row.stopSignal === undefined ? {} : { stopSignal: cutText(row.stopSignal, MAX_SIGNAL) }),
    startTime: cutText(row.startTime, MAX_TIME),
    startTimeTicks: count(row.startTimeTicks),
    nsPids: row.nsPids.slice(0, MAX_NS_PIDS),
    namespaces: Object.fromEntries(Object.entries(row.namespaces).slice(0, MAX_NAMESPACES)),
    cgroup: cutText(row.cgroup, MAX_PATH),
    threads: row.threads.slice(0, MAX_THREADS).map(boundThread),
  };
}

function boundThread(thread: ThreadRow): ThreadRow {
  return { ...thread, comm: cutText(thread.comm, MAX_COMM) };
}

export function boundUnfrozen(unfrozen: readonly UnfrozenTask[]): UnfrozenTask[] {
  const bounded = unfrozen.slice(0, MAX_UNFROZEN).map((task) => ({
    ...task,
    comm: cutText(task.comm, MAX_COMM),
    state: cutText(task.state, MAX_STATE),
    waitChannel: cutText(task.waitChannel, MAX_WAIT_CHANNEL),
  }));
  return fitting(bounded, MAX_LIST_BYTES);
}

export function boundContainers(containers: readonly ContainerCapture[]): ContainerCapture[] {
  const bounded = containers.slice(0, MAX_CONTAINERS).map((container) => ({
    ...container,
    ...(container.name === undefined ? {} : { name: cutText(container.name, MAX_NAME) }),
    ...(container.containerID === undefined ? {} : { containerID: cutText(container.containerID, MAX_CONTAINER_ID) }),
    cgroupPath: cutText(container.cgroupPath, MAX_PATH),
  }));
  return fitting(bounded, MAX_LIST_BYTES);
}
