/** One index of a store: from a value to the keys of the objects that have it. */

/** The values under which an object is found; pure. */
export type Indexer<T> = (object: T) => readonly string[];

const NONE: ReadonlySet<string> = new Set();

export class StoreIndex<T> {
  readonly #indexer: Indexer<T>;
  readonly #keys = new Map<string, Set<string>>();

  constructor(indexer: Indexer<T>) {
    this.#indexer = indexer;
  }

  keys(value: string): ReadonlySet<string> {
    return this.#keys.get(value) ?? NONE;
  }

  /** What was filed as `before` is filed as `after`; undefined means not at all. */
  move(key: string, before: T | undefined, after: T | undefined): void {
    for (const value of before === undefined ? [] : this.#indexer(before)) {
      const keys = this.#keys.get(value);
      keys?.delete(key);
      if (keys?.size === 0) this.#keys.delete(value);
    }
    for (const value of after === undefined ? [] : this.#indexer(after)) {
      const keys = this.#keys.get(value) ?? new Set();
      keys.add(key);
      this.#keys.set(value, keys);
    }
  }
}
