/** The guard is killed, alone or with everything else of its pod. */
import { setTimeout as sleep } from 'node:timers/promises';

import { now, since } from '../../chaos/scene.js';
import { succeeded } from '../e2e/world.js';
import { processesOf } from './agent.js';
import { killTask } from './kills.js';
import type { Row, Scene } from './row.js';

const SECOND = 1000;
/** In it nobody guards, and a Checkpoint waits. */
const UNGUARDED_MS = 1500;
/** Of the next guard: kubelet's look, a new sandbox, the start. With kubelet's usual back-off it can be five minutes. */
const NEXT_GUARD_MS = 30_000;

export const killedGuard: Row = {
  name: 'guard',
  row: 'the guard itself is killed, and nothing new is frozen without one',
  bound: SECOND,
  reasons: { held: ['GuardUnavailable'], short: ['Captured', 'GuardUnavailable'] },
  // Or another guard would stand before anybody could ask for something.
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
    return reason === 'Captured' ? [] : [`the Checkpoint that waited for a guard ended ${reason}`];
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
  // In a hold the kernel lets go; only the window of the freezer is left to the next guard.
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

/** The agent knows of the death by its connection; a request that comes now finds no guard. */
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

/** Also of a process that has just died with another. */
function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It is gone.
  }
}
