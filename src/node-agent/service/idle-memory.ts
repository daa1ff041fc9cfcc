/**
 * Collects garbage while the agent is idle. V8 collects when a program allocates, and an idle agent hardly allocates:
 * memory left over from the start or from a burst of captures would stay resident for good (measured: 20 MB of 126).
 */
import type { Clock } from '../../kube/clock.js';

export interface IdleMemoryParts {
  readonly clock: Clock;
  /** A full collection. It blocks this thread for some 15 ms. */
  readonly collect: () => void;
  readonly isIdle: () => boolean;
  /** A count that grows with work that leaves garbage. */
  readonly done: () => number;
}

/** How often the agent checks whether it is idle. */
const LOOK_EVERY_MS = 10_000;
/**
 * Number of checks after which it collects although nothing was done: watches and heartbeats leave some garbage too. 30
 * checks are five minutes.
 */
const LOOKS_WITHOUT = 30;

/** Runs until `signal` aborts. */
export async function keepMemoryLow(
  { clock, collect, isIdle, done }: IdleMemoryParts,
  signal: AbortSignal,
): Promise<void> {
  let collected = -1;
  for (let looks = 1; !signal.aborted; looks++) {
    await clock.sleep(LOOK_EVERY_MS, signal);
    if (signal.aborted || !isIdle() || (done() === collected && looks < LOOKS_WITHOUT)) continue;
    collect();
    collected = done();
    looks = 0;
  }
}
