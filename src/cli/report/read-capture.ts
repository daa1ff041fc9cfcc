/** Reads a capture and its Checkpoint, which anybody may have written, into facts that are safe to show. Pure. */
import { PHASES, type Phase } from '../../api/podcapture.js';
import { commOf, readRow, type Row } from './read-rows.js';
import { countOf, fieldsOf, listOf, oneOf, textOf, textsOf, type Fields } from './read-values.js';

export interface ConditionFact {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  readonly time: string;
}

export interface ContainerFact {
  readonly name?: string;
  readonly containerID?: string;
  readonly cgroupPath: string;
  readonly cgroupVersion: string;
  readonly freezer: string;
  readonly wasFrozen: boolean;
  readonly processes?: number;
  readonly threads?: number;
}

export interface UnfrozenFact {
  readonly tid: number;
  readonly comm: string;
  readonly state: string;
  readonly cause: string;
  readonly waitChannel: string;
  readonly stack: readonly string[];
}

/** Microseconds. A phase that was not gone through is 0. */
export type Durations = Readonly<Record<Phase | 'freezing' | 'pause', number>>;

export const COUNTS = ['processes', 'threads', 'stopped', 'zombies', 'joined'] as const;
/** Texts of the status that are shown as they are. */
const TIMES = ['startTime', 'completionTime', 'heldFrom', 'heldUntil', 'claimedBy'] as const;

export interface Facts {
  readonly name: string;
  readonly namespace?: string;
  /** The request: the spec of the Checkpoint, and the spec that the controller made of it. */
  readonly asked: Fields;
  readonly settled: Fields;
  readonly checkpoint?: { readonly name: string; readonly created?: string; readonly reason?: string };
  readonly pod: { readonly name?: string; readonly uid?: string; readonly node?: string };
  readonly conditions: readonly ConditionFact[];
  readonly containers: readonly ContainerFact[];
  readonly counts: Readonly<Partial<Record<(typeof COUNTS)[number], number>>>;
  readonly times: Readonly<Partial<Record<(typeof TIMES)[number], string>>>;
  readonly durations: Durations;
  readonly freezeSkew?: number;
  readonly overrun?: number;
  readonly truncated: boolean;
  readonly artifact?: { readonly path: string; readonly sha256: string; readonly command: string };
  readonly rows: readonly Row[];
  readonly unfrozen: readonly UnfrozenFact[];
}

export function readCapture(capture: unknown, checkpoint: unknown): Facts {
  const { metadata, spec, status: its } = fieldsOf(capture);
  const [about, settled, status] = [fieldsOf(metadata), fieldsOf(spec), fieldsOf(its)];
  const ckpt = fieldsOf(checkpoint);
  const ckptAbout = fieldsOf(ckpt['metadata']);
  const [row] = listOf(fieldsOf(ckpt['status'])['pods']).map(fieldsOf);
  const freezeSkew = countOf(status['freezeSkewMicroseconds']);
  const overrun = countOf(status['overrunMicroseconds']);
  const namespace = textOf(about['namespace']) ?? textOf(ckptAbout['namespace']);
  const ckptName = textOf(ckptAbout['name']);
  const reason = textOf(fieldsOf(ckptAbout['annotations'])['stasis.dev/reason']);
  const created = textOf(ckptAbout['creationTimestamp'], 64);
  const artifact = fieldsOf(status['artifact']);
  const asked = fieldsOf(ckpt['spec']);
  const first = (field: string): string | undefined => textOf(settled[field]) ?? textOf(row?.[field]);
  return {
    name: textOf(about['name']) ?? 'without a name',
    ...defined({ namespace }),
    asked,
    settled,
    ...(ckptName === undefined ? {} : { checkpoint: { name: ckptName, ...defined({ created, reason }) } }),
    pod: defined({ name: first('podName') ?? textOf(asked['podName']), uid: first('podUID'), node: first('nodeName') }),
    conditions: listOf(status['conditions']).map(readCondition),
    containers: listOf(status['containers']).map(readContainer),
    counts: defined(Object.fromEntries(COUNTS.map((name) => [name, countOf(status[name])]))),
    times: defined(Object.fromEntries(TIMES.map((name) => [name, textOf(status[name], 64)]))),
    durations: readDurations(fieldsOf(status['timings'])),
    ...defined({ freezeSkew, overrun }),
    truncated: status['truncated'] === true,
    ...(textOf(artifact['command']) === undefined ? {} : { artifact: readArtifact(artifact) }),
    rows: readRows(listOf(status['tree'])),
    unfrozen: listOf(status['unfrozen']).map(readUnfrozen),
  };
}

/** Leaves out the fields that are undefined. */
function defined<T extends object>(fields: T): { [Name in keyof T]?: Exclude<T[Name], undefined> } {
  const known = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(known) as { [Name in keyof T]?: Exclude<T[Name], undefined> };
}

/** A pid that occurs twice is a damaged row, because the kernel gives each to one process. */
function readRows(values: readonly unknown[]): Row[] {
  const seen = new Set<number>();
  return values.map((value) => {
    const row = readRow(value);
    const again = seen.has(row.pid);
    seen.add(row.pid);
    return again ? { ...row, damaged: [...row.damaged, `pid ${row.pid} a second time`] } : row;
  });
}

function readCondition(value: unknown): ConditionFact {
  const { type, status, reason, message, lastTransitionTime } = fieldsOf(value);
  return {
    type: textOf(type, 64) ?? '?',
    status: oneOf(status, ['True', 'False', 'Unknown']) ?? '?',
    reason: textOf(reason, 64) ?? '?',
    message: textOf(message, 32_768) ?? '',
    time: textOf(lastTransitionTime, 64) ?? '',
  };
}

function readContainer(value: unknown): ContainerFact {
  const { name, containerID, cgroupPath, cgroupVersion, freezer, wasFrozen, processes, threads } = fieldsOf(value);
  return {
    ...defined({ name: textOf(name, 256), containerID: textOf(containerID, 256) }),
    cgroupPath: textOf(cgroupPath) ?? '?',
    cgroupVersion: oneOf(cgroupVersion, ['V1', 'V2']) ?? '?',
    freezer: oneOf(freezer, ['V1', 'V2', 'None']) ?? '?',
    wasFrozen: wasFrozen === true,
    ...defined({ processes: countOf(processes), threads: countOf(threads) }),
  };
}

function readUnfrozen(value: unknown): UnfrozenFact {
  const { tid, comm, state, cause, waitChannel, stack } = fieldsOf(value);
  return {
    tid: countOf(tid) ?? 0,
    comm: commOf(comm) ?? '?',
    state: textOf(state, 64) ?? '?',
    cause: textOf(cause, 64) ?? '?',
    waitChannel: textOf(waitChannel, 256) ?? '',
    stack: textsOf(stack),
  };
}

function readArtifact({ path, sha256, command }: Fields): NonNullable<Facts['artifact']> {
  return { path: textOf(path) ?? '?', sha256: textOf(sha256, 128) ?? '?', command: textOf(command) ?? '' };
}

function readDurations(timings: Fields): Durations {
  const names = [...PHASES, 'freezing', 'pause'] as const;
  const all = names.map((name) => [name, countOf(timings[`${name}Microseconds`]) ?? 0]);
  return Object.fromEntries(all) as Durations;
}
