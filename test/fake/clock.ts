/** Virtual time. It moves only when a call costs time, sleeps or waits, so a test always runs the same way. */
interface Timer {
  readonly at: number;
  readonly action: () => void;
}

export class VirtualClock {
  #now: number;
  #timers: Timer[] = [];

  /** Starts at `start` microseconds, like a machine that has been up for a while. */
  constructor(start = 1_000_000) {
    this.#now = start;
  }

  /** The current time in microseconds. */
  now(): number {
    return this.#now;
  }

  /** Runs `action` once this much time has passed. */
  after(microseconds: number, action: () => void): void {
    this.#timers.push({ at: this.#now + microseconds, action });
  }

  /** Returns when the next timer is due; Infinity without a timer. */
  nextAt(): number {
    return this.#timers.reduce((least, timer) => Math.min(least, timer.at), Infinity);
  }

  /** Moves time forward, and runs the timers that fall due on the way, in order and each at its own time. */
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
