/**
 * Zombies are in no cgroup's list. They are found as children of the tasks that are.
 *
 * While its parent stands still, a zombie can neither change nor be reaped. So nothing of a zombie is read in the pause: zombies
 * are read before the freeze, and reported when they still exist after the release, or when a hold gives time for another look.
 */
import { isGone } from '../../native/errno.js';
import { readTids } from '../cgroup/list-tasks.js';
import { parseStat } from '../pure/proc-stat.js';
import { dropGroups } from '../pure/without-groups.js';
import { readStat } from './bracket.js';
import type { RawLook } from './raw-arena.js';
import type { Session } from './session.js';

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
  const found = new Set<number>();
  const children = childrenOf(session, tids, isOver) ?? everyProcess(session);
  for (const pid of children) {
    if (isOver()) break;
    if (!session.tasks.has(pid) && !found.has(pid) && readZombie(session, look, pid)) found.add(pid);
  }
  if (look === 'held' && isOver()) return;
  session.zombies = found;
  session.zombiesAreHeld = look === 'held';
}

/** Reads the files of a zombie. Returns false when the process is none. A leader that has exited shows state Z while its threads live. */
function readZombie({ kernel, request, arena }: Session, look: RawLook, pid: number): boolean {
  const stat = readStat(kernel.files, request.proc, arena, look, pid);
  const parsed = typeof stat === 'number' ? undefined : parseStat(new TextDecoder().decode(stat));
  if (parsed?.ok !== true || parsed.value.state !== 'Z' || parsed.value.threads > 1) return false;
  const read = (into: Uint8Array): number => kernel.files.readInto(`${request.proc}/${pid}/status`, into);
  return typeof arena.add(look, 'status', pid, read, dropGroups) !== 'number';
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
