/** Wakes the next Checkpoint of a pod that may have become free. */
import type { Caches } from './caches.js';
import { nextOf } from './wake.js';

/**
 * A watch delivers thousands of changes in one turn of the event loop, for instance after `kubectl delete checkpoints --all`,
 * and each may free the same pod. Only the Checkpoint that is the first afterwards matters, so each pod is visited once, at
 * the end of the turn.
 */
export class NextInLine {
  readonly #caches: Caches;
  readonly #wake: (keys: readonly string[], urgent: boolean) => void;
  /** By the key of the pod: whether one of the changes was urgent. */
  #freed = new Map<string, boolean>();

  constructor(caches: Caches, wake: (keys: readonly string[], urgent: boolean) => void) {
    this.#caches = caches;
    this.#wake = wake;
  }

  /** `podKey` is undefined for a change that frees no pod. */
  freed(podKey: string | undefined, urgent = false): void {
    if (podKey === undefined) return;
    if (this.#freed.size === 0) setImmediate(() => this.#wakeAll());
    this.#freed.set(podKey, urgent || this.#freed.get(podKey) === true);
  }

  #wakeAll(): void {
    const freed = this.#freed;
    this.#freed = new Map();
    for (const [podKey, urgent] of freed) this.#wake(nextOf(this.#caches, podKey), urgent);
  }
}
