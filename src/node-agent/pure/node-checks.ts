/** Judges what a node can do from the facts that were read. Pure. */

/** The facts about a hierarchy that a capture needs. */
export interface FreezerFacts {
  readonly mountPoint: string;
  /** This process's own cgroup in the hierarchy. */
  readonly own?: string;
  readonly writable: boolean;
  readonly hasFreezer: boolean;
}

/** `undefined`: the value cannot be read, or does not exist. */
export interface NodeFacts {
  readonly uid: number;
  /** As uname -r prints it. */
  readonly kernel: string;
  readonly v1: FreezerFacts | undefined;
  readonly v2: FreezerFacts | undefined;
  /** Hexadecimal mask, as in /proc/PID/status. */
  readonly effective: string | undefined;
  readonly seccomp: string | undefined;
  /** Texts of kernel/yama/ptrace_scope, /sys/kernel/security/lsm and /proc/self/attr/current. */
  readonly yama: string | undefined;
  readonly lsm: string | undefined;
  readonly label: string | undefined;
  /** cgroup.stat.local has frozen_usec. */
  readonly countsFrozenTime: boolean | undefined;
}

/** The result of a rehearsal on processes of our own. The message says why it failed, or why there was none. */
export interface Rehearsal {
  readonly version: 'v1' | 'v2';
  readonly result: 'Passed' | 'Failed' | 'NotRun';
  readonly message: string;
}

/** Unfit: no capture will succeed here. Note: captures work with less, or the check could not be decided. */
export interface NodeCheck {
  readonly name: string;
  readonly verdict: 'Fit' | 'Note' | 'Unfit';
  readonly detail: string;
}

/** Bit of CAP_SYS_PTRACE in a capability mask: linux/capability.h. */
const CAP_SYS_PTRACE = 1n << 19n;

/** All checks, in the order in which they are printed. */
export function checkNode(facts: NodeFacts, rehearsals: readonly Rehearsal[]): NodeCheck[] {
  return [
    checkUser(facts.uid),
    checkKernel(facts.kernel),
    ...checkFreezers(facts),
    checkCapability(facts.effective),
    checkYama(facts.yama),
    checkModules(facts.lsm),
    checkLabel(facts.label),
    checkSeccomp(facts.seccomp),
    checkThreads(facts.kernel),
    checkFrozenTime(facts.countsFrozenTime),
    ...rehearsals.map(checkRehearsal),
  ];
}

function checkUser(uid: number): NodeCheck {
  if (uid === 0) return fit('user', 'root');
  return note('user', `uid ${uid}, not root: nothing can be captured, rehearsed or thawed by this user`);
}

/** stasis-guard watches processes by pidfd_open(2), which came with Linux 5.3. */
function checkKernel(kernel: string): NodeCheck {
  const enough = isAtLeast(kernel, 5, 3);
  if (enough === undefined) return note('kernel', `${kernel}: no version that is understood`);
  return enough ? fit('kernel', kernel) : unfit('kernel', `${kernel}: the guard needs Linux 5.3`);
}

function checkFreezers({ v1, v2 }: NodeFacts): NodeCheck[] {
  const checks = [checkFreezer('cgroup v1 freezer', v1), checkFreezer('cgroup v2 freezer', v2)];
  if (checks.some(({ verdict }) => verdict === 'Fit')) return checks;
  return checks.map((check) => ({ ...check, verdict: 'Unfit' }));
}

function checkFreezer(name: string, freezer: FreezerFacts | undefined): NodeCheck {
  if (freezer === undefined) return note(name, 'not mounted');
  const { mountPoint, own, writable, hasFreezer } = freezer;
  if (!hasFreezer) return note(name, `${mountPoint}: no freezer in it`);
  if (own === undefined) return note(name, `${mountPoint}: this process's own cgroup is not to be seen there`);
  return writable ? fit(name, `${mountPoint}, writable`) : note(name, `${mountPoint}: not writable`);
}

function checkCapability(effective: string | undefined): NodeCheck {
  if (effective === undefined) return note('CAP_SYS_PTRACE', 'cannot be told');
  const has = (BigInt(`0x${effective}`) & CAP_SYS_PTRACE) !== 0n;
  return has ? fit('CAP_SYS_PTRACE', 'present') : unfit('CAP_SYS_PTRACE', 'missing: tasks cannot be seized');
}

/** Documentation/admin-guide/LSM/Yama.rst: with 1 and 2, CAP_SYS_PTRACE is enough. With 3, nobody may trace until the next boot. */
function checkYama(yama: string | undefined): NodeCheck {
  const scope = yama?.trim();
  if (scope === undefined) return fit('Yama', 'not in this kernel');
  const text = `kernel.yama.ptrace_scope = ${scope}`;
  return scope === '3' ? unfit('Yama', `${text}: ptrace is forbidden to everyone`) : fit('Yama', text);
}

function checkModules(lsm: string | undefined): NodeCheck {
  return lsm === undefined
    ? note('security modules', '/sys/kernel/security/lsm cannot be read')
    : fit('security modules', lsm.trim());
}

/** AppArmor prints `name (mode)`, SELinux prints a context. Either may forbid ptrace, and only the rehearsal can tell whether it does. */
function checkLabel(label: string | undefined): NodeCheck {
  const text = label?.replace(/\0/g, '').trim() ?? '';
  if (text === '') return fit('confinement', 'none of AppArmor or SELinux');
  const confined = text !== 'unconfined' && !text.includes('unconfined_t') && !text.endsWith('(complain)');
  return confined ? note('confinement', text) : fit('confinement', text);
}

function checkSeccomp(seccomp: string | undefined): NodeCheck {
  if (seccomp === undefined) return note('seccomp', 'cannot be told');
  const filtered = seccomp !== 'Disabled';
  return filtered ? note('seccomp', 'filtered: the rehearsal tells whether ptrace passes') : fit('seccomp', 'none');
}

function checkThreads(kernel: string): NodeCheck {
  const name = 'PIDFD_THREAD';
  if (isAtLeast(kernel, 6, 9) === true) return fit(name, 'the guard is told at once of the end of a tracing thread');
  return note(name, 'needs Linux 6.9: the guard looks every 20 ms whether a tracing thread lives');
}

function checkFrozenTime(counts: boolean | undefined): NodeCheck {
  const name = 'cgroup.stat.local';
  if (counts === true) return fit(name, 'counts how long a v2 cgroup was frozen');
  return note(name, counts === undefined ? 'no v2 cgroup to look at' : 'not in this kernel: freezes are not counted');
}

function checkRehearsal({ version, result, message }: Rehearsal): NodeCheck {
  const name = `rehearsal ${version}`;
  switch (result) {
    case 'Passed':
      return fit(name, message);
    case 'Failed':
      return unfit(name, message);
    case 'NotRun':
      return note(name, message);
    default:
      return result satisfies never;
  }
}

/** Returns undefined when the release does not begin with a version. */
function isAtLeast(release: string, major: number, minor: number): boolean | undefined {
  const [, first, second] = /^(\d{1,5})\.(\d{1,5})/.exec(release) ?? [];
  if (first === undefined || second === undefined) return undefined;
  return Number(first) > major || (Number(first) === major && Number(second) >= minor);
}

function fit(name: string, detail: string): NodeCheck {
  return { name, verdict: 'Fit', detail };
}

function note(name: string, detail: string): NodeCheck {
  return { name, verdict: 'Note', detail };
}

function unfit(name: string, detail: string): NodeCheck {
  return { name, verdict: 'Unfit', detail };
}
