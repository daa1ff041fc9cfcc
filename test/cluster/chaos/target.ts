/**
 * The pod that is captured. One of its containers beats, and one has enough processes for the freezer's window to last
 * milliseconds.
 */
import { statSync } from 'node:fs';
import { join } from 'node:path';

import type { Node } from '../harness/node.js';
import { type Container, type Pod, shell } from '../e2e/pods.js';
import type { World } from '../e2e/world.js';
import { below, cgroupNamed, type Site, standingIn } from './site.js';

export interface Target {
  readonly pod: Pod;
  /** Number of beats so far: one every 10 ms. */
  beats(): number;
  /** Lists what holds the pod now; empty when nothing does. */
  standing(): string[];
  /**
   * Files that show whether one of the pod's freezers is closed or being closed: one read per cgroup, so that they can
   * be polled without a pause.
   */
  readonly closable: readonly string[];
}

export const TARGET = 'target';
const CROWD = 60;
const BEATS = '/beats';

/** One byte per beat. The size of the file is the number of beats, and no beat is ever half written. */
const HEART = shell('heart', `while :; do printf x >> ${BEATS}/x; usleep 10000; done`, {
  volumeMounts: [{ name: 'beats', mountPath: BEATS }],
});
const SLEEPERS = shell('crowd', `for i in $(seq ${CROWD}); do sleep 1000000 & done; while :; do sleep 0.5; done`);

/** Starts the target on the node of this world, and replaces an existing one. */
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
