/** The clock of src/kube, an interface so that tests can control time. */

export interface Clock {
  /**
   * Milliseconds since the epoch. The value may jump: use it for times that are written into objects, never to measure
   * durations.
   */
  wall(): number;
  /** Milliseconds since an arbitrary start. The value never jumps. */
  monotonic(): number;
  /** Resolves after the given time or once `signal` aborts, and never rejects. Leaves no timer behind. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
}

/** The longest delay that setTimeout accepts, in milliseconds: it turns anything longer into 1 ms. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** The clock of this machine. */
export function systemClock(): Clock {
  return {
    wall: () => Date.now(),
    monotonic: () => performance.now(),
    sleep: (milliseconds, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted === true) {
          resolve();
          return;
        }
        const end = (): void => {
          clearTimeout(timer);
          signal?.removeEventListener('abort', end);
          resolve();
        };
        const timer = setTimeout(end, Math.min(Math.max(0, milliseconds), LONGEST_TIMER));
        signal?.addEventListener('abort', end, { once: true });
      }),
  };
}
