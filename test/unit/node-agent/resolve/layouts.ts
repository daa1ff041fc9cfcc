/**
 * Fake hosts for the resolver: directories that look like procfs and cgroupfs, in every layout that kubelet and the
 * runtimes make. A temporary directory cannot be a cgroup mount, so the fake mountinfo names it as one.
 */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ResolveRoots } from '../../../../src/node-agent/resolve/target.js';

export type HostKind = 'v1' | 'v2' | 'hybrid';
export type Hierarchy = 'freezer' | 'unified' | 'memory';
export type Driver = 'systemd' | 'cgroupfs';
export type Qos = 'guaranteed' | 'burstable' | 'besteffort';
export type Runtime = 'containerd' | 'cri-o' | 'docker';

export const SELF = 900;

export interface FakeProcess {
  readonly pid: number;
  readonly comm?: string;
  readonly exe?: string;
  readonly state?: string;
  readonly flags?: number;
  /** Content of /proc/PID/cgroup. */
  readonly cgroup?: string;
}

export interface Host {
  readonly directory: string;
  readonly roots: ResolveRoots;
  /** Mount point of a hierarchy. */
  mountPoint(hierarchy: Hierarchy): string;
  /** Makes a cgroup with all above it; `freezer: false` leaves its freezer file out. Returns its directory. */
  cgroup(hierarchy: Hierarchy, path: string, tids?: readonly number[], options?: { freezer?: boolean }): string;
  process(process: FakeProcess): void;
  /** A further thread of a process. */
  thread(pid: number, thread: FakeProcess): void;
  remove(): void;
}

/** Makes a host; the caller removes it. `mounts` adds lines to its mountinfo. */
export function makeHost(kind: HostKind, mounts: (directory: string) => readonly string[] = () => []): Host {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'stasis layout ')));
  const proc = join(directory, 'proc');
  const cgroups = join(directory, 'sys/fs/cgroup');
  const points: Record<Hierarchy, string> = {
    freezer: join(cgroups, 'freezer'),
    memory: join(cgroups, 'memory'),
    unified: kind === 'v2' ? cgroups : join(cgroups, 'unified'),
  };
  const present: Hierarchy[] =
    kind === 'v1' ? ['freezer', 'memory'] : kind === 'v2' ? ['unified'] : ['freezer', 'memory', 'unified'];
  mkdirSync(join(proc, 'self'), { recursive: true });
  const lines = [
    '22 1 0:20 / / rw,relatime shared:1 - ext4 /dev/vda rw',
    `23 22 0:21 / ${octal(proc)} rw - proc proc rw`,
  ];
  if (kind !== 'v2') lines.push(`31 22 0:28 / ${octal(cgroups)} rw,relatime - tmpfs tmpfs rw,mode=755`);
  for (const hierarchy of present) {
    mkdirSync(points[hierarchy], { recursive: true });
    const type = hierarchy === 'unified' ? 'cgroup2 cgroup2 rw,nsdelegate' : `cgroup cgroup rw,${hierarchy}`;
    lines.push(`40 31 0:30 / ${octal(points[hierarchy])} rw,relatime shared:9 - ${type}`);
  }
  lines.push(...mounts(octal(directory)));
  writeFileSync(join(proc, 'self/mountinfo'), lines.map((line) => `${line}\n`).join(''));

  return {
    directory,
    roots: { proc, self: SELF },
    mountPoint: (hierarchy) => points[hierarchy],
    cgroup(hierarchy, path, tids = [], options = {}) {
      let current = points[hierarchy];
      for (const segment of path.split('/').filter((name) => name !== '')) {
        current = join(current, segment);
        makeCgroup(current, hierarchy, undefined, options.freezer ?? true);
      }
      makeCgroup(current, hierarchy, tids, options.freezer ?? true);
      return current;
    },
    process(process) {
      makeTask(join(proc, String(process.pid)), process, process.pid);
      makeTask(join(proc, `${process.pid}/task/${process.pid}`), process, process.pid);
      if (process.exe !== undefined) symlinkSync(process.exe, join(proc, `${process.pid}/exe`));
    },
    thread: (pid, thread) => makeTask(join(proc, `${pid}/task/${thread.pid}`), thread, pid),
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}

