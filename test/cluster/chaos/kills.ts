/** The agent or its container is killed: by a signal, by the kernel for lack of memory, or by containerd. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { writeFileSync } from 'node:fs';

import { now, until } from '../../chaos/scene.js';
import { until as eventually } from '../e2e/world.js';
import { findAgent, isAlive } from './agent.js';
import { whatIsTold } from './reported.js';
import type { Row, Scene } from './row.js';
import { cgroupNamed, read } from './site.js';

const SECOND = 1000;
const DEATH_WITHIN_MS = 20_000;
/** The next agent carries out the unclaimed captures, and ends the claimed ones. */
const REASONS = { held: ['NodeAgentRestarted'], short: ['Captured', 'NodeAgentRestarted'] };

export const killedAgent: Row = {
  name: 'agent',
  row: 'the agent is killed with SIGKILL',
  bound: SECOND,
  reasons: REASONS,
  harm: ({ agent }) => {
    const at = now();
    process.kill(agent.agent.pid, 'SIGKILL');
    return Promise.resolve(at);
  },
  check: async (scene, checkpoint) => (await whatIsTold(scene, checkpoint)).missing,
};

export const killedByRuntime: Row = {
  name: 'containerd-kill',
  row: "the agent's container is killed by containerd",
  bound: SECOND,
  reasons: REASONS,
  harm: async (scene) => await killTask(scene, scene.agent.agent),
};

export const outOfMemory: Row = {
  name: 'oom',
  row: "the agent's container is OOM-killed by the kernel",
  bound: SECOND,
  reasons: REASONS,
  harm: async (scene) => {
    const { agent, site } = scene;
    const memory = site.node.cgroups.find((one) => one.includes('/memory/'));
    const directory = memory === undefined ? undefined : cgroupNamed(memory, agent.agent.id);
    if (directory === undefined) throw new Error('this needs a memory cgroup of v1');
    writeFileSync(join(directory, 'memory.limit_in_bytes'), String(usageOf(directory) + HEADROOM));
    const endHog = startHog(directory);
    try {
      return await death(agent.agent.pid);
    } finally {
      endHog();
    }
  },
  check: async (scene) => {
    const reason = await eventually('the end of the container to be known', async () => {
      const pod = (await findAgent(scene.world, scene.site))?.pod;
      const status = pod?.status?.containerStatuses?.find(({ name }) => name === 'node-agent');
      const ended = status?.lastState?.terminated;
      return ended?.containerID?.endsWith(scene.agent.agent.id) === true ? ended.reason : undefined;
    });
    return reason === 'OOMKilled' ? [] : [`the container's last state is ${reason}`];
  },
};

/** Kills a container with containerd's own tool. Returns the last moment at which its process was seen alive. */
export async function killTask(
  { site }: Scene,
  { id, pid }: { readonly id: string; readonly pid: number },
): Promise<bigint> {
  const killing = site.node.exec(['ctr', '--namespace', 'k8s.io', 'task', 'kill', '--signal', 'SIGKILL', id]);
  const at = await death(pid);
  const { status, stderr } = await killing;
  if (status !== 0) throw new Error(`ctr task kill: ${stderr}`);
  return at;
}

/** Returns the last moment at which the process was seen alive. */
export async function death(pid: number): Promise<bigint> {
  let last = now();
  const isDead = (): boolean => {
    const looked = now();
    if (!isAlive(pid)) return true;
    last = looked;
    return false;
  };
  if (!(await until(isDead, DEATH_WITHIN_MS))) throw new Error(`process ${pid} did not die`);
  return last;
}

/**
 * Memory that the agent may still allocate, in bytes. It is less than the hog allocates, and the hog allocates less
 * than the agent already has, so the kernel chooses the agent.
 */
const HEADROOM = 12 << 20;
const HOG = 32 << 20;
/** `tail` buffers a line until its end, and this line never ends. */
const TAKE = 'echo $$ > "$0/cgroup.procs" && head -c "$1" /dev/zero | tail -n 1 > /dev/null';

/** Returns a function that ends the hog. Call it before the container's cgroup is removed. */
function startHog(directory: string): () => void {
  const hog = spawn('sh', ['-c', TAKE, directory, String(HOG)], { stdio: 'ignore', detached: true });
  return () => {
    try {
      // Its process group contains the shell and both of its children.
      if (hog.pid !== undefined) process.kill(-hog.pid, 'SIGKILL');
    } catch {
      // The hog has ended.
    }
  };
}

function usageOf(directory: string): number {
  return Number(read(join(directory, 'memory.usage_in_bytes')).trim());
}
