/** The node loses power during a hold, and comes back. */
import { now } from '../../chaos/scene.js';
import type { Row } from './row.js';

export const powerCut: Row = {
  name: 'power',
  row: 'the node restarts (power cut) during a hold',
  // Nothing needs to be done: the freezers disappeared together with the tasks.
  bound: 10_000,
  moments: ['hold'],
  endsPod: true,
  // The reason depends on whether the node was away for longer than the duration of the agent's Lease.
  reasons: { held: ['NodeAgentLost', 'NodeAgentRestarted'], short: [] },
  harm: async ({ site }) => {
    const at = now();
    await site.node.stop();
    return at;
  },
  restore: async ({ site, cluster }) => {
    await site.node.start();
    await cluster.ready();
  },
};
