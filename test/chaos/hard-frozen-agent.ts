/** Another tool freezes the v1 cgroup of the command while the command holds something. Not even SIGKILL ends the command then. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { type Cgroup, makeCgroup } from '../kernel/harness/cgroup.js';
import { findHierarchy } from '../kernel/harness/hierarchy.js';
import { scratchDirectory } from '../kernel/harness/scratch.js';
import { makeGround, SHAPES } from './ground.js';
import type { HardCase } from './hard-case.js';
import { now, since, until } from './scene.js';
import { HOLD_MS, startVictim, TIMEOUT_MS, type Victim } from './victim.js';

const START_BOUND_MS = 20_000;
const PATIENCE_MS = 15_000;
const ENTER = 'echo $$ > "$0/cgroup.procs" && exec "$@"';
const POINTS = ['frozen', 'after-seize', 'in-hold'] as const;

export const frozenAgent: HardCase = {
  name: 'frozen-agent',
  row: "the command's own cgroup is frozen by another tool (v1)",
  bound: TIMEOUT_MS + HOLD_MS + 1000,
  versions: ['v1'],
  run: async (version, random) => {
    const shape = SHAPES[Math.floor(random.between(0, SHAPES.length))];
    const made = makeCgroup('v1', 'home');
    if (shape === undefined || !made.ok) throw new Error('this needs cgroup v1');
    const home = made.cgroup;
    const ground = await makeGround(shape, version);
    const point = POINTS[Math.floor(random.between(0, POINTS.length))] ?? 'frozen';
    const victim = startVictim({
      cgroup: ground.cgroup.directory,
      state: join(scratchDirectory(), 'state'),
      hold: true,
      fault: `${point}:stop`,
      before: ['sh', '-c', ENTER, home.directory],
    });
    const missed = await freezeAt(victim, home);
    if (missed !== undefined) return { milliseconds: 0, held: false, left: [], missed };
    const at = now();
    victim.kill('SIGCONT');
    const free = await until(() => ground.standing(at).length === 0, PATIENCE_MS);
    const milliseconds = since(at);
    const left = free ? [] : ground.standing(at);
    if (!(await until(() => victim.ended(), PATIENCE_MS))) left.push('the command is left');
    if (home.freezeState() !== 'THAWED') left.push(`its own cgroup is ${home.freezeState()}`);
    return { milliseconds, held: true, left: [...left, ...ground.harm()] };
  },
};

/**
 * Waits until the victim has stopped itself, moves the guard out of the cgroup (in a cluster the guard is never in the cgroup of the agent),
 * and freezes the cgroup.
 */
async function freezeAt(victim: Victim, home: Cgroup): Promise<string | undefined> {
  const stopped = await until(() => victim.stopped() || victim.ended(), START_BOUND_MS);
  const guard = victim.guard();
  const outside = findHierarchy('v1');
  if (!stopped || guard === undefined || !outside.ok) return `it did not come so far: ${victim.stderr()}`;
  writeFileSync(join(outside.directory, 'cgroup.procs'), String(guard));
  home.freeze();
  return (await until(() => home.freezeState() === 'FROZEN', PATIENCE_MS)) ? undefined : 'its cgroup did not freeze';
}
