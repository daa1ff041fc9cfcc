/** Which failed requests are sent again at once, and when. Pure. */
import type { KubeError } from './result.js';

export interface Attempt {
  /** Sending it twice does the same as sending it once: a read, or a server-side apply. */
  readonly idempotent: boolean;
  /** Retries so far. */
  readonly retries: number;
}

/** As client-go's default for lost connections; callers have their own, slower, back-off on top. */
const MOST_RETRIES = 3;
/** Priority and fairness asks for 1 s; nobody who waits for an answer wants it after a minute. */
const LONGEST_RETRY_SECONDS = 10;

/** Milliseconds to wait before the same request is sent again; undefined if it is not to be. */
export function retryDelay(error: KubeError, attempt: Attempt, random: () => number): number | undefined {
  if (attempt.retries >= MOST_RETRIES) return undefined;
  // 429 is said before anything was carried out, so it does not matter what was asked.
  const refusedUnheard = error.code === 429;
  const asksToComeBack =
    attempt.idempotent && error.retryAfterSeconds !== undefined && error.code !== undefined && error.code >= 500;
  if (refusedUnheard || asksToComeBack) {
    const seconds = error.retryAfterSeconds ?? 1;
    return seconds > LONGEST_RETRY_SECONDS ? undefined : Math.max(0.1, seconds) * 1000 * (1 + random() / 4);
  }
  // A connection that the server closed while it was idle, or while it shuts down: there may be another server behind.
  const lost = error.code === undefined && error.reason === 'Unreachable' && attempt.idempotent;
  return lost && attempt.retries === 0 ? 50 + 100 * random() : undefined;
}
