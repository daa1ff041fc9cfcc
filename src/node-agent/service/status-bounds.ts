/**
 * Cuts a report to what fits into a status. The bounds are the maxima in deploy/crds/podcaptures.yaml, with the same
 * meaning. If a status exceeds one of them, the server refuses the status, and the capture never ends. Pure.
 */
import { cutText, MAX_MESSAGE } from '../../api/conditions.js';
import type { PodCaptureStatus } from '../../api/kinds.js';
import {
  onlyDeclared,
  type ContainerCapture,
  type ProcessRow,
  type ThreadRow,
  type Timings,
  type UnfrozenTask,
} from '../../api/podcapture.js';
import type { CaptureReport } from '../report/parse-report.js';

/** The lists as the schema's types have them. */
type Row = NonNullable<PodCaptureStatus['tree']>[number];
type Thread = Row['threads'][number];
type Unfrozen = NonNullable<PodCaptureStatus['unfrozen']>[number];
type Container = NonNullable<PodCaptureStatus['containers']>[number];

export const MAX_ROWS = 100;
export const MAX_THREADS = 32;
export const MAX_UNFROZEN = 100;
export const MAX_CONTAINERS = 64;
const MAX_NAME = 63;
const MAX_CONTAINER_ID = 128;
const MAX_COMM = 64;
const MAX_PATH = 4096;
/**
 * Most bytes of JSON of a path in a row of the tree, and of a whole row. A process chooses the path of its program and the names
 * of its threads and cgroups, so one row could take more than the status has room for, and hide all others. An ordinary row with
 * 32 threads takes 3 kB. Without threads no row exceeds the bound: comm, ids and namespaces take 2 KiB at most.
 */
const MAX_ROW_PATH_BYTES = 512;
const MAX_ROW_BYTES = 4 << 10;
const MAX_SIGNAL = 16;
const MAX_PENDING = 4;
const MAX_NS_PIDS = 32;
const MAX_NAMESPACES = 16;
const MAX_TIME = 40;
const MAX_STATE = 4;
const MAX_WAIT_CHANNEL = 256;
const MAX_STACK = 16;
/**
 * Most bytes of JSON for the message of a condition. A control character takes six, so that 4,096 characters, which the schema
 * allows, could fill most of the status.
 */
const MAX_MESSAGE_BYTES = 4 << 10;

/** Rounds to a whole number that is not negative; 0 for NaN and infinity. */
export function count(value: number): number {
  return Number.isFinite(value) ? Math.max(0, Math.round(value)) : 0;
}

export function wholeTimings(timings: Timings): Timings {
  return {
    resolveMicroseconds: count(timings.resolveMicroseconds),
    cgroupFreezeMicroseconds: count(timings.cgroupFreezeMicroseconds),
    seizeMicroseconds: count(timings.seizeMicroseconds),
    cgroupThawMicroseconds: count(timings.cgroupThawMicroseconds),
    stopMicroseconds: count(timings.stopMicroseconds),
    collectMicroseconds: count(timings.collectMicroseconds),
    holdMicroseconds: count(timings.holdMicroseconds),
    releaseMicroseconds: count(timings.releaseMicroseconds),
    freezingMicroseconds: count(timings.freezingMicroseconds),
    pauseMicroseconds: count(timings.pauseMicroseconds),
  };
}

/** Two characters of JSON text that belong together, or one that Go writes as an escape. */
const ESCAPES = /\\.|[<>&\u2028\u2029]/gs;
/** Characters that Go writes as six bytes, such as `\u003c`. For \b and \f this depends on the version of Go. */
const SIX_BYTES = new Set(['<', '>', '&', '\u2028', '\u2029', '\\b', '\\f']);

/**
 * The most bytes that a value takes as JSON: the API server stores and sends it as encoding/json of Go writes it, which escapes
 * more than JSON.stringify() does.
 */
export function bytesOf(value: unknown): number {
  const text = JSON.stringify(value);
  let bytes = Buffer.byteLength(text);
  for (const [found] of text.matchAll(ESCAPES)) if (SIX_BYTES.has(found)) bytes += 6 - Buffer.byteLength(found);
  return bytes;
}

/** Cuts a text to so many code points, and to so many bytes of JSON. A text that was cut ends in an ellipsis. */
function cutToBytes(text: string, mostPoints: number, mostBytes: number): string {
  let most = mostPoints;
  while (bytesOf(cutText(text, most)) > mostBytes) most = Math.floor(most / 2);
  return cutText(text, most);
}

/** Cuts a message to what the schema allows, and to a part of the bytes that a status may have. */
export function boundMessage(message: string): string {
  return cutToBytes(message, MAX_MESSAGE, MAX_MESSAGE_BYTES);
}

