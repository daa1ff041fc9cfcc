/** The node agent of one node: its pod, and the processes of its two containers as seen from this machine. */
import { until, PODS, value, type World } from '../e2e/world.js';
import type { Pod } from '../e2e/pods.js';
import { cgroupNamed, processesBelow, read, type Site } from './site.js';

const LABELS = 'app.kubernetes.io/name=stasis,app.kubernetes.io/component=node-agent';
const READY_SECONDS = 90;

export interface Part {
  /** The container ID of the runtime. */
  readonly id: string;
  /** The main process of the container. */
  readonly pid: number;
}

export interface Agent {
  readonly pod: Pod;
  readonly agent: Part;
  readonly guard: Part;
}

/** Waits until both containers of the agent run and are ready. */
export async function readyAgent(world: World, site: Site): Promise<Agent> {
  return await until(
    `the agent of ${site.node.name} to be ready`,
    async () => {
      const agent = await findAgent(world, site);
      return agent !== undefined && isReady(agent.pod) ? agent : undefined;
    },
    async () => JSON.stringify((await agentPods(world, site)).map(({ status }) => status)),
    READY_SECONDS,
  );
}

/** Returns undefined while one of the agent's containers has no process, or none that the API server knows. */
export async function findAgent(world: World, site: Site): Promise<Agent | undefined> {
  const [pod] = (await agentPods(world, site)).filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  if (pod === undefined) return undefined;
  const agent = partOf(site, pod, 'node-agent', 'node-agent');
  const guard = partOf(site, pod, 'guard', 'stasis-guard');
  return agent === undefined || guard === undefined ? undefined : { pod, agent, guard };
}

export async function agentPods(world: World, site: Site): Promise<readonly Pod[]> {
  const pods = value(await world.api.list(PODS, { namespace: 'stasis-system', labelSelector: LABELS })).items;
  return pods.filter(({ spec }) => spec.nodeName === site.node.name);
}

/** Returns every process of the pod, including the sandbox's own process. */
export function processesOf(site: Site, pod: Pod): number[] {
  const directory = cgroupNamed(site.freezer, `pod${pod.metadata.uid}`);
  return directory === undefined ? [] : processesBelow(directory);
}

function partOf(site: Site, pod: Pod, container: string, word: string): Part | undefined {
  const statuses = [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])];
  const uri = statuses.find(({ name }) => name === container)?.containerID;
  const id = uri?.slice(uri.indexOf('://') + 3);
  const directory = id === undefined ? undefined : cgroupNamed(site.freezer, id);
  if (id === undefined || directory === undefined) return undefined;
  const pid = processesBelow(directory).find((one) => commandOf(one).includes(word) && isAlive(one));
  return pid === undefined ? undefined : { id, pid };
}

function isReady({ status }: Pod): boolean {
  const statuses = [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])];
  return statuses.length === 2 && statuses.every(({ ready }) => ready);
}

/** A zombie counts as dead. */
export function isAlive(pid: number): boolean {
  return /^State:\t[^ZX]/m.test(read(`/proc/${pid}/status`));
}

function commandOf(pid: number): string {
  return read(`/proc/${pid}/cmdline`).split('\0').join(' ');
}
