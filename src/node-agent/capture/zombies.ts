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

/** Notes the zombie children of these tasks. With `held` the tasks stand still, and this look replaces the earlier one. */
export function lookForZombies(session: Session, tids: Iterable<number>, look: Exclude<RawLook, 'after'>): void {
  const { kernel, request, arena } = session;
  const decoder = new TextDecoder();
  if (look === 'held') session.zombies.clear();
  for (const pid of childrenOf(session, tids) ?? everyProcess(session)) {
    if (session.tasks.has(pid) || session.zombies.has(pid)) continue;
    const stat = readStat(kernel.files, request.proc, arena, look, pid);
    const parsed = typeof stat === 'number' ? undefined : parseStat(decoder.decode(stat));
    if (parsed?.ok !== true || parsed.value.state !== 'Z') continue;
    const status = arena.add(
      look,
      'status',
      pid,
      (into) => kernel.files.readInto(`${request.proc}/${pid}/status`, into),
      dropGroups,
    );
    if (typeof status !== 'number') session.zombies.add(pid);
    if (session.interruption() !== undefined) return;
  }
  if (look === 'held') session.zombiesAreHeld = true;
}

/** Returns undefined on a kernel without CONFIG_PROC_CHILDREN. The file is exact only while the tasks stand still (proc_pid_task(5)). */
function childrenOf(session: Session, tids: Iterable<number>): number[] | undefined {
  const all: number[] = [];
  for (const tid of tids) {
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
