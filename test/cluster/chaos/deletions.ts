/** The agent's pod is deleted by force, and the next agent starts beside it. */
import { now, until } from '../../chaos/scene.js';
import { isAlive } from './agent.js';
import type { Row, Scene } from './row.js';
import { processesBelow, read } from './site.js';

/** kubelet sends SIGTERM, and SIGKILL two seconds later. One more second is for the API server and kubelet to react. */
const FORCED_MS = 3000;
/** The time for a forced deletion, and for the start of the next guard, which waits for the lock. */
const OVERLAP_MS = 10_000;
/** The token of a deleted pod becomes invalid, so the server may refuse the old agent's reports. */
const REASONS = {
  held: ['HoldCutShort', 'NodeAgentRestarted'],
  short: ['Captured', 'NodeAgentRestarted', 'Cancelled'],
};

export const forcedDeletion: Row = {
  name: 'force-delete',
  row: 'kubectl delete pod --force --grace-period=0 of the agent',
  bound: FORCED_MS,
  reasons: REASONS,
  harm: () => Promise.resolve(now()),
  during: deleteByForce,
};

export const overlap: Row = {
  name: 'overlap',
  row: 'two agents overlap: the old one and its guard stand still while the next pod starts',
  bound: OVERLAP_MS,
  moments: ['hold', 'frozen'],
  reasons: REASONS,
  harm: ({ agent: { agent, guard } }) => {
    const at = now();
    process.kill(guard.pid, 'SIGSTOP');
    process.kill(agent.pid, 'SIGSTOP');
    return Promise.resolve(at);
  },
  during: async (scene) => {
    const { site } = scene;
    const { pid } = scene.agent.guard;
    await deleteByForce(scene);
    const isNext = (one: number): boolean => one !== pid && read(`/proc/${one}/comm`) === 'stasis-guard\n';
    let together = false;
    await until(() => (together = processesBelow(site.freezer).some(isNext)) || !isAlive(pid), OVERLAP_MS);
    if (!together || !isAlive(pid)) throw new Error('the next guard did not start beside the old one');
  },
};

async function deleteByForce({ cluster, agent }: Scene): Promise<void> {
  const { name, namespace = '' } = agent.pod.metadata;
  const deletion = ['delete', 'pod', name, '-n', namespace, '--force', '--grace-period=0'];
  const { status, stderr } = await cluster.kubectl(deletion);
  if (status !== 0) throw new Error(stderr);
}
