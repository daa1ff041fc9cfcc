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

/** The length of a value as JSON. */
export function bytesOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}

/** Cuts a message to what the schema allows, and to a part of the bytes that a status may have. */
export function boundMessage(message: string): string {
  let most = MAX_MESSAGE;
  while (bytesOf(cutText(message, most)) > MAX_MESSAGE_BYTES) most = Math.floor(most / 2);
  return cutText(message, most);
}

/** Returns as many items from the front as fit into so many bytes of JSON. */
function fitting<T>(items: readonly T[], maxBytes: number): T[] {
  let bytes = 0;
  const tooMuch = items.findIndex((item) => (bytes += bytesOf(item) + 1) > maxBytes);
  return tooMuch === -1 ? [...items] : items.slice(0, tooMuch);
}

type Lists = Required<Pick<PodCaptureStatus, 'containers' | 'unfrozen' | 'tree' | 'truncated'>>;

/**
 * Cuts the lists to `maxBytes` of JSON together, without their brackets. Containers and unfrozen tasks come before the tree, but
 * neither takes more than half of what is left. In the tree parents precede their children, so no row that remains loses its
 * parent.
 */
export function boundLists(report: Pick<CaptureReport, 'containers' | 'unfrozen' | 'tree'>, maxBytes: number): Lists {
  const containers = fitting(report.containers.slice(0, MAX_CONTAINERS).map(boundContainer), maxBytes / 2);
  const afterContainers = maxBytes - bytesOf(containers);
  const unfrozen = fitting(report.unfrozen.slice(0, MAX_UNFROZEN).map(boundUnfrozen), afterContainers / 2);
  const tree = fitting(report.tree.slice(0, MAX_ROWS).map(boundRow), afterContainers - bytesOf(unfrozen));
  const truncated =
    containers.length < report.containers.length ||
    unfrozen.length < report.unfrozen.length ||
    tree.length < report.tree.length ||
    tree.some((row, index) => row.threads.length < (report.tree[index]?.threads.length ?? 0));
  return { containers, unfrozen, tree, truncated };
}

const declaredRow = onlyDeclared<Row>();
const declaredThread = onlyDeclared<Thread>();
const declaredUnfrozen = onlyDeclared<Unfrozen>();

function boundRow(row: ProcessRow): Row {
  const { exe, stopSignal, pendingStopSignals, ...rest } = row;
  return declaredRow({
    ...rest,
    comm: cutText(row.comm, MAX_COMM),
    ...(exe === undefined ? {} : { exe: cutText(exe, MAX_PATH) }),
    ...(stopSignal === undefined ? {} : { stopSignal: cutText(stopSignal, MAX_SIGNAL) }),
    ...boundPending(pendingStopSignals),
    startTime: cutText(row.startTime, MAX_TIME),
    startTimeTicks: count(row.startTimeTicks),
    nsPids: row.nsPids.slice(0, MAX_NS_PIDS),
    namespaces: Object.fromEntries(Object.entries(row.namespaces).slice(0, MAX_NAMESPACES)),
    cgroup: cutText(row.cgroup, MAX_PATH),
    threads: row.threads.slice(0, MAX_THREADS).map(boundThread),
  });
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
