/** Keeps the newest of many, in memory for twice as many at most. Pure. */

/** `compare` puts the oldest first, as for Array.sort(). Without a limit everything is kept. */
export class Newest<T> {
  #items: T[] = [];
  readonly #compare: (one: T, other: T) => number;
  readonly #limit: number;
  /** How many were added. */
  count = 0;

  constructor(compare: (one: T, other: T) => number, limit = Number.POSITIVE_INFINITY) {
    this.#compare = compare;
    this.#limit = limit;
  }

  add(item: T): void {
    this.count += 1;
    this.#items.push(item);
    if (this.#items.length >= 2 * this.#limit) this.#items = this.sorted();
  }

  /** Returns those that are kept, the newest last. */
  sorted(): T[] {
    const sorted = this.#items.toSorted(this.#compare);
    return sorted.length > this.#limit ? sorted.slice(sorted.length - this.#limit) : sorted;
  }
}
