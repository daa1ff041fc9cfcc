/** What a request is sent with: read from its source, kept for a minute, and read again when the server refuses it. */
import type { Access, AccessSource } from './access.js';
import type { Clock } from './clock.js';

/** The bound of client-go: a rotated token is read at most this much later. */
const REFRESH_MILLISECONDS = 60_000;
/** After a 401: soon enough to heal, rarely enough not to run a credential plugin for every request. */
const REFRESH_AFTER_REFUSAL_MILLISECONDS = 1_000;

export class Credentials {
  readonly #source: AccessSource;
  readonly #clock: Clock;
  /** What was read last was refused by the server. */
  #stale = false;
  #access: { readonly at: number; readonly value: Promise<Access> } | undefined;

  constructor(source: AccessSource, clock: Clock) {
    this.#source = source;
    this.#clock = clock;
  }

  /** Rejects when a file or plugin fails; the next call tries again. */
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
   * To be called when a request that was begun at `since` (monotonic) got a 401. True when it is worth another try: with
   * credentials that have been read meanwhile, or will be.
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
