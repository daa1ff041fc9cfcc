/** The objects of a store in lines: each line is kept in order, whichever object comes or goes. */

/** Tells which line an object is in, and where. Both functions must be pure. */
export interface Order<T> {
  /** Returns undefined for an object that is in no line. */
  readonly lineOf: (object: T) => string | undefined;
  /** A total order of the objects of one line. */
  readonly isBefore: (a: T, b: T) => boolean;
}

const NOBODY: readonly never[] = [];

/**
 * Finding a place costs a binary search, and taking it moves the references behind it: a line of 5,000 is 40 kB, which takes
 * a microsecond or two.
 */
export class StoreLine<T> {
  readonly #order: Order<T>;
  readonly #lines = new Map<string, T[]>();

  constructor(order: Order<T>) {
    this.#order = order;
  }

  /** First things first. The array changes with the store. */
  line(name: string): readonly T[] {
    return this.#lines.get(name) ?? NOBODY;
  }

  /** Removes `before` from its line and adds `after` to its own; either may be undefined. */
  move(before: T | undefined, after: T | undefined): void {
    if (before !== undefined) this.#remove(before);
    if (after !== undefined) this.#add(after);
  }

  #remove(object: T): void {
    const name = this.#order.lineOf(object);
    const line = name === undefined ? undefined : this.#lines.get(name);
    if (name === undefined || line === undefined) return;
    const place = this.#placeOf(line, object);
    if (line[place] === object) line.splice(place, 1);
    if (line.length === 0) this.#lines.delete(name);
  }

  #add(object: T): void {
    const name = this.#order.lineOf(object);
    if (name === undefined) return;
    const line = this.#lines.get(name) ?? [];
    line.splice(this.#placeOf(line, object), 0, object);
    this.#lines.set(name, line);
  }

  /** The number of objects that come before this one. */
  #placeOf(line: readonly T[], object: T): number {
    let [low, high] = [0, line.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const other = line[middle];
      if (other !== undefined && this.#order.isBefore(other, object)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
