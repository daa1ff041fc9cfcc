/**
 * A node without an idle processor, and a pod of a thousand threads. On such a node, ten thousand threads
 * (test/chaos/hard-saturated.ts) end as FreezeTimeout: a pod that requests a tenth of a processor cannot be seized within
 * the 0.8 s for which a freezer may be closed.
 */
import { cpus, setPriority } from 'node:os';

import { now } from '../../chaos/scene.js';
import { shell } from '../e2e/pods.js';
import type { Row } from './row.js';

const BUSY_PER_CPU = 2;
const NICEST = -20;
const image = 'stasis.test/programs:1';
const TREE = shell('tree', 'tree 10 100 & wait', { image });

export const saturated: Row = {
  name: 'saturated',
  row: 'the node is saturated (all CPUs busy), 1,000 threads held, the agent killed with SIGKILL',
  bound: 1000,
  moments: ['hold'],
  timeoutSeconds: 30,
  others: [TREE],
  reasons: { held: ['NodeAgentRestarted'], short: [] },
  prepare: async ({ world }) => {
    for (let index = 0; index < BUSY_PER_CPU * cpus().length; index++) {
      await world.createPod(`busy-${index}`, [shell('busy', 'while :; do :; done')]);
      await world.running(`busy-${index}`);
    }
    // The measuring process gets priority, so that it does not distort the measurement.
    setPriority(NICEST);
  },
  harm: ({ agent }) => {
    const at = now();
    process.kill(agent.agent.pid, 'SIGKILL');
    return Promise.resolve(at);
  },
  restore: async ({ world }) => {
    setPriority(0);
    for (let index = 0; index < BUSY_PER_CPU * cpus().length; index++) {
      if ((await world.getPod(`busy-${index}`)) !== undefined) await world.removePod(`busy-${index}`);
      await world.podGone(`busy-${index}`);
    }
  },
};
