/**
 * Keys of the work queue: 'namespace/name' of a Checkpoint, or 'orphan:namespace/name' of a PodCapture without
 * Checkpoint. Pure.
 */

/** The name of a namespace never contains a colon, so the two kinds of keys cannot be confused. */
const ORPHAN = 'orphan:';

export function orphanKey(captureKey: string): string {
  return `${ORPHAN}${captureKey}`;
}

/** Returns the key of the PodCapture, or undefined when `key` belongs to a Checkpoint. */
export function orphanOf(key: string): string | undefined {
  return key.startsWith(ORPHAN) ? key.slice(ORPHAN.length) : undefined;
}

/** Returns the namespace of the object of the key. */
export function namespaceOf(key: string): string {
  const [namespace = ''] = (orphanOf(key) ?? key).split('/');
  return namespace;
}
