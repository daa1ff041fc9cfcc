/** A line of keys in groups that take turns. Pure. */

export interface Waiting {
  readonly key: string;
  /** The moment that was given to add(). */
  readonly added: number;
}

/** Each key is in the line at most once. Adding and taking a key cost the same however many keys wait. */
export class FairLine {
  readonly #groupOf: (key: string) => string;
  /** The groups that have waiting keys, in the order of their turns; each maps its keys, oldest first, to their moment. */
  readonly #groups = new Map<string, Map<string, number>>();
  #size = 0;

  /** `groupOf` must always return the same group for a key. */
  constructor(groupOf: (key: string) => string) {
    this.#groupOf = groupOf;
  }

  get size(): number {
    return this.#size;
  }

  has(key: string): boolean {
    return this.#groups.get(this.#groupOf(key))?.has(key) === true;
  }

  /** The key must not be in the line. */
  add(key: string, moment: number): void {
    const group = this.#groupOf(key);
    const keys = this.#groups.get(group);
    if (keys === undefined) this.#groups.set(group, new Map([[key, moment]]));
    else keys.set(key, moment);
    this.#size += 1;
  }

  /** Takes the oldest key of the group whose turn it is; the group's next turn comes after those of all other groups. */
  take(): Waiting | undefined {
    for (const [group, keys] of this.#groups) {
      this.#groups.delete(group);
      for (const [key, added] of keys) {
        keys.delete(key);
        this.#size -= 1;
        if (keys.size > 0) this.#groups.set(group, keys);
        return { key, added };
      }
    }
    return undefined;
  }
}
