/** One index of a store: maps a value to the keys of the objects that have it. */

/** Returns the values under which an object is found. Must be pure. */
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

  /** Removes `before` from the index and adds `after`; either may be undefined. */
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