function makeTask(path: string, task: FakeProcess, tgid: number): void {
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, 'stat'), statText(task));
  writeFileSync(join(path, 'status'), statusText(task, tgid));
  writeFileSync(join(path, 'cgroup'), task.cgroup ?? '0::/\n');
}

function makeCgroup(path: string, hierarchy: Hierarchy, tids: readonly number[] | undefined, freezer: boolean): void {
  mkdirSync(path, { recursive: true });
  const list = join(path, hierarchy === 'unified' ? 'cgroup.threads' : 'tasks');
  writeFileSync(list, (tids ?? []).map((tid) => `${tid}\n`).join(''), { flag: tids === undefined ? 'a' : 'w' });
  if (freezer && hierarchy === 'unified') writeFileSync(join(path, 'cgroup.freeze'), '0\n');
  if (freezer && hierarchy === 'freezer') writeFileSync(join(path, 'freezer.state'), 'THAWED\n');
}

function octal(path: string): string {
  return path.replaceAll(' ', '\\040');
}

function statText(task: FakeProcess): string {
  const rest = `1 1 1 0 -1 ${task.flags ?? 4194560} 0 0 0 0 0 0 0 0 20 0 1 0 123456 0 0`;
  return `${task.pid} (${task.comm ?? 'app'}) ${task.state ?? 'S'} ${rest}\n`;
}

function statusText(task: FakeProcess, tgid: number): string {
  const ids = '0\t0\t0\t0';
  return (
    `Name:\t${task.comm ?? 'app'}\nState:\t${task.state ?? 'S'} (sleeping)\nTgid:\t${tgid}\nPid:\t${task.pid}\n` +
    `PPid:\t1\nTracerPid:\t0\nUid:\t${ids}\nGid:\t${ids}\n`
  );
}

/** A container ID made of one hexadecimal digit. */
export function containerID(digit: string): string {
  return digit.repeat(64);
}

export interface Layout {
  readonly driver: Driver;
  readonly qos: Qos;
  readonly runtime: Runtime;
  /** The node is itself a container (kind), or kubelet has a --cgroup-root: what stands above `kubepods`. */
  readonly above: '' | 'kind';
}

/** Every combination of driver, QoS class, runtime and root. */
export const LAYOUTS: readonly Layout[] = (['systemd', 'cgroupfs'] as const).flatMap((driver) =>
  (['guaranteed', 'burstable', 'besteffort'] as const).flatMap((qos) =>
    (['containerd', 'cri-o', 'docker'] as const).flatMap((runtime) =>
      (['', 'kind'] as const).map((above) => ({ driver, qos, runtime, above })),
    ),
  ),
);

/** The directory of a pod below a mount point. */
export function podPath(layout: Layout, uid: string): string {
  const nested = layout.above === 'kind';
  if (layout.driver === 'cgroupfs') {
    const root = nested ? `/docker/${containerID('9')}/kubelet/kubepods` : '/kubepods';
    return `${root}${layout.qos === 'guaranteed' ? '' : `/${layout.qos}`}/pod${uid}`;
  }
  const prefix = nested ? 'kubelet-kubepods' : 'kubepods';
  const top = nested
    ? `/system.slice/docker-${containerID('9')}.scope/kubelet.slice/${prefix}.slice`
    : `/${prefix}.slice`;
  const group = layout.qos === 'guaranteed' ? prefix : `${prefix}-${layout.qos}`;
  const pod = `${group}-pod${uid.replaceAll('-', '_')}.slice`;
  return layout.qos === 'guaranteed' ? `${top}/${pod}` : `${top}/${group}.slice/${pod}`;
}

/** The name of a container's directory. */
export function containerName(layout: Layout, id: string): string {
  if (layout.driver === 'cgroupfs') return layout.runtime === 'cri-o' ? `crio-${id}` : id;
  const prefixes = { containerd: 'cri-containerd', 'cri-o': 'crio', docker: 'docker' };
  return `${prefixes[layout.runtime]}-${id}.scope`;
}

/** The name of the directory of a container's conmon. */
export function conmonName(layout: Layout, id: string): string {
  return `crio-conmon-${id}${layout.driver === 'systemd' ? '.scope' : ''}`;
}
