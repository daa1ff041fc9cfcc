/** The watch of the model of the API server. */
import type { WatchEvent } from '../../src/kube/api.js';
import type { KubeObject } from '../../src/kube/types.js';

/** A change of an object. */
export interface ModelEvent {
  readonly plural: string;
  readonly revision: number;
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: KubeObject;
}

/** Yields the past and future `events` that are `mine`, until `signal` aborts. */
export async function* modelEvents<T extends KubeObject>(
  events: readonly ModelEvent[],
  listeners: Set<() => void>,
  mine: (event: ModelEvent) => boolean,
  signal: AbortSignal,
): AsyncGenerator<WatchEvent<T>> {
  let next = 0;
  while (!signal.aborted) {
    const event = events[next];
    if (event !== undefined) {
      next += 1;
      if (mine(event)) yield { type: event.type, object: event.object as T };
    } else await change(listeners, signal);
  }
}

function change(listeners: Set<() => void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const wake = (): void => {
      listeners.delete(wake);
      signal.removeEventListener('abort', wake);
      resolve();
    };
    listeners.add(wake);
    signal.addEventListener('abort', wake, { once: true });
  });
}
