/** Virtual time: it moves only when a call costs, sleeps or waits, so a test that ran once runs the same for ever. */
interface Timer {
  readonly at: number;
  readonly action: () => void;
}

export class VirtualClock {
  #now: number;
  #timers: Timer[] = [];

  /** Starts at `start` microseconds, as a machine that has been up for a while. */
  constructor(start = 1_000_000) {
    this.#now = start;
  }

  /** Microseconds. */
  now(): number {
    return this.#now;
  }

  /** Runs `action` so many microseconds from now, when time gets there. */
  after(microseconds: number, action: () => void): void {
    this.#timers.push({ at: this.#now + microseconds, action });
  }

  /** When the next timer is due; Infinity without one. */
  nextAt(): number {
    return this.#timers.reduce((least, timer) => Math.min(least, timer.at), Infinity);
  }

  /** Moves time, and runs what falls due on the way in its order, each at its own moment. */
  advance(microseconds: number): void {
    this.advanceTo(this.#now + Math.max(0, microseconds));
  }

  advanceTo(end: number): void {
    for (let due = this.#take(end); due !== undefined; due = this.#take(end)) {
      this.#now = Math.max(this.#now, due.at);
      due.action();
    }
    this.#now = Math.max(this.#now, end);
  }

  #take(end: number): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers)
      if (timer.at <= end && (first === undefined || timer.at < first.at)) first = timer;
    if (first !== undefined) this.#timers = this.#timers.filter((timer) => timer !== first);
    return first;
  }
}
