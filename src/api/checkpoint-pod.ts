/** The pod that a Checkpoint is about. Pure. */
import type { Checkpoint } from './kinds.js';

/** Name of the pod. The schema refuses a Checkpoint without podName, so '' stands only for an object that has passed no schema. */
export function podNameOf({ spec }: Pick<Checkpoint, 'spec'>): string {
  return spec.podName ?? '';
}
