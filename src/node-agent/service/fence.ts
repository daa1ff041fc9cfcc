/**
 * Lets every pod go when the heartbeat cannot be renewed, before anybody may take this agent for lost.
 *
 * The controller takes an agent for lost 40 s after it last saw the Lease change, and then declares its captures over. The
 * controller saw the last renewal after this agent had sent it. So whoever lets go within 40 s after sending it holds nothing any
 * more when it is declared lost, whatever the wall clocks say: both sides use their own monotonic clock.
 */
import type { Clock } from '../../kube/clock.js';

/**
 * The age of the last confirmed renewal, counted from when it was sent, at which everything is let go. A renewal follows 10 s
 * after the one before it, and {@link RENEW_AGAIN_SECONDS} after one that failed, so a single lost renewal does not lead here.
 * 15 s are left for letting go, which takes milliseconds.
 */
export const FENCE_AFTER_MS = 25_000;
/** After a failed renewal the next one is sent this many seconds later. */
export const RENEW_AGAIN_SECONDS = 3;
/** How often the fence looks for a renewal while this agent is cut off. */
const LOOK_EVERY_MS = 1_000;

/**
 * Returns how long this agent may still hold pods, in milliseconds: 0 when it may not. An agent without a confirmed renewal
 * is not known to be alive, and may not.
 *
 * @param lastRenewal monotonic milliseconds at which the last confirmed renewal was sent
 */
export function mayHoldFor(lastRenewal: number | undefined, now: number): number {
  return lastRenewal === undefined ? 0 : Math.max(0, lastRenewal + FENCE_AFTER_MS - now);
}

export interface FenceParts {
  readonly clock: Clock;
  readonly lastRenewal: () => number | undefined;
  /** Called when the time is over, and again every second until a renewal succeeds. */
  readonly letGo: () => void;
}

/** Keeps the fence until `signal` aborts. */
export async function keepFence({ clock, lastRenewal, letGo }: FenceParts, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const left = mayHoldFor(lastRenewal(), clock.monotonic());
    if (left === 0) letGo();
    await clock.sleep(left === 0 ? LOOK_EVERY_MS : left, signal);
  }
}
