/** Labels a PodCapture with the names that its Checkpoint and its pod have. */
import { createHash } from 'node:crypto';
import { CHECKPOINT_LABEL, CHECKPOINT_UID_LABEL, POD_LABEL } from '../api/capture-labels.js';
import type { PodCaptureSpec } from '../api/kinds.js';
import type { ObjectMeta } from '../kube/types.js';

/** The longest value of a label, in characters. */
const LONGEST_LABEL = 63;
/** Hexadecimal digits of the hash that stands for what was cut from a name. */
const HASH_DIGITS = 8;

export function captureLabels(
  checkpoint: Pick<ObjectMeta, 'name' | 'uid'>,
  { podName }: Pick<PodCaptureSpec, 'podName'>,
): Record<string, string> {
  return {
    [CHECKPOINT_UID_LABEL]: checkpoint.uid,
    [CHECKPOINT_LABEL]: labelValue(checkpoint.name),
    [POD_LABEL]: labelValue(podName),
  };
}

/** A name may have 253 characters. A longer one than a label allows is cut, and a hash of the whole keeps it unique. */
export function labelValue(name: string): string {
  if (name.length <= LONGEST_LABEL) return name;
  const hash = createHash('sha256').update(name).digest('hex').slice(0, HASH_DIGITS);
  return `${name.slice(0, LONGEST_LABEL - HASH_DIGITS - 1)}-${hash}`;
}
