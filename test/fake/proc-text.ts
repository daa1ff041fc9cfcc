/** Text of /proc files as Linux 6.18 writes it. Pure. */
import { isTaskFrozen } from './freezing.js';
import { groupOf, type Activity, type FakeTask, type HostState } from './model.js';

const PF_EXITING = 0x4;
const PF_FORKNOEXEC = 0x40;
const PF_RANDOMIZE = 0x400000;
const PF_KTHREAD = 0x200000;

const STATE_NAMES: Readonly<Record<string, string>> = {
  R: 'running',
  S: 'sleeping',
  D: 'disk sleep',
  T: 'stopped',
  t: 'tracing stop',
  Z: 'zombie',
};

const RUNS_IN_KERNEL: ReadonlySet<Activity> = new Set(['inKernel', 'exiting', 'coreDumping']);

/** The letter of `State:`. A frozen v1 cgroup hides every other state behind D, even a ptrace stop. v2 hides none. */
export function stateLetter(task: FakeTask, now: number): string {
  if (task.dead !== undefined) return 'Z';
  if (isTaskFrozen(task, 'v1', now)) return 'D';
  if (task.trace?.stop !== undefined) return 't';
  if (task.stopSignal !== undefined) return task.restopsAt > now ? 'R' : 'T';
  if (task.activity === 'running') return isTaskFrozen(task, 'v2', now) ? 'S' : 'R';
  if (RUNS_IN_KERNEL.has(task.activity)) return 'R';
  return task.activity === 'sleeping' ? 'S' : 'D';
}

/**
 * No newline at the end; `0` for a running task. The refrigerator of v1 does not show here, the frozen state of v2
 * does.
 */
export function wchanText(task: FakeTask, now: number): string {
  if (task.dead !== undefined) return '0';
  if (task.trace?.stop !== undefined) return 'ptrace_stop';
  if (task.stopSignal !== undefined) return task.restopsAt > now ? '0' : 'do_signal_stop';
  if (task.activity === 'vforkParent' || task.activity === 'execing' || task.activity === 'uninterruptible') {
    return task.waitChannel;
  }
  if (isTaskFrozen(task, 'v2', now)) return 'get_signal';
  return task.activity === 'running' ? '0' : task.waitChannel;
}

/** The children of the task's process. The fake does not record which thread forked, so all belong to the leader. */
export function childrenText(state: HostState, task: FakeTask): string {
  if (task.tid !== task.tgid) return '';
  return [...state.tasks.values()]
    .filter((child) => child.tid === child.tgid && child.ppid === task.tgid)
    .map((child) => `${child.tid} `)
    .join('');
}

/** A task that runs in the kernel has used a CPU since the start; the CPU time of other tasks is not simulated. */
export function schedstatText(state: HostState, task: FakeTask): string {
  return `${RUNS_IN_KERNEL.has(task.activity) ? Math.round(state.clock.now() * 1000) : 0} 0 1\n`;
}

export function syscallText(task: FakeTask, now: number): string {
  if (task.dead !== undefined) return '-1 0x0 0x0\n';
  if (stateLetter(task, now) === 'R') return 'running\n';
  return '230 0x1 0x1 0x7ffe229a19a0 0x0 0x0 0x0 0x7ffe229a1958 0x7f2b4c0e6a37\n';
}

/** Real, effective, saved and filesystem ID, which are all the same here. */
function four(id: number): string {
  return Array.from({ length: 4 }, () => id).join('\t');
}

