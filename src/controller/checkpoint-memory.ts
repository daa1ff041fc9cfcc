/** Facts that this process remembers of Checkpoints and the objects do not say. The next leader does without them. Pure. */

/** Moments in milliseconds of the monotonic clock. */
export interface Remembered {
  /** When this process created the PodCapture. */
  readonly dispatched?: number;
  /** When the API server last denied the PodCapture, or another step on the way to it. */
  readonly denied?: number;
  /** When this process last wrote the status of the Checkpoint, which had not ended. */
  readonly shown?: number;
}

const NOTHING: Remembered = {};

/**
 * An entry is forgotten with the end of its Checkpoint. A Checkpoint without finalizer that is deleted disappears without an
 * end, and a request that was under way may make an entry after that, so `keepOnly` is called from time to time as well.
 */
export class CheckpointMemory {
  readonly #byUID = new Map<string, Remembered>();

  /** Number of Checkpoints of which something is remembered. */
  get size(): number {
    return this.#byUID.size;
  }

  of(uid: string): Remembered {
    return this.#byUID.get(uid) ?? NOTHING;
  }

  note(uid: string, facts: Remembered): void {
    this.#byUID.set(uid, { ...this.of(uid), ...facts });
  }

  forget(uid: string): void {
    this.#byUID.delete(uid);
  }

  /** Forgets all others. */
  keepOnly(exists: (uid: string) => boolean): void {
    for (const uid of this.#byUID.keys()) if (!exists(uid)) this.#byUID.delete(uid);
  }
}
