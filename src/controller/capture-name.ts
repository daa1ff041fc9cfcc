/** The name of a Checkpoint's PodCapture. */
import { createHash } from 'node:crypto';
import type { ObjectMeta } from '../kube/types.js';

/** 253 is the most that a name may have; the rest is for people who put something behind it. */
const LONGEST_STEM = 200;

/**
 * Always the same for one Checkpoint, whoever asks and however often: so two controllers that both think they lead, or one
 * that lost the answer of its request, make one PodCapture and not two. The hash is of the UID, so that a later Checkpoint
 * of the same name gets another one.
 */
export function captureName(checkpoint: Pick<ObjectMeta, 'name' | 'uid'>): string {
  const hash = createHash('sha256').update(checkpoint.uid).digest('hex').slice(0, 10);
  // A stem may not end in '.', or the name would have an empty part: 'a.-…' is no DNS subdomain.
  return `${checkpoint.name.slice(0, LONGEST_STEM).replace(/[.-]+$/, '')}-${hash}`;
}
