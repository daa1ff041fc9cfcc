/** Gathers everything that `stasis doctor` reports about cgroups, tasks and journals. Touches nothing. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { AuditFacts, FrozenCgroup, Journal } from '../pure/doctor-facts.js';
import { frozenMicroseconds } from '../pure/frozen-time.js';
import { mountOf } from '../pure/mountinfo.js';
import { readText } from '../cgroup/files.js';
import { subtreeTasks } from '../resolve/tasks.js';
import { identityOf, lookAtFreezer } from '../cgroup/freezer-look.js';
import { readAllJournals } from './journals.js';
import { lookAtProcesses } from './living.js';
import type { Scope } from './scope.js';
import { namesOf, stillTraced, tracedTasks } from './tasks.js';
import { above, walk, type ClosedCgroup } from './walk.js';

/**
 * Pause between the two looks, in milliseconds. A capture or a rehearsal closes a freezer for milliseconds only, so a
 * freezer that is open at the second look is not reported.
 */
const SECOND_LOOK_MS = 100;

/** @param states The folders of the guards' journals. */
export async function audit(scope: Scope, states: readonly string[]): Promise<AuditFacts> {
  const { proc } = scope.roots;
  const boot = readText('/proc/sys/kernel/random/boot_id');
  const walked = walk(scope);
  const traced = tracedTasks(proc, walked.cgroups);
  const told = readAllJournals(states, lookAtProcesses(proc));
  const bootId = boot.ok ? boot.value.trim() : '';
  const closed = [...walked.closed, ...elsewhere(scope, bootId, told.journals, walked.closed)];
  if (closed.length + traced.length > 0) await sleep(SECOND_LOOK_MS);
  const { journals, unseen } = readAllJournals(states, lookAtProcesses(proc));
  return {
    boot: bootId,
    now: Number(process.hrtime.bigint() / 1000n),
    cgroups: walked.cgroups.length,
    frozen: closed.flatMap((cgroup) => stillClosed(proc, cgroup)),
    traced: stillTraced(proc, traced),
    journals,
    unseen: walked.cut ? [...unseen, 'there are more cgroups than the doctor looks at'] : unseen,
  };
}

/**
 * Closed cgroups outside of kubepods that are named by an open record of a journal: `stasis checkpoint` can capture any
 * cgroup.
 */
function elsewhere(
  { hierarchies }: Scope,
  boot: string,
  journals: readonly Journal[],
  known: readonly ClosedCgroup[],
): ClosedCgroup[] {
  const found = new Map<string, ClosedCgroup>();
  for (const { record } of journals.flatMap(({ records }) => records)) {
    const { path: directory, version } = record;
    if (record.state !== 'Open' || record.boot !== boot || version === 'none') continue;
    const identity = identityOf(directory);
    const mount = mountOf(hierarchies.mounts, directory);
    if (identity?.inode !== record.inode || identity.device !== record.device || mount === undefined) continue;
    const look = lookAtFreezer(directory, version);
    if (look?.closed !== true || known.some((cgroup) => cgroup.directory === directory)) continue;
    const cause = above({ directory, mountPoint: mount.mountPoint, version });
    found.set(directory, { directory, version, look, ...(cause === undefined ? {} : { above: cause }) });
  }
  return [...found.values()];
}

/** The second look. Returns an empty list when the freezer is open now. */
function stillClosed(proc: string, { directory, version, above: cause }: ClosedCgroup): FrozenCgroup[] {
  const look = lookAtFreezer(directory, version);
  const identity = identityOf(directory);
  if (look?.closed !== true || identity === undefined) return [];
  const tasks = subtreeTasks(directory, version);
  const tids = tasks.ok ? tasks.value : new Set<number>();
  const stat = version === 'v2' ? readText(`${directory}/cgroup.stat.local`) : undefined;
  const frozenFor = stat?.ok === true ? frozenMicroseconds(stat.value) : undefined;
  return [
    {
      version,
      directory,
      ...identity,
      complete: look.frozen,
      self: look.self,
      ...(cause === undefined ? {} : { above: cause }),
      ...(frozenFor === undefined ? {} : { frozenMicroseconds: frozenFor }),
      tasks: tids.size,
      unseenTasks: !tasks.ok || tids.has(0),
      processes: namesOf(
        proc,
        [...tids].filter((tid) => tid !== 0).sort((a, b) => a - b),
      ),
    },
  ];
}
