/** The guard is killed, alone or together with everything else in its pod. */
import { setTimeout as sleep } from 'node:timers/promises';

import { now, since } from '../../chaos/scene.js';
import { succeeded } from '../e2e/world.js';
import { processesOf } from './agent.js';
import { killTask } from './kills.js';
import type { Row, Scene } from './row.js';

const SECOND = 1000;
/** How long no guard exists while a Checkpoint waits. */
const UNGUARDED_MS = 1500;
/**
 * Time for the next guard: kubelet's notice, a new sandbox and the start. With kubelet's usual back-off it can be five
 * minutes.
 */
const NEXT_GUARD_MS = 30_000;

export const killedGuard: Row = {
  name: 'guard',
  row: 'the guard itself is killed, and nothing new is frozen without one',
  bound: SECOND,
  reasons: { held: ['GuardUnavailable'], short: ['Captured', 'GuardUnavailable'] },
  // kubelet is stopped, because it would otherwise start another guard before a Checkpoint can be created.
  prepare: async ({ site }) => {
    await site.node.kubelet.signal('STOP');
  },
  harm: ({ agent }) => {
    const at = now();
    process.kill(agent.guard.pid, 'SIGKILL');
    return Promise.resolve(at);
  },
  mend: nothingIsFrozen,
  restore: async ({ site }) => {
    await site.node.kubelet.signal('CONT');
  },
  check: async ({ world }) => {
    const reason = succeeded(await world.ended(UNGUARDED))?.reason;
    return reason === 'Captured' ? [] : [`the Checkpoint that waited for a guard ended as ${reason}`];
  },
};

export const guardKilledByRuntime: Row = {
  name: 'guard-containerd',
  row: "the guard's container is killed by containerd",
  bound: SECOND,
  reasons: { held: ['GuardUnavailable'], short: ['Captured', 'GuardUnavailable'] },
  harm: async (scene) => await killTask(scene, scene.agent.guard),
};

export const wholePod: Row = {
  name: 'whole-pod',
  row: "every process of the agent's pod is killed at once, guard included",
  bound: NEXT_GUARD_MS,
  // In a hold the kernel releases the tasks. The next guard only matters in the freezer's window.
  moments: ['frozen', 'hold', 'frozen', 'anywhere'],
  reasons: { held: ['NodeAgentRestarted'], short: ['Captured', 'NodeAgentRestarted', 'GuardUnavailable'] },
  harm: ({ agent, site, random }) => {
    const pids = processesOf(site, agent.pod);
    if (random.percent(50)) pids.reverse();
    const at = now();
    for (const pid of [...firstOf(agent.guard.pid, agent.agent.pid, random.percent(50)), ...pids]) kill(pid);
    return Promise.resolve(at);
  },
};

const UNGUARDED = 'unguarded';

/** The agent notices the death by its connection, so a request that arrives now finds no guard. */
async function nothingIsFrozen({ world, target, site }: Scene): Promise<void> {
  await world.create(UNGUARDED, { podName: 'target' });
  for (const begun = now(); since(begun) < UNGUARDED_MS; await sleep(1)) {
    const standing = target.standing();
    if (standing.length > 0) throw new Error(`without a guard on ${site.node.name}: ${standing.join(', ')}`);
  }
}

function firstOf(one: number, other: number, turned: boolean): number[] {
  return turned ? [other, one] : [one, other];
}

/** The process may have died already, together with another. */
function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // The process is gone.
  }
}
