/**
 * Decides who may read the metrics, as controller-runtime and kubelet do: the API server says whose token it is
 * (TokenReview), and whether that user may `get` the path `/metrics` (SubjectAccessReview for a nonResourceURL).
 */
import { createHash } from 'node:crypto';
import type { KubeApi } from './api.js';
import type { Clock } from './clock.js';
import { asObject, parseObject, type JsonObject } from './json.js';
import type { Logger } from './log.js';
import { describeError } from './result.js';

export type Verdict =
  | 'allowed'
  /** There is no token, or the API server does not know it. */
  | 'unauthenticated'
  /** The API server knows the user, who lacks the permission. */
  | 'forbidden'
  /** The API server could not be asked. Not knowing is no permission. */
  | 'unknown';

export interface MetricsAccessOptions {
  readonly api: Pick<KubeApi, 'raw'>;
  readonly clock: Clock;
  readonly log: Logger;
}

interface Remembered {
  readonly verdict: Verdict;
  /** Monotonic milliseconds. */
  readonly until: number;
}

/** How long a permission is remembered, in milliseconds: a Prometheus asks every 15 to 60 s. */
const ALLOWED_MS = 60_000;
/** How long a refusal is remembered, in milliseconds: long enough to spare the API server, short after a fix. */
const REFUSED_MS = 10_000;
/**
 * Most tokens that are remembered of each kind, permitted and refused. A cluster has a handful of readers; whoever sends
 * more is guessing, and does not displace those.
 */
const MOST_TOKENS = 100;
/** Most reviews of unknown tokens within {@link STRANGERS_MS}. The API server is not flooded by guesses. */
const MOST_STRANGERS = 10;
const STRANGERS_MS = 1_000;
/** A token of a service account has about 1,000 characters. */
const LONGEST_TOKEN = 16_384;
/** How long both reviews may take, in milliseconds: less than Prometheus's usual scrape timeout of 10 s. */
const REVIEW_WITHIN_MS = 8_000;
/** The permission that a reader must have. */
const WANTED = { path: '/metrics', verb: 'get' };

const TOKEN_REVIEWS = '/apis/authentication.k8s.io/v1/tokenreviews';
const ACCESS_REVIEWS = '/apis/authorization.k8s.io/v1/subjectaccessreviews';

export class MetricsAccess {
  readonly #options: MetricsAccessOptions;
  /** Keyed by a hash of the token, so that no token stays in memory. */
  readonly #permitted = new Map<string, Remembered>();
  readonly #refused = new Map<string, Remembered>();
  readonly #asking = new Map<string, Promise<Verdict>>();
  /** When the latest reviews of unknown tokens began, in monotonic milliseconds, oldest first. */
  #strangers: readonly number[] = [];

  constructor(options: MetricsAccessOptions) {
    this.#options = options;
  }

  /** Judges a request by its header Authorization. */
  async judge(authorization: string | undefined): Promise<Verdict> {
    const [, token] = /^Bearer +(\S+) *$/i.exec(authorization ?? '') ?? [];
    if (token === undefined || token.length > LONGEST_TOKEN) return 'unauthenticated';
    const key = createHash('sha256').update(token).digest('hex');
    const known = this.#permitted.get(key) ?? this.#refused.get(key);
    if (known !== undefined && known.until > this.#options.clock.monotonic()) return known.verdict;
    const running = this.#asking.get(key);
    if (running !== undefined) return await running;
    // A token that was permitted before is asked about at once, however many strangers there are.
    if (!this.#permitted.has(key) && !this.#mayAskForStranger()) return 'unknown';
    const asking = this.#ask(token).finally(() => this.#asking.delete(key));
    this.#asking.set(key, asking);
    const verdict = await asking;
    if (verdict !== 'unknown') this.#remember(key, verdict);
    return verdict;
  }

  #remember(key: string, verdict: Verdict): void {
    const allowed = verdict === 'allowed';
    const until = this.#options.clock.monotonic() + (allowed ? ALLOWED_MS : REFUSED_MS);
    this.#permitted.delete(key);
    this.#refused.delete(key);
    const map = allowed ? this.#permitted : this.#refused;
    map.set(key, { verdict, until });
    // A Map keeps the order of insertion: the first key was remembered longest ago.
    for (const oldest of map.keys()) {
      if (map.size <= MOST_TOKENS) return;
      map.delete(oldest);
    }
  }

  #mayAskForStranger(): boolean {
    const now = this.#options.clock.monotonic();
    const recent = this.#strangers.filter((began) => now - began < STRANGERS_MS);
    const may = recent.length < MOST_STRANGERS;
    this.#strangers = may ? [...recent, now] : recent;
    return may;
  }

  async #ask(token: string): Promise<Verdict> {
    const signal = AbortSignal.timeout(REVIEW_WITHIN_MS);
    const tokenReview = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token } };
    const reviewed = await this.#review(TOKEN_REVIEWS, tokenReview, signal);
    if (reviewed === undefined) return 'unknown';
    const user = asObject(reviewed['user']);
    if (reviewed['authenticated'] !== true || user === undefined) return 'unauthenticated';
    const { username, groups, uid, extra } = user;
    const accessReview = {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      spec: { user: username, groups, uid, extra, nonResourceAttributes: WANTED },
    };
    const answered = await this.#review(ACCESS_REVIEWS, accessReview, signal);
    if (answered === undefined) return 'unknown';
    return answered['allowed'] === true ? 'allowed' : 'forbidden';
  }

  /** Returns the status of the review; undefined when the API server gave none. */
  async #review(path: string, body: object, signal: AbortSignal): Promise<JsonObject | undefined> {
    const { api, log } = this.#options;
    const answer = await api.raw('POST', path, { body, signal });
    if (answer.ok) return asObject(parseObject(answer.value.text)?.['status']);
    log.warn('a reader of the metrics could not be judged', { error: describeError(answer.error) });
    return undefined;
  }
}
