/** Caches the access data for a minute, and reads it again after the server refused it. */
import type { Access, AccessSource } from './access.js';
import type { Clock } from './clock.js';

/** A rotated token is used at most this much later. client-go has the same bound. */
const REFRESH_MILLISECONDS = 60_000;
/**
 * Shortest time between two reads caused by a 401. Short enough to recover quickly, and long enough that a credential
 * plugin does not run for every request.
 */
const REFRESH_AFTER_REFUSAL_MILLISECONDS = 1_000;

export class Credentials {
  readonly #source: AccessSource;
  readonly #clock: Clock;
  /** The server answered 401 to the access data that was read last. */
  #stale = false;
  #access: { readonly at: number; readonly value: Promise<Access> } | undefined;

  constructor(source: AccessSource, clock: Clock) {
    this.#source = source;
    this.#clock = clock;
  }

  /** Rejects when a file cannot be read or a plugin fails. The next call tries again. */
  async access(): Promise<Access> {
    const now = this.#clock.monotonic();
    if (this.#access === undefined || now - this.#access.at >= REFRESH_MILLISECONDS) {
      this.#access = { at: now, value: this.#read() };
    }
    const current = this.#access;
    try {
      return await current.value;
    } catch (error) {
      if (this.#access === current) this.#access = undefined;
      throw error;
    }
  }

  /**
   * Call this when a request that began at `since` (monotonic milliseconds) was answered with 401. Returns true when a
   * retry makes sense, because the access data has been read since then or will be read again.
   */
  refused(since: number): boolean {
    const at = this.#access?.at;
    if (at === undefined || at > since) return true;
    if (this.#clock.monotonic() - at < REFRESH_AFTER_REFUSAL_MILLISECONDS) return false;
    this.#access = undefined;
    this.#stale = true;
    return true;
  }

  async #read(): Promise<Access> {
    const refused = this.#stale;
    this.#stale = false;
    return await this.#source.read(refused);
  }
}
