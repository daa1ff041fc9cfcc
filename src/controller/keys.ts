/** Keys of the work queue: 'namespace/name' of a Checkpoint, or 'orphan:namespace/name' of a PodCapture without one. Pure. */

/** No name of a namespace has a colon. */
const ORPHAN = 'orphan:';

export function orphanKey(captureKey: string): string {
  return `${ORPHAN}${captureKey}`;
}

/** The PodCapture's key, or undefined for the key of a Checkpoint. */
export function orphanOf(key: string): string | undefined {
  return key.startsWith(ORPHAN) ? key.slice(ORPHAN.length) : undefined;
}
