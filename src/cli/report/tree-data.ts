/** Makes the data of the page's script from the rows of a capture: order, depth, marks, and profiles. Pure. */
import { groupByContainer } from '../render-containers.js';
import { placeForest } from '../render-forest.js';
import { decodeCapabilities, isBeyondDefault } from './capabilities.js';
import { describeKind, isUnusual, type Mark } from './mark-kinds.js';
import { markRow, otherNamespaces, usualOf, type Usual } from './marks.js';
import type {
  CapabilityLine,
  NamespaceLine,
  PageData,
  PageMark,
  PageProcess,
  PageThread,
  Profile,
} from './page-data.js';
import type { ContainerFact } from './read-capture.js';
import type { Ids, Row, Thread } from './read-rows.js';

export function makeTreeData(containers: readonly ContainerFact[], rows: readonly Row[]): PageData {
  const profiles = table<Profile>();
  const marks = table<PageMark>();
  const groups = groupByContainer(containers, rows);
  const processes = groups.flatMap(({ container, rows: members }, group) => {
    const usual = usualOf(members);
    const foreign = container === undefined && containers.length > 0;
    const pids = new Set(members.map(({ pid }) => pid));
    return placeForest(members, 0).map(({ row, depth }) => {
      // A process whose parent is there is placed without a parent only where the parents form a loop.
      const loop: Mark[] =
        depth === 0 && pids.has(row.ppid) ? [{ kind: 'damaged', detail: 'its parents form a loop' }] : [];
      return describe(row, depth, group, {
        profile: profiles.indexOf(profileOf(row, usual)),
        marks: [...markRow(row, usual, foreign), ...loop].map((mark) => marks.indexOf(pageMark(mark))),
      });
    });
  });
  return { processes, profiles: profiles.values, marks: marks.values, groups: groups.map(nameOf) };
}

function nameOf({ container }: { readonly container?: ContainerFact }): string {
  return container === undefined ? 'in no known container' : containerName(container);
}

export function containerName({ name, containerID, cgroupPath }: ContainerFact): string {
  return name ?? containerID ?? cgroupPath;
}

/** Values that are each kept once. */
function table<Value>(): { values: Value[]; indexOf: (value: Value) => number } {
  const known = new Map<string, number>();
  const values: Value[] = [];
  const indexOf = (value: Value): number => {
    const key = JSON.stringify(value);
    const index = known.get(key) ?? values.push(value) - 1;
    known.set(key, index);
    return index;
  };
  return { values, indexOf };
}

function describe(row: Row, depth: number, group: number, shared: Pick<PageProcess, 'profile' | 'marks'>): PageProcess {
  const { pid, ppid, pgid, sid, comm, exe, state, startTime, nsPids, threads, cmdline, cmdlineNote } = row;
  return {
    pid,
    ppid,
    pgid,
    sid,
    depth,
    group,
    comm,
    ...(exe === undefined ? {} : { exe }),
    state,
    stateText: stateText(row),
    user: userText(row),
    startTime,
    nsPids,
    ...shared,
    threads: threads.map(describeThread),
    ...(cmdline === undefined ? {} : { cmdline }),
    ...(cmdlineNote === undefined ? {} : { cmdlineNote }),
  };
}

function stateText({ state, stopSignal }: Row): string {
  if (state === 'Alive') return '';
  if (state === 'Zombie') return 'zombie';
  return stopSignal === undefined ? 'stopped' : `stopped by ${stopSignal}`;
}

/** As `stasis show` has it: `1000→0`, and in parentheses as the container sees it. */
function userText({ uids, containerUids }: Row): string {
  return containerUids === undefined ? actsAs(uids) : `${actsAs(uids)} (${actsAs(containerUids)})`;
}

function actsAs([real, effective]: Ids): string {
  return real === effective ? String(effective) : `${real}→${effective}`;
}

function pageMark({ kind, detail }: Mark): PageMark {
  const { title, why } = describeKind(kind);
  return { kind, title, why, ...(detail === undefined ? {} : { detail }), unusual: isUnusual(kind) };
}

function profileOf(row: Row, usual: Usual): Profile {
  const { uids, gids, containerUids, containerGids, noNewPrivileges, seccomp, cgroup } = row;
  const others = otherNamespaces(row, usual);
  const columns: (readonly [name: string, ids: Ids])[] = [['user', uids]];
  if (containerUids !== undefined) columns.push(['user in the container', containerUids]);
  columns.push(['group', gids]);
  if (containerGids !== undefined) columns.push(['group in the container', containerGids]);
  return {
    idColumns: ['real', 'effective', 'saved', 'filesystem'],
    ids: columns.map(([name, ids]) => [name, ...ids]),
    capabilities: Object.entries(row.capabilities).map(([set, hexadecimal]) => capabilityLine(set, hexadecimal)),
    namespaces: Object.entries(row.namespaces).map(([name, inode]): NamespaceLine => ({
      name,
      inode,
      differs: others.includes(name),
    })),
    noNewPrivileges,
    seccomp,
    cgroup,
  };
}

function capabilityLine(set: string, hexadecimal: string): CapabilityLine {
  const names = decodeCapabilities(hexadecimal);
  return { set, hexadecimal, names, beyond: names.filter(isBeyondDefault) };
}

function describeThread(thread: Thread): PageThread {
  const { tid, comm, state, uids, gids, capabilities, noNewPrivileges, seccomp, pendingStopSignals, unsettled } =
    thread;
  const notes = [
    ...(state === 'Alive' ? [] : [state.toLowerCase()]),
    ...(uids === undefined ? [] : [`user ${uids.join(' ')}`]),
    ...(gids === undefined ? [] : [`group ${gids.join(' ')}`]),
    ...(capabilities === undefined ? [] : [`effective capabilities: ${namesText(capabilities.effective)}`]),
    ...(noNewPrivileges === undefined ? [] : [`no_new_privs ${noNewPrivileges ? 'set' : 'not set'}`]),
    ...(seccomp === undefined ? [] : [`seccomp ${seccomp}`]),
    ...(pendingStopSignals.length === 0 ? [] : [`${pendingStopSignals.join(', ')} pending`]),
    ...(unsettled ? ['changed while it was read'] : []),
  ];
  return [tid, comm, ...notes];
}

function namesText(hexadecimal: string): string {
  const names = decodeCapabilities(hexadecimal);
  return names.length === 0 ? 'none' : names.join(', ');
}
