import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';

import { membersOf, withChildren } from './cgroup-trees.js';
import { ownHierarchies } from './hierarchies.js';
import { readState } from './state.js';

/** What a cluster could leave on the machine, and what it does not belong to. Compared by value, before and after. */
export interface MachineFacts {
  readonly mounts: readonly string[];
  readonly interfaces: readonly string[];
  readonly sysctls: Readonly<Record<string, string>>;
  /** Cgroups in all hierarchies, without those of other tests. */
  readonly cgroups: readonly string[];
  /** Names in the folders where containerd, kubelet and the CNI plugins keep things by default. */
  readonly files: readonly string[];
}

const SYSCTL_FOLDERS = ['vm', 'kernel', 'kernel/keys', 'net/ipv4', 'net/core', 'net/bridge'];
/** They change by themselves. */
const UNSTEADY = /random|ns_last_pid|pty\/nr|stat_refresh|tainted|fib_trie|tcp_fastopen_key|usermodehelper|nr_pending/;
const FOLDERS = [
  '/var/lib',
  '/var/log',
  '/run',
  '/run/netns',
  '/opt',
  '/opt/cni',
  '/etc',
  '/etc/cni',
  '/usr/libexec',
  '/var/tmp',
];

export function machineFacts(): MachineFacts {
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8').split('\n').filter(Boolean);
  const files = FOLDERS.flatMap((folder) => namesIn(folder).map((name) => `${folder}/${name}`));
  return { mounts, interfaces: namesIn('/sys/class/net'), sysctls: sysctls(), cgroups: cgroups(), files };
}

/** Processes and namespaces that belong to a running cluster, to look for them when it is gone. */
export interface Traces {
  /** `PID START`: a process id alone is used again. */
  readonly processes: readonly string[];
  readonly namespaces: readonly string[];
}

export function tracesOf(name: string): Traces {
  const groups = (readState(name)?.cgroups ?? []).flatMap(withChildren);
  const pids = [...new Set(groups.flatMap(membersOf))];
  const own = new Set(namespacesOf(process.pid));
  return {
    processes: pids.flatMap(identify),
    namespaces: [...new Set(pids.flatMap(namespacesOf))].filter((one) => !own.has(one)),
  };
}

/** What of it is still there: processes, processes in its namespaces, and any whose command line names the cluster. */
export function leftOf(name: string, traces: Traces): string[] {
  const pids = namesIn('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number);
  return pids.flatMap((pid) => {
    const isOld = identify(pid).some((one) => traces.processes.includes(one));
    const isInside = namespacesOf(pid).some((one) => traces.namespaces.includes(one));
    const command = text(`/proc/${pid}/cmdline`).replaceAll('\0', ' ');
    const isNamed = pid !== process.pid && new RegExp(`\\b${name}\\b`).test(command);
    return isOld || isInside || isNamed ? [`${pid} ${command}`] : [];
  });
}

function identify(pid: number): string[] {
  // proc_pid_stat(5): the start is field 22; the name before it may hold spaces.
  const start = text(`/proc/${pid}/stat`).split(') ').at(-1)?.split(' ')[19];
  return start === undefined ? [] : [`${pid} ${start}`];
}

function namespacesOf(pid: number): string[] {
  return namesIn(`/proc/${pid}/ns`).flatMap((kind) => {
    try {
      return [readlinkSync(`/proc/${pid}/ns/${kind}`)];
    } catch {
      return [];
    }
  });
}

function cgroups(): string[] {
  const roots = ownHierarchies().map((one) => one.directory);
  return roots.flatMap(withChildren).filter((one) => roots.includes(one) || /stasis-test|kubepods/.test(basename(one)));
}

function sysctls(): Record<string, string> {
  const paths = SYSCTL_FOLDERS.flatMap((folder) => namesIn(`/proc/sys/${folder}`).map((name) => `${folder}/${name}`));
  return Object.fromEntries(
    paths.filter((path) => !UNSTEADY.test(path)).map((path) => [path, text(`/proc/sys/${path}`)]),
  );
}

function namesIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).sort() : [];
}

/** Empty for what is gone, and for a folder. */
function text(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
