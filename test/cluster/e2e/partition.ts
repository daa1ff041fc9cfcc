/**
 * Cuts the agent of a node off from the API server, in both directions and without a trace: no packet is refused, none
 * arrives. kubelet goes on reaching the agent, so its probes pass.
 */
import { API_ADDRESS } from '../harness/addresses.js';
import type { Cluster } from '../harness/cluster.js';
import { execIn } from '../harness/place.js';
import { pidsOf } from './node-view.js';

/** The hardware address of nobody: the bridge floods what is sent to it, and every port drops it. */
const NOBODY = '02:00:00:00:00:99';

/** Returns what joins the agent to the API server again. */
export async function cutOff(cluster: Cluster, nodeName: string): Promise<() => Promise<void>> {
  const node = cluster.node(nodeName);
  const [pid] = await pidsOf(node, 'node-agent');
  if (pid === undefined) throw new Error(`no agent runs on ${nodeName}`);
  const inPod = async (...args: readonly string[]): Promise<string> => {
    const ran = await node.exec(['nsenter', '--target', String(pid), '--net', 'ip', ...args]);
    if (ran.status !== 0) throw new Error(`ip ${args.join(' ')}: ${ran.stderr}`);
    return ran.stdout;
  };
  const onControl = async (...args: readonly string[]): Promise<void> => {
    const ran = await execIn(cluster.control, ['ip', ...args]);
    if (ran.status !== 0) throw new Error(`ip ${args.join(' ')}: ${ran.stderr}`);
  };
  const [, address = ''] = /inet ([0-9.]+)\//.exec(await inPod('-4', 'address', 'show', 'dev', 'eth0')) ?? [];
  const hole = address.replace(/\.\d+$/, '.253');
  await inPod('neigh', 'replace', hole, 'lladdr', NOBODY, 'dev', 'eth0', 'nud', 'permanent');
  await inPod('route', 'add', `${API_ADDRESS}/32`, 'via', hole, 'dev', 'eth0');
  await onControl('route', 'add', 'blackhole', `${address}/32`);
  return async () => {
    await onControl('route', 'delete', 'blackhole', `${address}/32`);
    // The agent's pod may have been replaced meanwhile, and its network with it.
    await inPod('route', 'delete', `${API_ADDRESS}/32`, 'via', hole).catch(() => undefined);
  };
}
