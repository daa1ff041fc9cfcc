/** Time as src/kube sees it, so that tests can own it. */

export interface Clock {
  /** Milliseconds since the epoch; may jump. For what is written into objects, never for measuring. */
  wall(): number;
  /** Milliseconds since some start; never jumps. */
  monotonic(): number;
  /** Resolves, never rejects, after so many milliseconds or once `signal` aborts. Leaves no timer behind. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
}

/** setTimeout turns anything longer into 1 ms. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** The machine's own clock. */
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
