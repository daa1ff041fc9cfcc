/** The files of the two cgroup hierarchies: their contents, and the effect of a write. */
import { constants } from 'node:os';
import { EOPNOTSUPP } from '../../src/native/errno.js';
import { eventsText } from './events.js';
import { isCgroupFrozen, requestFreeze, subtree } from './freezing.js';
import { settleAll } from './lifecycle.js';
import type { FakeCgroup, HostState } from './model.js';

const { EINVAL, ERANGE } = constants.errno;

type Read = (cgroup: FakeCgroup, now: number) => string | number;

const COMMON: Readonly<Record<string, Read>> = {
  'cgroup.procs': (cgroup) => {
    // A threaded cgroup cannot list processes. The root of a threaded subtree lists the processes of the whole subtree.
    if (cgroup.version === 'v2' && cgroup.threaded) return -EOPNOTSUPP;
    const members = cgroup.version === 'v2' && isThreadedDomain(cgroup) ? subtree(cgroup) : [cgroup];
    return lines(new Set(members.flatMap((each) => [...each.tasks].map((task) => task.tgid))));
  },
};

const V1: Readonly<Record<string, Read>> = {
  ...COMMON,
  tasks: (cgroup) => lines([...cgroup.tasks].map((task) => task.tid)),
};

const V1_CHILD: Readonly<Record<string, Read>> = {
  ...V1,
  'freezer.state': (cgroup, now) => {
    if (cgroup.freezingSince === undefined) return 'THAWED\n';
    return isCgroupFrozen(cgroup, now) ? 'FROZEN\n' : 'FREEZING\n';
  },
  'freezer.self_freezing': (cgroup) => `${cgroup.selfFreezing ? 1 : 0}\n`,
  'freezer.parent_freezing': (cgroup) => `${cgroup.parent?.freezingSince === undefined ? 0 : 1}\n`,
};

const V2: Readonly<Record<string, Read>> = {
  ...COMMON,
  'cgroup.threads': (cgroup) => lines([...cgroup.tasks].map((task) => task.tid)),
  'cgroup.controllers': () => '\n',
};

const V2_CHILD: Readonly<Record<string, Read>> = {
  ...V2,
  'cgroup.freeze': (cgroup) => `${cgroup.selfFreezing ? 1 : 0}\n`,
  'cgroup.events': eventsText,
  'cgroup.type': (cgroup) => {
    return cgroup.threaded ? 'threaded\n' : isThreadedDomain(cgroup) ? 'domain threaded\n' : 'domain\n';
  },
};

function filesOf(cgroup: FakeCgroup): Readonly<Record<string, Read>> {
  // A root cgroup cannot be frozen, so it has no freezer files (CFTYPE_NOT_ON_ROOT).
  if (cgroup.version === 'v1') return cgroup.parent === undefined ? V1 : V1_CHILD;
  return cgroup.parent === undefined ? V2 : V2_CHILD;
}

export function cgroupFileNames(cgroup: FakeCgroup): string[] {
  return Object.keys(filesOf(cgroup)).toSorted();
}

/** Returns the text of the file, or -errno. */
export function readCgroupFile(cgroup: FakeCgroup, file: string, now: number): string | number {
  return filesOf(cgroup)[file]?.(cgroup, now) ?? -EINVAL;
}

/** A write by the agent; only the freezer files can be written. Returns the number of bytes, or -errno. */
export function writeCgroupFile(state: HostState, cgroup: FakeCgroup, file: string, text: string): number {
  const word = text.trim();
  if (file === 'freezer.state') {
    if (word !== 'FROZEN' && word !== 'THAWED') return -EINVAL;
    applyFreeze(state, cgroup, word === 'FROZEN', 'agent');
    return text.length;
  }
  if (file !== 'cgroup.freeze' || !/^-?\d+$/.test(word)) return -EINVAL;
  if (word !== '0' && word !== '1') return -ERANGE;
  applyFreeze(state, cgroup, word === '1', 'agent');
  return text.length;
}

/** Requests a freeze or a thaw. Everything that was pending under the old state happens first. */
export function applyFreeze(state: HostState, cgroup: FakeCgroup, freeze: boolean, by: 'agent' | 'other'): void {
  settleAll(state);
  requestFreeze(cgroup, freeze, state.clock.now(), by);
  settleAll(state);
  state.dirty = true;
}

function isThreadedDomain(cgroup: FakeCgroup): boolean {
  return !cgroup.threaded && [...cgroup.children.values()].some((child) => child.threaded);
}

function lines(ids: Iterable<number>): string {
  return [...ids]
    .toSorted((a, b) => a - b)
    .map((id) => `${id}\n`)
    .join('');
}
