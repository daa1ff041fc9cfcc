/**
 * Zombies are in no cgroup's list. They are found as children of the tasks that are.
 *
 * While its parent stands still, a zombie can neither change nor be reaped. So nothing of a zombie is read in the pause: zombies
 * are read before the freeze, and reported when they still exist after the release, or when a hold gives time for another look.
 */
import { isGone } from '../../native/errno.js';
import { readTids } from '../cgroup/list-tasks.js';
import { parseStat, PF_EXITING } from '../pure/proc-stat.js';
import { dropGroups } from '../pure/without-groups.js';
import { readStat } from './bracket.js';
import type { RawLook } from './raw-arena.js';
import type { Session } from './session.js';

/**
 * How long a hold waits for dying children to become zombies. A dying task has left its cgroup's list (cgroup_exit() runs before
 * exit_notify(), kernel/exit.c), so no freezer holds it: it needs some microseconds of CPU time, for which a busy node may let it
 * wait. Process 1 of a pid namespace may take longer than any bound, because it waits for the whole namespace.
 */
const DYING_MICROSECONDS = 20_000;
/** Time between two looks at dying children. */
const LOOK_AGAIN_MICROSECONDS = 500;

/**
 * Notes the zombie children of these tasks. With `held` the tasks stand still, and this look replaces the earlier one, unless `isOver`
 * cut it short: half a list would be taken for the whole.
 */
export function lookForZombies(
  session: Session,
  tids: Iterable<number>,
  look: Exclude<RawLook, 'after'>,
  isOver: () => boolean,
): void {
  const { kernel } = session;
  const found = new Set<number>();
  const children = childrenOf(session, tids, isOver) ?? everyProcess(session);
  let unknown: readonly number[] = children.filter((pid) => !session.tasks.has(pid));
  for (const since = kernel.now(); ; kernel.sleep(LOOK_AGAIN_MICROSECONDS)) {
    const dying: number[] = [];
    for (const pid of unknown) {
      if (isOver()) break;
      const child = found.has(pid) ? 'zombie' : readChild(session, look, pid);
      if (child === 'zombie') found.add(pid);
      else if (child === 'dying') dying.push(pid);
    }
    if (look === 'first' || dying.length === 0 || isOver() || kernel.now() - since > DYING_MICROSECONDS) break;
    unknown = dying;
  }
  if (look === 'held' && isOver()) return;
  session.zombies = found;
  session.zombiesAreHeld = look === 'held';
}

/** Reads the files of a zombie, and of no other process. A leader that has exited shows state Z while its threads live. */
function readChild({ kernel, request, arena }: Session, look: RawLook, pid: number): 'zombie' | 'dying' | 'other' {
  const stat = readStat(kernel.files, request.proc, arena, look, pid);
  const parsed = typeof stat === 'number' ? undefined : parseStat(new TextDecoder().decode(stat));
  if (parsed?.ok !== true || parsed.value.threads > 1) return 'other';
  const { state, flags } = parsed.value;
  if (state === 'X') return 'other';
  if (state !== 'Z') return (flags & PF_EXITING) === 0 ? 'other' : 'dying';
  const read = (into: Uint8Array): number => kernel.files.readInto(`${request.proc}/${pid}/status`, into);
  return typeof arena.add(look, 'status', pid, read, dropGroups) === 'number' ? 'other' : 'zombie';
}

/** Returns undefined on a kernel without CONFIG_PROC_CHILDREN. The file is exact only while the tasks stand still (proc_pid_task(5)). */
function childrenOf(session: Session, tids: Iterable<number>, isOver: () => boolean): number[] | undefined {
  const all: number[] = [];
  for (const tid of tids) {
    if (isOver()) break;
    const children = readTids(
      session.kernel.files,
      `${session.request.proc}/${tid}/task/${tid}/children`,
      session.listBuffer,
    );
    if (typeof children !== 'number') all.push(...children);
    else if (isMissing(session, tid, children)) return undefined;
  }
  return all;
}

/** Whether the file is missing although its task exists. */
function isMissing(session: Session, tid: number, result: number): boolean {
  if (!isGone(result)) return false;
  return session.kernel.files.readInto(`${session.request.proc}/${tid}/task/${tid}/comm`, new Uint8Array(1)) > 0;
}

function everyProcess(session: Session): number[] {
  const names = session.kernel.files.list(session.request.proc);
  return typeof names === 'number' ? [] : names.map(Number).filter(Number.isInteger);
}
