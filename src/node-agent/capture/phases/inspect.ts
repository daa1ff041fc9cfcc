/** First phase: the freezers are opened and the state they are in is kept; nothing is changed, and the pod runs. */
import { isGone } from '../../../native/errno.js';
import { errnoName } from '../../../native/syscall-error.js';
import { listTasks, TASK_FILE } from '../../cgroup/list-tasks.js';
import type { CgroupTasks } from '../../cgroup/nest.js';
import { failure, type Failure } from '../../pure/failure.js';
import { openFreezer, readFlag, type Freezer } from '../../cgroup/freezer.js';
import type { ContainerTarget } from '../../pure/container-target.js';
import type { FreezerState } from '../../pure/freezer-state.js';
import { parseStatus, stateOf } from '../../pure/proc-status.js';
import { RAW_BEFORE } from '../raw-arena.js';
import type { Session, Way } from '../session.js';
import { readBracket } from '../bracket.js';

const ZOMBIE = 'Z'.charCodeAt(0);

/** Looks at every target. Refuses what is frozen from above, and what holds ourselves. */
export function inspect(session: Session): Failure | undefined {
  const members = new Set<number>();
  for (const container of session.request.containers) {
    const refusal = addTarget(session, container, members);
    if (refusal !== undefined) return refusal;
  }
  if (members.size === 0) return failure('CgroupGone', `no task is left in ${session.targets.map(pathOf).join(', ')}`);
  if (members.has(session.kernel.pid)) {
    return failure(
      'InvalidTarget',
      `the target holds this very process (pid ${session.kernel.pid}), which cannot hold itself`,
    );
  }
  const { guard } = session.context;
  if (typeof guard !== 'number' && members.has(guard.pid)) {
    return failure('InvalidTarget', `the target holds the guard (pid ${guard.pid}), which must run while it is held`);
  }
  noteStrangers(session, members);
  for (const pid of leaders(session)) {
    readBracket(session.kernel.files, session.request.proc, session.arena, RAW_BEFORE, pid, pid);
    session.bracketed.add(pid);
  }
  return undefined;
}

function addTarget(session: Session, container: ContainerTarget, members: Set<number>): Failure | undefined {
  const { files } = session.kernel;
  const cgroups = listTasks(files, container.directory, TASK_FILE[container.cgroupVersion]);
  if (typeof cgroups === 'number') return unreadable(container, cgroups);
  for (const cgroup of cgroups) for (const tid of cgroup.tids) members.add(tid);

  const frozenAbove = frozenAncestor(session, container);
  if (frozenAbove !== undefined) {
    return failure(
      'AncestorFrozen',
      `${frozenAbove} is frozen, above the target ${container.directory}: thaw it first`,
    );
  }
  const opened = openFreezer(files, (us) => session.kernel.sleep(us), container.directory, container.cgroupVersion);
  if (typeof opened === 'number' && container.freezer !== 'none') return unreadable(container, opened);
  const freezer = typeof opened === 'number' ? undefined : opened;
  if (freezer !== undefined) session.freezers.push(freezer);
  const found = freezer === undefined ? 'THAWED' : freezer.state();
  if (typeof found === 'number') return unreadable(container, found);
  session.targets.push({
    container,
    index: session.targets.length,
    freezer,
    found,
    frozenBelow: container.cgroupVersion === 'v1' ? frozenBelow(session, cgroups) : new Set(),
    way: wayFor(container, freezer, found),
    closed: false,
    written: false,
    announced: false,
  });
  return undefined;
}

/**
 * FREEZING at entry is somebody's unfinished FROZEN: waited for in the freeze phase, and then treated alike. Where no freezer is
 * to be used, one that somebody else has closed counts all the same: nothing in it can be brought to a stop by interrupts.
 */
function wayFor(container: ContainerTarget, freezer: Freezer | undefined, found: FreezerState): Way {
  if (freezer === undefined) return 'interrupts';
  if (found === 'THAWED') return container.freezer === 'none' ? 'interrupts' : 'freezer';
  return freezer.version === 'v1' ? 'readOnly' : 'stopInPlace';
}

/**
 * The nearest frozen cgroup above, if any. v1 tells by freezer.parent_freezing; on v2 each ancestor's request is read, as
 * a child of a frozen ancestor says `cgroup.freeze 0` itself (cgroup-v2.rst).
 */
function frozenAncestor(session: Session, container: ContainerTarget): string | undefined {
  const depth = container.cgroupPath.split('/').filter((part) => part !== '').length;
  const file = container.cgroupVersion === 'v1' ? 'freezer.self_freezing' : 'cgroup.freeze';
  let directory = container.directory;
  for (let level = 1; level < depth; level++) {
    directory = directory.slice(0, directory.lastIndexOf('/'));
    if (readFlag(session.kernel.files, `${directory}/${file}`)) return directory;
  }
  return undefined;
}

function frozenBelow(session: Session, cgroups: readonly CgroupTasks[]): ReadonlySet<string> {
  const frozen = new Set<string>();
  // The list is parents first, so a nest below a frozen cgroup is found by its parent.
  for (const { directory } of cgroups.slice(1)) {
    const parent = directory.slice(0, directory.lastIndexOf('/'));
    if (frozen.has(parent) || readFlag(session.kernel.files, `${directory}/freezer.self_freezing`))
      frozen.add(directory);
  }
  return frozen;
}

/**
 * Zombies stand in no cgroup's list. They are found while the pod is held among the processes that are in /proc and
 * neither in a list nor known, from now, to live elsewhere: so that the held pod does not wait for a look at the whole machine.
 */
function noteStrangers(session: Session, members: ReadonlySet<number>): void {
  const names = session.kernel.files.list(session.request.proc);
  if (typeof names === 'number') return;
  const status = new Uint8Array(4096);
  for (const name of names) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || members.has(pid)) continue;
    const length = session.kernel.files.readInto(`${session.request.proc}/${pid}/status`, status);
    if (length > 0 && !isOurZombie(status, length, members)) session.strangers.add(pid);
  }
}

function isOurZombie(status: Uint8Array, length: number, members: ReadonlySet<number>): boolean {
  if (stateOf(status, length) !== ZOMBIE) return false;
  const parsed = parseStatus(new TextDecoder().decode(status.subarray(0, length)));
  return !parsed.ok || members.has(parsed.value.ppid);
}

/** A threaded v2 cgroup does not list processes (EOPNOTSUPP): what is read of them after the release has to do. */
function leaders(session: Session): number[] {
  return session.targets.flatMap(({ container }) => {
    const cgroups = listTasks(session.kernel.files, container.directory, 'cgroup.procs');
    return typeof cgroups === 'number' ? [] : cgroups.flatMap((cgroup) => cgroup.tids);
  });
}

function unreadable(container: ContainerTarget, result: number): Failure {
  if (isGone(result)) return failure('CgroupGone', `${container.directory} is gone`);
  return failure(
    'HostUnfit',
    `${container.directory}: ${errnoName(result)}; the cgroup must be readable and its freezer writable`,
  );
}

function pathOf(target: { readonly container: ContainerTarget }): string {
  return target.container.directory;
}
