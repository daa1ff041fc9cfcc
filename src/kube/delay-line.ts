/** Keys that are to come back later, with one timer for all of them. */
import { after } from './abort.js';
import type { Clock } from './clock.js';

interface Delayed {
  readonly key: string;
  /** Monotonic milliseconds. */
  readonly due: number;
}

/**
 * A timer, its promise and its signal take 2 kB, and a controller waits for the end of the time to live of ten thousand
 * objects. So only the key that is due first has a timer. The keys are kept in a binary heap, which may have keys that are
 * outdated; the map tells which entry counts.
 */
export class DelayLine {
  readonly #clock: Clock;
  readonly #onDue: (key: string) => void;
  readonly #due = new Map<string, number>();
  #heap: Delayed[] = [];
  #armed: { readonly due: number; readonly timer: AbortController } | undefined;

  constructor(clock: Clock, onDue: (key: string) => void) {
    this.#clock = clock;
    this.#onDue = onDue;
  }

  /** Number of keys that wait. */
  get size(): number {
    return this.#due.size;
  }

  /** When a key has several delays, the delay that ends first counts. */
  add(key: string, milliseconds: number): void {
    const due = this.#clock.monotonic() + milliseconds;
    const known = this.#due.get(key);
    if (known !== undefined && known <= due) return;
    this.#due.set(key, due);
    push(this.#heap, { key, due });
    this.#arm();
  }

  clear(): void {
    this.#due.clear();
    this.#heap = [];
    this.#armed?.timer.abort();
    this.#armed = undefined;
  }

  #arm(): void {
    const first = this.#first();
    if (first === undefined || (this.#armed !== undefined && this.#armed.due <= first.due)) return;
    this.#armed?.timer.abort();
    const timer = new AbortController();
    this.#armed = { due: first.due, timer };
    const left = Math.max(0, first.due - this.#clock.monotonic());
    void after(this.#clock, left, timer.signal, () => {
      this.#armed = undefined;
      this.#ring();
    });
  }

  /** A timer may fire up to a millisecond early; then another one follows. */
  #ring(): void {
    const now = this.#clock.monotonic();
    for (let first = this.#first(); first !== undefined && first.due <= now; first = this.#first()) {
      pop(this.#heap);
      this.#due.delete(first.key);
      this.#onDue(first.key);
    }
    this.#arm();
  }

  /** The entry that is due first, without the outdated ones before it. */
  #first(): Delayed | undefined {
    let [first] = this.#heap;
    while (first !== undefined && this.#due.get(first.key) !== first.due) {
      pop(this.#heap);
      [first] = this.#heap;
    }
    return first;
  }
}

function push(heap: Delayed[], entry: Delayed): void {
  let at = heap.length;
  for (let parent = (at - 1) >> 1; at > 0; at = parent, parent = (at - 1) >> 1) {
    const above = heap[parent];
    if (above === undefined || above.due <= entry.due) break;
    heap[at] = above;
  }
  heap[at] = entry;
}

/** Removes the first entry. */
function pop(heap: Delayed[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  let at = 0;
  for (;;) {
    const left = 2 * at + 1;
    const [one, other] = [heap[left], heap[left + 1]];
    if (one === undefined) break;
    const isRight = other !== undefined && other.due < one.due;
    const least = isRight ? other : one;
    if (least.due >= last.due) break;
    heap[at] = least;
    at = isRight ? left + 1 : left;
  }
  heap[at] = last;
}
