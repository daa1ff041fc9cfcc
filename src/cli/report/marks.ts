/** Decides what is unusual about a process. One function a rule; mark-kinds.ts says why each matters. Pure. */
import { decodeCapabilities, isBeyondDefault, namesOrAll } from './capabilities.js';
import type { Mark } from './mark-kinds.js';
import type { Ids, Row, Seccomp } from './read-rows.js';

/** The values that most processes of a container have. */
export interface Usual {
  readonly namespaces: Readonly<Record<string, number>>;
  readonly seccomp: Seccomp;
  /** Most of them are root, as the node sees them. */
  readonly root: boolean;
}

type Rule = (row: Row, usual: Usual) => readonly Mark[];

/** In the order of mark-kinds.ts. */
const RULES: readonly Rule[] = [
  capabilities,
  program,
  kernelName,
  deceptive,
  identity,
  threads,
  namespaces,
  root,
  seccomp,
  state,
  damaged,
];

/** `foreign`: the process is in none of the containers. */
export function markRow(row: Row, usual: Usual, foreign: boolean): Mark[] {
  const marks = RULES.flatMap((rule) => rule(row, usual));
  return foreign ? [...marks, { kind: 'foreign', ...(row.cgroup === '' ? {} : { detail: row.cgroup }) }] : marks;
}

/** The first of values that are equally frequent wins: the container's first process comes before what it started. */
export function usualOf(rows: readonly Row[]): Usual {
  const living = rows.filter(({ state: its }) => its !== 'Zombie');
  const names = new Set(living.flatMap((row) => Object.keys(row.namespaces)));
  const inodes = [...names].map((name) => {
    const known = living.flatMap((row) => row.namespaces[name] ?? []);
    return [name, mostFrequent(known) ?? 0] as const;
  });
  return {
    namespaces: Object.fromEntries(inodes),
    seccomp: mostFrequent(living.map((row) => row.seccomp)) ?? 'Disabled',
    root: mostFrequent(living.map(isNodeRoot)) ?? false,
  };
}

function mostFrequent<Value>(values: readonly Value[]): Value | undefined {
  const counts = new Map<Value, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  let best: Value | undefined;
  for (const [value, count] of counts) {
    if (best === undefined || count > (counts.get(best) ?? 0)) best = value;
  }
  return best;
}

function isNodeRoot({ uids: [, effective], containerUids }: Row): boolean {
  return effective === 0 && containerUids === undefined;
}

/** A zombie has no more rights than a name. */
function capabilities({ capabilities: sets, containerUids, noNewPrivileges, state: its }: Row): Mark[] {
  if (its === 'Zombie') return [];
  const where = containerUids === undefined ? '' : ' (in its own user namespace)';
  const held = decodeCapabilities(sets.permitted).filter(isBeyondDefault);
  const extra = [...new Set([...held, ...decodeCapabilities(sets.effective).filter(isBeyondDefault)])];
  if (extra.length > 0) {
    const all = decodeCapabilities(sets.permitted);
    const detail = namesOrAll(all).startsWith('all') ? namesOrAll(all) : extra.join(', ');
    return [{ kind: 'capabilities', detail: `${detail}${where}` }];
  }
  const allowed = decodeCapabilities(sets.bounding);
  const beyond = allowed.filter(isBeyondDefault);
  if (noNewPrivileges || beyond.length === 0) return [];
  const detail = namesOrAll(allowed).startsWith('all') ? namesOrAll(allowed) : beyond.join(', ');
  return [{ kind: 'bounding', detail: `${detail}${where}` }];
}

function program({ exe }: Row): Mark[] {
  if (exe === undefined) return [];
  if (exe.startsWith('/memfd:')) return [{ kind: 'memfd', detail: exe }];
  const marks: Mark[] = [];
  if (exe.endsWith(' (deleted)')) marks.push({ kind: 'deleted', detail: exe });
  if (/^\/(tmp|var\/tmp|dev\/shm|run)\//.test(exe)) marks.push({ kind: 'temporary', detail: exe });
  return marks;
}

const KERNEL_NAME = /^\[|^(kworker|ksoftirqd|kthreadd|kswapd|migration|rcu_\w+|kdevtmpfs|khugepaged|kcompactd)(\/|$)/;

function kernelName({ comm, exe }: Row): Mark[] {
  return exe !== undefined && KERNEL_NAME.test(comm) ? [{ kind: 'kernelName', detail: `${comm} runs ${exe}` }] : [];
}

function deceptive({ deceptive: names }: Row): Mark[] {
  return names.length === 0 ? [] : [{ kind: 'deceptive', detail: names.join(', ') }];
}

function identity({ uids, gids }: Row): Mark[] {
  const parts = [...differing('uid', uids), ...differing('gid', gids)];
  return parts.length === 0 ? [] : [{ kind: 'identity', detail: parts.join('; ') }];
}

function differing(name: string, [real, effective, saved]: Ids): string[] {
  if (real === effective && effective === saved) return [];
  return [`${name} real ${real}, effective ${effective}, saved ${saved}`];
}

function threads({ threads: all }: Row): Mark[] {
  const different = all.filter(({ uids, gids, capabilities: sets, noNewPrivileges, seccomp: mode }) =>
    [uids, gids, sets, noNewPrivileges, mode].some((own) => own !== undefined),
  ).length;
  return different === 0 ? [] : [{ kind: 'threads', detail: `${different} of ${all.length}` }];
}

/** The names of the namespaces that are not those of most. A namespace that was not read tells nothing. */
export function otherNamespaces(row: Row, usual: Usual): string[] {
  return Object.entries(row.namespaces)
    .filter(([name, inode]) => usual.namespaces[name] !== inode)
    .map(([name]) => name);
}

function namespaces(row: Row, usual: Usual): Mark[] {
  const others = otherNamespaces(row, usual);
  return row.state === 'Zombie' || others.length === 0 ? [] : [{ kind: 'namespaces', detail: others.join(', ') }];
}

function root(row: Row, usual: Usual): Mark[] {
  if (row.state === 'Zombie' || !isNodeRoot(row)) return [];
  return [{ kind: usual.root ? 'rootNote' : 'root' }];
}

function seccomp(row: Row, usual: Usual): Mark[] {
  if (row.state === 'Zombie' || row.seccomp !== 'Disabled') return [];
  return [{ kind: usual.seccomp === 'Disabled' ? 'seccompNote' : 'seccomp' }];
}

function state({ state: its, stopSignal, pendingStopSignals, leaderDead, unsettled }: Row): Mark[] {
  const marks: Mark[] = [];
  if (its === 'Zombie') marks.push({ kind: 'zombie' });
  if (its === 'Stopped') marks.push({ kind: 'stopped', ...(stopSignal === undefined ? {} : { detail: stopSignal }) });
  if (pendingStopSignals.length > 0) {
    marks.push({ kind: 'stopped', detail: `${pendingStopSignals.join(', ')} pending` });
  }
  if (leaderDead) marks.push({ kind: 'leaderDead' });
  if (unsettled) marks.push({ kind: 'unsettled' });
  return marks;
}

function damaged({ damaged: fields }: Row): Mark[] {
  return fields.length === 0 ? [] : [{ kind: 'damaged', detail: fields.join(', ') }];
}
