/** A lock per pod. Nobody waits inside the lock: whoever finds the lock taken is told when to come again. */

/** The result of an attempt: the work's own, or the promise that resolves when it is the caller's turn. */
export type Attempt<T> =
  { readonly busy: false; readonly value: T } | { readonly busy: true; readonly turn: Promise<void> };

interface Waiter {
  readonly turn: Promise<void>;
  readonly tell: () => void;
}

/**
 * The lock prevents that two Checkpoints of one pod both find the pod free. The work queue already ensures that no two
 * workers handle the same key; this lock ensures that no two keys handle the same pod. A worker that waited for the lock
 * would be lost to all other pods: with 4,000 Checkpoints of one pod, all workers waited for that pod.
 *
 * Guarantee: as long as whoever is told to come again does so (for whichever pod), everybody who found the lock taken gets a
 * turn, in the order in which they asked.
 */
export class KeyedLock {
  readonly #taken = new Set<string>();
  /** By pod: those who found the lock taken, by their name, in the order in which they asked. */
  readonly #waiting = new Map<string, Map<string, Waiter>>();
  /** Those who were told to come again and have not come yet, and the pod for which they waited. */
  readonly #called = new Map<string, string>();

  /** Runs `work` at once, unless the lock of this pod is taken. `who` names the caller; each caller asks once at a time. */
  async tryRun<T>(pod: string, who: string, work: () => Promise<T>): Promise<Attempt<T>> {
    const waitedFor = this.#called.get(who);
    this.#called.delete(who);
    // The caller has moved to another pod (its object is gone, for instance), and so leaves its turn to the next.
    if (waitedFor !== undefined && waitedFor !== pod) this.#callNext(waitedFor);
    if (this.#taken.has(pod)) return { busy: true, turn: this.#wait(pod, who) };
    this.#taken.add(pod);
    try {
      return { busy: false, value: await work() };
    } finally {
      this.#taken.delete(pod);
      this.#callNext(pod);
    }
  }

  #wait(pod: string, who: string): Promise<void> {
    const line = this.#waiting.get(pod) ?? new Map<string, Waiter>();
    this.#waiting.set(pod, line);
    const known = line.get(who);
    if (known !== undefined) return known.turn;
    let tell = untold;
    const turn = new Promise<void>((resolve) => {
      tell = resolve;
    });
    line.set(who, { turn, tell });
    return turn;
  }

  #callNext(pod: string): void {
    const line = this.#waiting.get(pod);
    if (line === undefined || this.#taken.has(pod)) return;
    for (const [who, { tell }] of line) {
      line.delete(who);
      if (line.size === 0) this.#waiting.delete(pod);
      this.#called.set(who, pod);
      tell();
      return;
    }
  }
}

function untold(): void {
  // Replaced as soon as the promise is made.
}
