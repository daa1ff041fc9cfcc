import { existsSync, readdirSync, readFileSync } from 'node:fs';

import { membersOf, withChildren } from './cgroup-trees.js';
import { ownHierarchies } from './hierarchies.js';
import { readState } from './state.js';

/** Facts about the machine that a cluster might change. They are compared before and after. */
export interface MachineFacts {
  readonly mounts: readonly string[];
  readonly interfaces: readonly string[];
  readonly sysctls: Readonly<Record<string, string>>;
  /** Cgroups in all hierarchies, except those of other tests. */
  readonly cgroups: readonly string[];
  /** Names in the folders that containerd, kubelet and the CNI plugins use by default. */
  readonly files: readonly string[];
}

const SYSCTL_FOLDERS = ['vm', 'kernel', 'kernel/keys', 'net/ipv4', 'net/core', 'net/bridge'];
/** Settings that change by themselves. */
const UNSTEADY = /random|ns_last_pid|pty\/nr|stat_refresh|tainted|fib_trie|tcp_fastopen_key|usermodehelper|nr_pending/;
const FOLDERS = ['/var/lib', '/var/log', '/run', '/run/netns', '/opt', '/opt/cni', '/etc', '/etc/cni', '/usr/libexec'];

/** `name` is the cluster under test. Other clusters may come and go. */
export function machineFacts(name: string): MachineFacts {
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8').split('\n').filter(Boolean);
  const files = FOLDERS.flatMap((folder) => namesIn(folder).map((entry) => `${folder}/${entry}`));
  return { mounts, interfaces: namesIn('/sys/class/net'), sysctls: sysctls(), cgroups: cgroups(name), files };
}

/**
 * The processes of a running cluster, each as `PID START`, so that they can be searched for after its end. Namespaces
 * are not searched for: without a process or a mount, nothing keeps a namespace, and the kernel reuses its number.
 */
export function processesOf(name: string): string[] {
  const groups = (readState(name)?.cgroups ?? []).flatMap(withChildren);
  return [...new Set(groups.flatMap(membersOf))].flatMap(identify);
}

/**
 * Returns those of the processes that still exist, and any other process whose command line contains the cluster's
 * name.
 */
export function leftOf(name: string, processes: readonly string[]): string[] {
  const pids = namesIn('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number);
  return pids.flatMap((pid) => {
    const isOld = identify(pid).some((one) => processes.includes(one));
    const command = text(`/proc/${pid}/cmdline`).replaceAll('\0', ' ');
    const isNamed = pid !== process.pid && new RegExp(`\\b${name}\\b`).test(command);
    return isOld || isNamed ? [`${pid} ${command}`] : [];
  });
}

function identify(pid: number): string[] {
  // The start time is field 22 (proc_pid_stat(5)). The name before it may contain spaces.
  const start = text(`/proc/${pid}/stat`).split(') ').at(-1)?.split(' ')[19];
  return start === undefined ? [] : [`${pid} ${start}`];
}

function cgroups(name: string): string[] {
  const all = ownHierarchies().flatMap((one) => withChildren(one.directory));
  const isOthers = (path: string): boolean => path.includes('/stasis-test-') && !path.includes(`/stasis-test-${name}-`);
  return all.filter((path) => /\/(stasis-test-|kubepods)/.test(path) && !isOthers(path));
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

/** Empty for a missing file and for a folder. */
function text(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