/** Returns, in their order, the items that fit into so many bytes of JSON. An item that does not fit hides none after it. */
function fitting<T>(items: readonly T[], maxBytes: number): T[] {
  let left = maxBytes;
  return items.filter((item) => {
    const bytes = bytesOf(item) + 1;
    if (bytes > left) return false;
    left -= bytes;
    return true;
  });
}

type Lists = Required<Pick<PodCaptureStatus, 'containers' | 'unfrozen' | 'tree' | 'truncated'>>;

/**
 * Cuts the lists to `maxBytes` of JSON together, without their brackets. Containers and unfrozen tasks come before the tree, but
 * neither takes more than half of what is left. In the tree parents precede their children, and a row is bounded, so only a row
 * near the end can lose its parent; it is then drawn as a root.
 */
export function boundLists(report: Pick<CaptureReport, 'containers' | 'unfrozen' | 'tree'>, maxBytes: number): Lists {
  const containers = fitting(report.containers.slice(0, MAX_CONTAINERS).map(boundContainer), maxBytes / 2);
  const afterContainers = maxBytes - bytesOf(containers);
  const unfrozen = fitting(report.unfrozen.slice(0, MAX_UNFROZEN).map(boundUnfrozen), afterContainers / 2);
  const bounded = report.tree.slice(0, MAX_ROWS).map(boundRow);
  const tree = fitting(bounded, afterContainers - bytesOf(unfrozen));
  const truncated =
    containers.length < report.containers.length ||
    unfrozen.length < report.unfrozen.length ||
    tree.length < report.tree.length ||
    bounded.some((row, index) => isCut(row, report.tree[index]));
  return { containers, unfrozen, tree, truncated };
}

/** Whether the artifact has more of the row. */
function isCut({ exe, cgroup, threads }: Row, whole: ProcessRow | undefined): boolean {
  return exe !== whole?.exe || cgroup !== whole?.cgroup || threads.length < whole.threads.length;
}

const declaredRow = onlyDeclared<Row>();
const declaredThread = onlyDeclared<Thread>();
const declaredUnfrozen = onlyDeclared<Unfrozen>();

function boundRow(row: ProcessRow): Row {
  const { exe, stopSignal, pendingStopSignals, ...rest } = row;
  const bare = declaredRow({
    ...rest,
    comm: cutText(row.comm, MAX_COMM),
    ...(exe === undefined ? {} : { exe: cutToBytes(exe, MAX_PATH, MAX_ROW_PATH_BYTES) }),
    ...(stopSignal === undefined ? {} : { stopSignal: cutText(stopSignal, MAX_SIGNAL) }),
    ...boundPending(pendingStopSignals),
    startTime: cutText(row.startTime, MAX_TIME),
    startTimeTicks: count(row.startTimeTicks),
    nsPids: row.nsPids.slice(0, MAX_NS_PIDS),
    namespaces: Object.fromEntries(Object.entries(row.namespaces).slice(0, MAX_NAMESPACES)),
    cgroup: cutToBytes(row.cgroup, MAX_PATH, MAX_ROW_PATH_BYTES),
    threads: [],
  });
  return {
    ...bare,
    threads: fitting(row.threads.slice(0, MAX_THREADS).map(boundThread), MAX_ROW_BYTES - bytesOf(bare)),
  };
}

function boundThread({ pendingStopSignals, ...rest }: ThreadRow): Thread {
  return declaredThread({ ...rest, comm: cutText(rest.comm, MAX_COMM), ...boundPending(pendingStopSignals) });
}

function boundPending(signals: readonly string[] | undefined): { pendingStopSignals?: string[] } {
  return signals === undefined ? {} : { pendingStopSignals: signals.slice(0, MAX_PENDING) };
}

function boundUnfrozen({ stack, ...rest }: UnfrozenTask): Unfrozen {
  return declaredUnfrozen({
    ...rest,
    comm: cutText(rest.comm, MAX_COMM),
    state: cutText(rest.state, MAX_STATE),
    waitChannel: cutText(rest.waitChannel, MAX_WAIT_CHANNEL),
    ...(stack === undefined ? {} : { stack: stack.slice(0, MAX_STACK) }),
  });
}

function boundContainer(container: ContainerCapture): Container {
  const { name, containerID } = container;
  return {
    ...container,
    ...(name === undefined ? {} : { name: cutText(name, MAX_NAME) }),
    ...(containerID === undefined ? {} : { containerID: cutText(containerID, MAX_CONTAINER_ID) }),
    cgroupPath: cutText(container.cgroupPath, MAX_PATH),
  };
}
