/** The first phase: it opens the files of the freezers and notes the state of each. It changes nothing, and the pod runs. */
import { isGone } from '../../../native/errno.js';
import { errnoName } from '../../../native/syscall-error.js';
import { listTasks, TASK_FILE } from '../../cgroup/list-tasks.js';
import type { CgroupTasks } from '../../cgroup/nest.js';
import { failure, type Failure } from '../../pure/failure.js';
import { openFreezer, readFlag, type Freezer } from '../../cgroup/freezer.js';
import type { ContainerTarget } from '../../pure/container-target.js';
import type { FreezerState } from '../../pure/freezer-state.js';
import { MAX_FREEZERS } from '../board.js';
import { readBracket } from '../bracket.js';
import { leaveAlone } from '../core-dumps.js';
import { takeFirstLook } from '../first-look.js';
import type { Session, Target, Way } from '../session.js';
import { lookForZombies } from '../zombies.js';

/**
 * Looks at every target and at each of its tasks. Refuses a target that is frozen from above, and a target that contains this
 * process or its guard.
 */
export function inspect(session: Session): Failure | undefined {
  const { containers } = session.request;
  if (containers.length > MAX_FREEZERS)
    return failure('InvalidTarget', `${containers.length} cgroups at once; one capture takes at most ${MAX_FREEZERS}`);
  const members = new Map<number, Target>();
  for (const container of containers) {
    const refusal = addTarget(session, container, members);
    if (refusal !== undefined) return refusal;
  }
  if (members.size === 0) return failure('CgroupGone', `no task is left in ${session.targets.map(pathOf).join(', ')}`);
  session.members = members;
  return holdsUs(session, members) ?? lookAtTasks(session, members);
}

function holdsUs({ kernel, context }: Session, members: ReadonlyMap<number, Target>): Failure | undefined {
  if (members.has(kernel.pid))
    return failure('InvalidTarget', `the target holds this very process (pid ${kernel.pid}), which cannot hold itself`);
  const { guard } = context;
  if (typeof guard !== 'number' && members.has(guard.pid))
    return failure('InvalidTarget', `the target holds the guard (pid ${guard.pid}), which must run while it is held`);
  return undefined;
}

/**
 * Looks at each task for the first time. A threaded v2 cgroup does not list processes (EOPNOTSUPP), so the status of each task
 * tells who leads it.
 */
function lookAtTasks(session: Session, members: ReadonlyMap<number, Target>): Failure | undefined {
  const { kernel, request, arena } = session;
  for (const [tid, target] of members) {
    const look = takeFirstLook(session, tid);
    const interrupted = session.interruption();
    if (interrupted !== undefined) return interrupted;
    if (look === undefined) continue;
    if (look.tgid === tid) readBracket(kernel.files, request.proc, arena, 'first', tid, tid);
    if (look.coreDumping) leaveAlone(session, tid, look.tgid);
    // A v2 cgroup with a kernel thread in it never freezes.
    const cannotFreeze = look.kernelThread && target.container.cgroupVersion === 'v2';
    if (cannotFreeze && target.way === 'freezer') target.way = 'interrupts';
  }
  lookForZombies(session, members.keys(), 'first', () => session.interruption() !== undefined);
  return session.interruption();
}

function addTarget(session: Session, container: ContainerTarget, members: Map<number, Target>): Failure | undefined {
  const { files } = session.kernel;
  const isOver = (): boolean => session.interruption() !== undefined;
  const cgroups = listTasks(files, container.directory, TASK_FILE[container.cgroupVersion], session.listBuffer, isOver);
  if (typeof cgroups === 'number') return session.interruption() ?? unreadable(container, cgroups);
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
  const target: Target = {
    container,
    index: session.targets.length,
    freezer,
    found,
    frozenBelow: container.cgroupVersion === 'v1' ? frozenBelow(session, cgroups) : new Set(),
    way: wayFor(container, freezer, found),
    closed: false,
    written: false,
    announced: false,
  };
  session.targets.push(target);
  for (const cgroup of cgroups) for (const tid of cgroup.tids) members.set(tid, target);
  return undefined;
}

/**
 * FREEZING at entry is somebody else's unfinished freeze: the freeze phase waits for it, and then treats it like FROZEN. Where no
 * freezer is to be used, a freezer that somebody else has closed counts all the same, because nothing in it can be brought to a
 * stop by interrupts.
 */
function wayFor(container: ContainerTarget, freezer: Freezer | undefined, found: FreezerState): Way {
  if (freezer === undefined) return 'interrupts';
  if (found === 'THAWED') return container.freezer === 'none' ? 'interrupts' : 'freezer';
  return freezer.version === 'v1' ? 'readOnly' : 'stopInPlace';
}

/**
 * The nearest cgroup above that was asked to freeze, if any. The request of each ancestor is read (v1: freezer.self_freezing, v2:
 * cgroup.freeze), because a child of a frozen v2 cgroup says `cgroup.freeze 0` itself (cgroup-v2.rst).
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
  // The list has parents before children, so a cgroup below a frozen cgroup is found by its parent.
  for (const { directory } of cgroups.slice(1)) {
    const parent = directory.slice(0, directory.lastIndexOf('/'));
    if (frozen.has(parent) || readFlag(session.kernel.files, `${directory}/freezer.self_freezing`))
      frozen.add(directory);
  }
  return frozen;
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
