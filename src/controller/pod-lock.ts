/** A lock per key. Waiting callers get it in the order in which they asked. */

/**
 * The lock prevents that two Checkpoints of one pod both find the pod free. The work queue already ensures that no two
 * workers handle the same key; this lock ensures that no two keys handle the same pod.
 */
export class KeyedLock {
  readonly #tails = new Map<string, Promise<void>>();

  /** Runs `work` when all earlier callers with the same key have ended, successfully or not. */
  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#tails.get(key) ?? Promise.resolve();
    const result = before.then(work);
    const tail = result.then(
      () => undefined,
      () => undefined,
    );
    this.#tails.set(key, tail);
    try {
      return await result;
    } finally {
      if (this.#tails.get(key) === tail) this.#tails.delete(key);
    }
  }
}
