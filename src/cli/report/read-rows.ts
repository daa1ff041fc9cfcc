/**
 * Reads the rows of a tree that anybody may have written. A field that is missing or of a wrong type is named in `damaged`;
 * a name with characters that could deceive a reader is named in `deceptive`. Pure.
 */
import type { CapabilitySets } from '../../api/podcapture.js';
import { quoteOdd, quoteWord } from '../render-process.js';
import { countOf, countsOf, fieldsOf, hasUnsafe, listOf, oneOf, textOf, textsOf, type Fields } from './read-values.js';

export const STATES = ['Alive', 'Stopped', 'Zombie'] as const;
export type State = (typeof STATES)[number];
export const SECCOMP = ['Disabled', 'Strict', 'Filter'] as const;
export type Seccomp = (typeof SECCOMP)[number];

/** Real, effective, saved and filesystem ID. */
export type Ids = readonly [real: number, effective: number, saved: number, filesystem: number];

export interface Thread {
  readonly tid: number;
  readonly comm: string;
  readonly state: State;
  /** The fields from here on are present only where they differ from those of the leader. */
  readonly uids?: Ids;
  readonly gids?: Ids;
  readonly capabilities?: CapabilitySets;
  readonly noNewPrivileges?: boolean;
  readonly seccomp?: Seccomp;
  readonly pendingStopSignals: readonly string[];
  readonly unsettled: boolean;
}

export interface Row {
  readonly pid: number;
  readonly ppid: number;
  readonly pgid: number;
  readonly sid: number;
  readonly comm: string;
  readonly exe?: string;
  readonly state: State;
  readonly stopSignal?: string;
  readonly pendingStopSignals: readonly string[];
  readonly unsettled: boolean;
  readonly leaderDead: boolean;
  readonly startTime: string;
  readonly uids: Ids;
  readonly gids: Ids;
  readonly containerUids?: Ids;
  readonly containerGids?: Ids;
  readonly capabilities: CapabilitySets;
  readonly noNewPrivileges: boolean;
  readonly seccomp: Seccomp;
  readonly nsPids: readonly number[];
  readonly namespaces: Readonly<Record<string, number>>;
  readonly cgroup: string;
  readonly threads: readonly Thread[];
  readonly cmdline?: string;
  /** Why the command line is missing, or not whole. */
  readonly cmdlineNote?: string;
  readonly damaged: readonly string[];
  readonly deceptive: readonly string[];
}

/** In UTF-16 units. A command line may have 128 KiB an argument, and 10,000 processes may have one each. */
export const LONGEST_CMDLINE = 8192;

const SETS = ['inheritable', 'permitted', 'effective', 'bounding', 'ambient'] as const;
const NONE: Ids = [0, 0, 0, 0];
const EMPTY_SET = '0000000000000000';

export function readRow(value: unknown): Row {
  const fields = fieldsOf(value);
  const damaged: string[] = [];
  /** Reads a field that every row has. */
  const need = <T>(name: string, read: (value: unknown) => T | undefined, otherwise: T): T => {
    const found = read(fields[name]);
    if (found === undefined) damaged.push(name);
    return found ?? otherwise;
  };
  const number = (name: string): number => need(name, countOf, 0);
  const state = need('state', (each) => oneOf(each, STATES), 'Alive');
  const exe = textOf(fields['exe']);
  const stopSignal = textOf(fields['stopSignal']);
  const containerUids = readIds(fields['containerUids']);
  const containerGids = readIds(fields['containerGids']);
  return {
    pid: number('pid'),
    ppid: number('ppid'),
    pgid: number('pgid'),
    sid: number('sid'),
    comm: need('comm', commOf, '?'),
    ...(exe === undefined ? {} : { exe }),
    state,
    ...(stopSignal === undefined ? {} : { stopSignal }),
    pendingStopSignals: textsOf(fields['pendingStopSignals']),
    unsettled: fields['unsettled'] === true,
    leaderDead: fields['leaderDead'] === true,
    startTime: need('startTime', textOf, 'unknown'),
    uids: need('uids', readIds, NONE),
    gids: need('gids', readIds, NONE),
    ...(containerUids === undefined ? {} : { containerUids }),
    ...(containerGids === undefined ? {} : { containerGids }),
    capabilities: need('capabilities', readSets, setsOf(EMPTY_SET)),
    noNewPrivileges: need('noNewPrivileges', (each) => (typeof each === 'boolean' ? each : undefined), false),
    seccomp: need('seccomp', (each) => oneOf(each, SECCOMP), 'Disabled'),
    nsPids: countsOf(fields['nsPids']),
    namespaces: readNamespaces(fields['namespaces']),
    cgroup: need('cgroup', textOf, ''),
    threads: need('threads', (each) => (Array.isArray(each) ? each.map(readThread) : undefined), []),
    ...readCmdline(fields),
    damaged,
    deceptive: ['comm', 'exe'].filter((name) => hasUnsafe(fields[name])),
  };
}

