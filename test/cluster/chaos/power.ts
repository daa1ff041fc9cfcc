/** The node loses its power in a hold, and comes back. */
import { now } from '../../chaos/scene.js';
import type { Row } from './row.js';

export const powerCut: Row = {
  name: 'power',
  row: 'the node restarts (power cut) during a hold',
  // There is nothing to do: the freezers are gone with the tasks.
  bound: 10_000,
  moments: ['hold'],
  endsPod: true,
  // Which of the two depends on whether the node was away for as long as the agent's lease.
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
