/** The guard's state folder cannot hold a journal, so each capture is refused before anything is frozen. */
import { setTimeout as sleep } from 'node:timers/promises';

import { now } from '../../chaos/scene.js';
import { succeeded, until } from '../e2e/world.js';
import { agentPods } from './agent.js';
import type { Ground, Row } from './row.js';

/** The folder on the node that kubelet mounts into the guard. */
const FOLDER = '/run/stasis/node-agent';
const MOUNT = 'mkdir -p "$0" && mount -t tmpfs -o size=8k,mode=0700 none "$0"';
const FULL = `${MOUNT} && { dd if=/dev/zero of="$0/filler" bs=4k 2> /dev/null || true; }`;
const READ_ONLY = `${MOUNT} && mount -o remount,ro "$0"`;
/** Removes the folder under a running guard. */
const GONE = 'rm -rf "$0"';
const MEND = 'umount "$0" 2> /dev/null; mkdir -p "$0"; chmod 0700 "$0"';
/** How long a look at the node may take, in milliseconds. No pod is touched. */
const BOUND_MS = 1000;

const UNGUARDED = 'GuardUnavailable';

export const fullFolder = refused('disk-full', 'disk full: the capture is refused', FULL, [UNGUARDED]);
export const readOnlyFolder = refused('read-only', 'state folder read-only: the capture is refused', READ_ONLY, [
  UNGUARDED,
]);
export const goneFolder = refused('gone', 'state folder gone: the capture is refused', GONE, [UNGUARDED]);

function refused(name: string, row: string, script: string, reasons: readonly string[]): Row {
  return {
    name,
    row,
    bound: BOUND_MS,
    moments: ['anywhere'],
    reasons: { held: [], short: reasons },
    prepare: async (ground) => {
      await inNode(ground, script);
      if (script !== GONE) await renew(ground);
    },
    harm: () => Promise.resolve(now()),
    during: async ({ world, target }) => {
      for (;;) {
        const standing = target.standing();
        if (standing.length > 0) throw new Error(`a pod was captured without a journal: ${standing.join(', ')}`);
        const [checkpoint] = await world.checkpoints();
        if (succeeded(checkpoint)?.status !== undefined && succeeded(checkpoint)?.status !== 'Unknown') return;
        await sleep(1);
      }
    },
    restore: async (ground) => {
      await inNode(ground, MEND);
      await renew(ground);
    },
  };
}

async function inNode({ site }: Ground, script: string): Promise<void> {
  const { status, stderr } = await site.node.exec(['sh', '-c', script, FOLDER]);
  if (status !== 0) throw new Error(`${site.node.name}: ${stderr}`);
}

/** Replaces the agent's pod, so that it mounts the folder as it is now. */
async function renew({ cluster, world, site }: Ground): Promise<void> {
  const old = (await agentPods(world, site)).map(({ metadata }) => metadata.name);
  const { status, stderr } = await cluster.kubectl(['delete', 'pod', '-n', 'stasis-system', '--wait', ...old]);
  if (status !== 0) throw new Error(stderr);
  await until(`another agent on ${site.node.name}`, async () => {
    const pods = await agentPods(world, site);
    return pods.some((pod) => pod.status?.initContainerStatuses?.some(hasBegun)) ? true : undefined;
  });
}

function hasBegun({ containerID }: { readonly containerID?: string }): boolean {
  return containerID !== undefined;
}
