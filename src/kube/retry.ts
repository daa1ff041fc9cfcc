/** Decides which failed requests are sent again, and when. Pure. */
import type { KubeError } from './result.js';

export interface Attempt {
  /** Sending the request twice has the same effect as sending it once: a read, or a server-side apply. */
  readonly idempotent: boolean;
  /** Number of retries so far. */
  readonly retries: number;
}

/** Most retries of one request. Callers have a slower back-off of their own. */
const MOST_RETRIES = 3;
/**
 * A request that the server wants repeated later than this is not repeated here. API Priority and Fairness asks for 1
 * s, and no caller wants an answer after a minute.
 */
const LONGEST_RETRY_SECONDS = 10;

/** Milliseconds to wait before the same request is sent again; undefined when it must not be sent again. */
export function retryDelay(error: KubeError, attempt: Attempt, random: () => number): number | undefined {
  if (attempt.retries >= MOST_RETRIES) return undefined;
  // The server answers 429 before it carries anything out, so even a request that is not idempotent may be repeated.
  const refusedUnheard = error.code === 429;
  const asksToComeBack =
    attempt.idempotent && error.retryAfterSeconds !== undefined && error.code !== undefined && error.code >= 500;
  if (refusedUnheard || asksToComeBack) {
    const seconds = error.retryAfterSeconds ?? 1;
    return seconds > LONGEST_RETRY_SECONDS ? undefined : Math.max(0.1, seconds) * 1000 * (1 + random() / 4);
  }
  // The server closed the connection while it was idle or while the server shut down. Another server may answer at the
  // same address.
  const lost = error.code === undefined && error.reason === 'Unreachable' && attempt.idempotent;
  return lost && attempt.retries === 0 ? 50 + 100 * random() : undefined;
}