/** A name that could be taken for something else is quoted. */
export function commOf(value: unknown): string | undefined {
  const text = textOf(value, 64);
  return text === undefined ? undefined : quoteOdd(text);
}

function readThread(value: unknown): Thread {
  const fields = fieldsOf(value);
  const [uids, gids] = [readIds(fields['uids']), readIds(fields['gids'])];
  const capabilities = readSets(fields['capabilities']);
  const seccomp = oneOf(fields['seccomp'], SECCOMP);
  const noNewPrivileges = fields['noNewPrivileges'];
  return {
    tid: countOf(fields['tid']) ?? 0,
    comm: commOf(fields['comm']) ?? '?',
    state: oneOf(fields['state'], STATES) ?? 'Alive',
    ...(uids === undefined ? {} : { uids }),
    ...(gids === undefined ? {} : { gids }),
    ...(capabilities === undefined ? {} : { capabilities }),
    ...(typeof noNewPrivileges === 'boolean' ? { noNewPrivileges } : {}),
    ...(seccomp === undefined ? {} : { seccomp }),
    pendingStopSignals: textsOf(fields['pendingStopSignals']),
    unsettled: fields['unsettled'] === true,
  };
}

function readIds(value: unknown): Ids | undefined {
  const { real, effective, saved, filesystem } = fieldsOf(value);
  const ids = [real, effective, saved, filesystem].map(countOf);
  return ids.includes(undefined) ? undefined : (ids as unknown as Ids);
}

function setsOf(hexadecimal: string): CapabilitySets {
  return {
    inheritable: hexadecimal,
    permitted: hexadecimal,
    effective: hexadecimal,
    bounding: hexadecimal,
    ambient: hexadecimal,
  };
}

function readSets(value: unknown): CapabilitySets | undefined {
  const fields = fieldsOf(value);
  if (!SETS.every((name) => isSet(fields[name]))) return undefined;
  return Object.fromEntries(SETS.map((name) => [name, fields[name]])) as unknown as CapabilitySets;
}

function isSet(value: unknown): boolean {
  return typeof value === 'string' && /^[0-9a-f]{1,16}$/i.test(value);
}

function readNamespaces(value: unknown): Readonly<Record<string, number>> {
  const known = Object.entries(fieldsOf(value)).flatMap(([name, inode]) => {
    const number = countOf(inode);
    return number === undefined ? [] : [[textOf(name, 64) ?? '', number] as const];
  });
  return Object.fromEntries(known.slice(0, 32));
}

function readCmdline(fields: Fields): Pick<Row, 'cmdline' | 'cmdlineNote'> {
  const { cmdline, cmdlineCut, cmdlineUnread, cmdlineBase64 } = fields;
  const { keptBytes, lengthBytes } = fieldsOf(cmdlineCut);
  const unread = textOf(cmdlineUnread, 64);
  const notes = [
    ...(unread === undefined ? [] : [`not read: ${unread}`]),
    ...(cmdlineCut === undefined
      ? []
      : [`the capture has ${countOf(keptBytes) ?? '?'} of ${countOf(lengthBytes) ?? '?'} bytes`]),
    ...(cmdlineBase64 === undefined ? [] : ['some bytes are not UTF-8, and shown as \ufffd']),
  ];
  if (!Array.isArray(cmdline)) return notes.length === 0 ? {} : { cmdlineNote: notes.join('; ') };
  let text = '';
  for (const word of listOf(cmdline)) {
    text += `${text === '' ? '' : ' '}${quoteWord(textOf(word, LONGEST_CMDLINE) ?? '?')}`;
    if (text.length > LONGEST_CMDLINE) {
      text = `${text.slice(0, LONGEST_CMDLINE)}…`;
      notes.push(`this page shows its first ${LONGEST_CMDLINE.toLocaleString('en')} characters`);
      break;
    }
  }
  return { cmdline: text, ...(notes.length === 0 ? {} : { cmdlineNote: notes.join('; ') }) };
}
