/**
 * Gives memory back when there is nothing to do. V8 collects when a program allocates, and an idle agent does not: what starting, or a
 * burst of captures, left behind stays resident for good (measured: 20 MB of 126).
 */
import type { Clock } from '../../kube/clock.js';

export interface IdleMemoryParts {
  readonly clock: Clock;
  /** A full collection: some 15 ms in which this thread does nothing else. */
  readonly collect: () => void;
  readonly isIdle: () => boolean;
  /** Grows with whatever leaves garbage. */
  readonly done: () => number;
}

const LOOK_EVERY_MS = 10_000;
/** Watches and heartbeats leave some, too: once in five minutes. */
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
