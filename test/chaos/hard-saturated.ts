/** No processor is idle, and ten thousand threads are held. */
import { cpus, setPriority } from 'node:os';
import { join } from 'node:path';

import { scratchDirectory } from '../kernel/harness/scratch.js';
import { startWorkload } from '../kernel/harness/workload.js';
import { holdOn, makeGround, type Ground } from './ground.js';
import type { HardCase } from './hard-case.js';
import type { Random } from './random.js';
import { now, since, until } from './scene.js';
import type { Outcome } from './trial.js';
import { startVictim, type Victim } from './victim.js';

const BUSY_PER_CPU = 2;
const SHAPE = { name: '10,000 threads', program: 'tree', args: [20, 500], tasks: 10_001 };
/** The timeout of the capture, in milliseconds. With a fraction of a processor, seizing ten thousand threads takes seconds. */
const TIMEOUT_MS = 30_000;
const HOLD_MS = 60_000;
const START_BOUND_MS = 60_000;
const PATIENCE_MS = 15_000;
const POINTS = ['after-seize', 'in-collect', 'in-hold', 'in-release'] as const;

export const saturated: HardCase = {
  name: 'saturated',
  row: 'SIGKILL on a saturated node, 10,000 threads held',
  bound: 1000,
  versions: ['v1', 'v2'],
  run: async (version, random) => {
    const ground = await makeGround(SHAPE, version);
    for (let index = 0; index < BUSY_PER_CPU * cpus().length; index++) await startWorkload(undefined, 'busy');
    // This process only measures, so it must not wait for a CPU.
    setPriority(-20);
    try {
      return await killOnce(ground, random);
    } finally {
      setPriority(0);
    }
  },
};

async function killOnce(ground: Ground, random: Random): Promise<Outcome> {
  const point = POINTS[Math.floor(random.between(0, POINTS.length))] ?? 'in-hold';
  const victim = startVictim({
    cgroup: ground.cgroup.directory,
    state: join(scratchDirectory(), 'state'),
    hold: true,
    holdFor: point === 'in-release' ? 1 : HOLD_MS,
    timeout: TIMEOUT_MS,
    fault: `${point}:kill`,
    // The command would inherit the priority of this process. In a cluster the agent has only its CPU request.
    before: ['nice', '-n', '20'],
  });
  const tids = ground.cgroup.threads();
  const killed = await death(victim);
  if (killed === undefined)
    return { milliseconds: 0, held: false, left: [], missed: `it did not die: ${victim.stderr()}` };
  const isFree = freeOnce(tids);
  const free = await until(() => ground.cgroup.freezeState() === 'THAWED' && isFree(), PATIENCE_MS);
  const milliseconds = since(killed);
  return { milliseconds, held: true, left: [...(free ? [] : ['not free']), ...ground.harm()] };
}

/** Returns when the victim was last seen alive. */
async function death(victim: Victim): Promise<bigint | undefined> {
  let alive = now();
  const dead = await until(() => {
    if (victim.ended()) return true;
    alive = now();
    return false;
  }, START_BOUND_MS);
  return dead ? alive : undefined;
}

/** Tells whether all tasks are free. A task that was found free is not looked at again, because its tracer is dead. */
function freeOnce(tids: readonly number[]): () => boolean {
  let next = 0;
  return () => {
    for (; next < tids.length; next++) if (holdOn(tids[next] ?? 0).length > 0) return false;
    return true;
  };
}
