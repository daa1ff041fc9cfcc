/**
 * Lets every pod go when the heartbeat cannot be renewed, before anybody may take this agent for lost.
 *
 * The controller takes an agent for lost 40 s after it last saw the Lease change, and then declares its captures over. The
 * controller saw the last renewal after this agent had sent it. So whoever lets go within 40 s after sending it holds nothing any
 * more when it is declared lost, whatever the wall clocks say: both sides use their own monotonic clock.
 */
import type { Clock } from '../../kube/clock.js';

/**
 * The age of the last confirmed renewal, counted from when it was sent, at which everything is let go. 15 s are left until the
 * controller calls this agent lost. Letting go takes milliseconds.
 *
 * {@link RENEWALS} leave room for two whole attempts in between, also when each takes as long as it may: the next renewal is sent
 * 10.5 s after the last one at the latest and fails 4 s later, the second attempt follows within 2 s and fails 4 s later: 20.5 s. A
 * third is sent by 22.5 s, and helps if its answer comes before 25 s. So one request that hangs does not lead here, and neither
 * does an API server that takes up to 4 s for each answer.
 */
export const FENCE_AFTER_MS = 25_000;
/** Why a pod was let go at the fence, for people. */
export const CUT_OFF = 'the node agent could not renew its heartbeat';
/**
 * The heartbeat: its period, the time for one renewal, the least pause after one that failed (at most twice as long), and how long
 * the controller waits for a change before it calls this agent lost.
 */
export const RENEWALS = { everySeconds: 10, withinSeconds: 4, retrySeconds: 1, leaseDurationSeconds: 40 } as const;
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
