/** Computes the name of a Checkpoint's PodCapture. */
import { createHash } from 'node:crypto';
import type { ObjectMeta } from '../kube/types.js';

/**
 * Longest part of the Checkpoint's name that is used, in characters. Together with the hash it stays well below 253,
 * the maximum for a name, so that users can append something of their own.
 */
const LONGEST_STEM = 200;

/**
 * Returns the same name for one Checkpoint every time. So two controllers that both believe to lead, or a controller
 * that lost the answer to its request, create one PodCapture and not two. The hash is taken from the UID: a later
 * Checkpoint of the same name gets a different PodCapture.
 */
export function captureName(checkpoint: Pick<ObjectMeta, 'name' | 'uid'>): string {
  const hash = createHash('sha256').update(checkpoint.uid).digest('hex').slice(0, 10);
  // The used part must not end in '.': a name such as 'a.-…' has an empty label and is no DNS subdomain.
  return `${checkpoint.name.slice(0, LONGEST_STEM).replace(/[.-]+$/, '')}-${hash}`;
}