export function statusText(state: HostState, task: FakeTask): string {
  const letter = stateLetter(task, state.clock.now());
  const zombie = task.dead !== undefined;
  const dumping = groupOf(state, task.tgid).some((each) => each.activity === 'coreDumping');
  const nsTids = task.nsTids ?? [task.tid];
  const nsTgids = task.nsTgids ?? [task.tgid];
  const permitted = task.uid === 0 ? '000001ffffffffff' : '0000000000000000';
  const memory = zombie || task.kthread ? [] : ['VmPeak:\t    3060 kB', 'VmSize:\t    3060 kB', 'VmRSS:\t    1640 kB'];
  const lines = [
    `Name:\t${task.comm.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}`,
    ...(zombie ? [] : ['Umask:\t0022']),
    `State:\t${letter} (${STATE_NAMES[letter] ?? 'unknown'})`,
    `Tgid:\t${task.tgid}`,
    'Ngid:\t0',
    `Pid:\t${task.tid}`,
    `PPid:\t${task.ppid}`,
    `TracerPid:\t${task.trace?.tracerTid ?? 0}`,
    `Uid:\t${four(task.uid)}`,
    `Gid:\t${four(task.gid)}`,
    `FDSize:\t${zombie ? 0 : 64}`,
    'Groups:\t ',
    `NStgid:\t${nsTgids.join('\t')}`,
    `NSpid:\t${nsTids.join('\t')}`,
    `NSpgid:\t${[task.pgid, ...nsTids.slice(1)].join('\t')}`,
    `NSsid:\t${[task.sid, ...nsTids.slice(1)].join('\t')}`,
    `Kthread:\t${task.kthread ? 1 : 0}`,
    ...memory,
    ...(memory.length === 0 ? [] : [`CoreDumping:\t${dumping ? 1 : 0}`]),
    `Threads:\t${groupOf(state, task.tgid).length}`,
    'SigQ:\t0/96365',
    'SigPnd:\t0000000000000000',
    'ShdPnd:\t0000000000000000',
    'SigBlk:\t0000000000000000',
    'SigIgn:\t0000000000000000',
    'SigCgt:\t0000000000000000',
    'CapInh:\t0000000000000000',
    `CapPrm:\t${permitted}`,
    `CapEff:\t${permitted}`,
    'CapBnd:\t000001ffffffffff',
    'CapAmb:\t0000000000000000',
    `NoNewPrivs:\t${task.noNewPrivileges ? 1 : 0}`,
    `Seccomp:\t${task.seccomp}`,
    `Seccomp_filters:\t${task.seccomp === 2 ? 1 : 0}`,
    'Cpus_allowed:\t3',
    'Cpus_allowed_list:\t0-1',
    'voluntary_ctxt_switches:\t62',
    'nonvoluntary_ctxt_switches:\t1',
  ];
  return `${lines.join('\n')}\n`;
}

/** The 52 fields of stat. The name is not escaped. */
export function statText(state: HostState, task: FakeTask): string {
  const flags = task.kthread
    ? PF_KTHREAD | PF_FORKNOEXEC
    : PF_RANDOMIZE | (task.dead === undefined && task.activity !== 'exiting' ? 0 : PF_EXITING);
  const threads = groupOf(state, task.tgid).length;
  const head = [task.ppid, task.pgid, task.sid, 0, -1, flags, 101, 0, 0, 0, 3, 1, 0, 0, 20, 0, threads, 0];
  const memory = [3133440, 381, '18446744073709551615'];
  const zeros = Array.from({ length: 52 - 3 - head.length - 1 - memory.length }, () => 0);
  const fields = [...head, task.startTimeTicks, ...memory, ...zeros];
  return `${task.tid} (${task.comm}) ${stateLetter(task, state.clock.now())} ${fields.join(' ')}\n`;
}

/**
 * A zombie is shown in the root of each v1 hierarchy and in its former v2 cgroup, with `(deleted)` if that was removed.
 */
export function cgroupText(task: FakeTask): string {
  const v1 = task.dead === undefined ? task.v1.path : '/';
  return `2:name=systemd:/\n1:freezer:${v1}\n0::${task.v2.path}${task.v2.removed ? ' (deleted)' : ''}\n`;
}

export function mountinfoText(state: HostState): string {
  const { freezerMount, unifiedMount } = state.options;
  return (
    '22 1 8:1 / / rw,relatime - ext4 /dev/vda rw\n' +
    '23 22 0:5 / /proc rw,nosuid,nodev,noexec,relatime - proc proc rw\n' +
    `37 22 0:34 / ${freezerMount} rw,relatime - cgroup cgroup rw,freezer\n` +
    `41 22 0:38 / ${unifiedMount} rw,relatime - cgroup2 cgroup2 rw\n`
  );
}

/** /proc/stat, reduced to the lines that matter. */
export function hostStatText(state: HostState): string {
  return `cpu  2732 0 2233 281907 228 0 43 8 0 0\nctxt 488415\nbtime ${state.options.bootTime}\nprocesses ${state.tasks.size}\nprocs_running 1\nprocs_blocked 0\n`;
}
