/** The pod that is captured: one container that beats, one with processes enough to make the freezer's window milliseconds long. */
import { statSync } from 'node:fs';
import { join } from 'node:path';

import type { Node } from '../harness/node.js';
import { type Container, type Pod, shell } from '../e2e/pods.js';
import type { World } from '../e2e/world.js';
import { below, cgroupNamed, type Site, standingIn } from './site.js';

export interface Target {
  readonly pod: Pod;
  /** Beats so far: one every 10 ms. */
  beats(): number;
  /** What holds it now. Empty: nothing. */
  standing(): string[];
  /** A freezer of it is being closed, or closed. One read a cgroup, to be asked without a pause. */
  readonly closable: readonly string[];
}

export const TARGET = 'target';
const CROWD = 60;
const BEATS = '/beats';

/** A byte a beat: its size tells, and nothing is ever half written. */
const HEART = shell('heart', `while :; do printf x >> ${BEATS}/x; usleep 10000; done`, {
  volumeMounts: [{ name: 'beats', mountPath: BEATS }],
});
const SLEEPERS = shell('crowd', `for i in $(seq ${CROWD}); do sleep 1000000 & done; while :; do sleep 0.5; done`);

/** Starts it on the node of this world, in place of one that is there. */
export async function startTarget(
  world: World,
  site: Site,
  others: readonly Container[] = [SLEEPERS],
): Promise<Target> {
  const old = await world.getPod(TARGET);
  if (old !== undefined) {
    if (old.metadata.deletionTimestamp === undefined) await world.removePod(TARGET);
    await world.podGone(TARGET);
  }
  const volumes = [{ name: 'beats', emptyDir: { medium: 'Memory' } }];
  await world.createPod(TARGET, [HEART, ...others], { volumes });
  return targetOf(await world.running(TARGET), site);
}

function targetOf(pod: Pod, site: Site): Target {
  const { uid } = pod.metadata;
  const directories = site.freezers.flatMap((one) => below(cgroupNamed(one, `pod${uid}`) ?? ''));
  const file = beatsOf(site.node, uid);
  return {
    pod,
    beats: () => sizeOf(file),
    standing: () => standingIn(directories),
    closable: directories.filter((directory) => directory.startsWith(site.freezer)),
  };
}

function beatsOf(node: Node, uid: string): string {
  return node.file(join('/var/lib/kubelet/pods', uid, 'volumes/kubernetes.io~empty-dir/beats/x'));
}

function sizeOf(path: string): number {
  try {
    return statSync(path).size;
  } catch {
    return 0;
  }
}
