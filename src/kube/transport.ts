/** Sends requests to the API server: over kept connections, with a bound in time, with credentials that stay fresh. */
import type { Dispatcher } from 'undici';
import { after, linkAbort } from './abort.js';
import { AgentCache, type Agents } from './agents.js';
import type { RawAnswer } from './api.js';
import type { Clock } from './clock.js';
import type { Access } from './access.js';
import type { Credentials } from './credentials.js';
import { networkError } from './network-error.js';
import { failure, success, type KubeError, type KubeResult } from './result.js';
import { retryDelay } from './retry.js';
import { refusalError, type Asked } from './status-error.js';

/** Facts of one request that was sent, for metrics. */
export interface RequestFacts {
  /** HTTP method. */
  readonly verb: string;
  /** HTTP status, or '<error>' without one, as client-go has it. */
  readonly code: string;
  readonly host: string;
  /** Until the head of the answer; for a watch too. */
  readonly seconds: number;
}

export interface TransportOptions {
  readonly credentials: Credentials;
  readonly clock: Clock;
  readonly random: () => number;
  readonly userAgent: string;
  readonly requestTimeoutMs: number;
  readonly onRequest: (facts: RequestFacts) => void;
}

export interface Request extends Asked {
  /** Path and query below the server's base path. */
  readonly path: string;
  readonly body?: string;
  readonly contentType?: string;
  readonly accept?: string;
  readonly idempotent: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** The body of an answer that goes on. */
export interface OpenAnswer {
  readonly chunks: AsyncIterable<Uint8Array>;
}

export class Transport {
  readonly #options: TransportOptions;
  readonly #agents = new AgentCache();

  constructor(options: TransportOptions) {
    this.#options = options;
  }

  /** The whole answer. Tried again as retry.ts says, and once after a 401 with credentials read anew. */
  send(request: Request): Promise<KubeResult<RawAnswer>> {
    return this.#retrying(request, () => this.#sendOnce(request));
  }

  /** The head of the answer is awaited, within the same bound; its body lasts until `signal` aborts. */
  open(request: Request & { readonly signal: AbortSignal }): Promise<KubeResult<OpenAnswer>> {
    // Not tried again but for 401: whoever watches has a back-off of its own.
    return this.#retrying({ ...request, idempotent: false }, () => this.#openOnce(request));
  }

  /** Cuts every connection, and with it every request. */
  async close(): Promise<void> {
    await this.#agents.close();
  }

  async #retrying<T>(request: Request, attempt: () => Promise<KubeResult<T>>): Promise<KubeResult<T>> {
    let renewed = false;
    for (let retries = 0; ;) {
      const since = this.#options.clock.monotonic();
      const result = await attempt();
      if (result.ok || isAborted(request.signal)) return result;
      // A 401 is said before anything was carried out.
      if (result.error.code === 401 && !renewed && this.#options.credentials.refused(since)) {
        renewed = true;
        continue;
      }
      const delay = retryDelay(result.error, { idempotent: request.idempotent, retries }, this.#options.random);
      if (delay === undefined) return result;
      await this.#options.clock.sleep(delay, request.signal);
      if (isAborted(request.signal)) return result;
      retries += 1;
    }
  }

  #sendOnce(request: Request): Promise<KubeResult<RawAnswer>> {
    return this.#within(request, async (signal) => {
      const answer = await this.#dispatch(request, signal, (agents) => agents.unary);
      const text = await answer.body.text();
      if (answer.statusCode < 300) return success({ code: answer.statusCode, text });
      return refused(request, answer, text);
    });
  }

  #openOnce(request: Request & { readonly signal: AbortSignal }): Promise<KubeResult<OpenAnswer>> {
    return this.#within(request, async (signal, detach) => {
      const answer = await this.#dispatch(request, signal, (agents) => agents.watch);
      if (answer.statusCode >= 300) return refused(request, answer, await answer.body.text());
      detach();
      return success({ chunks: answer.body });
    });
  }

  /**
   * Runs `work` with a signal that aborts with the caller's and after the request's timeout; `detach` takes the timeout
   * away. Whatever is thrown becomes a value.
   */
  async #within<T>(
    request: Request,
    work: (signal: AbortSignal, detach: () => void) => Promise<KubeResult<T>>,
  ): Promise<KubeResult<T>> {
    const { clock, requestTimeoutMs } = this.#options;
    const link = linkAbort(request.signal);
    const timer = linkAbort(link.signal);
    let timedOut = false;
    let detached = false;
    void after(clock, requestTimeoutMs, timer.signal, () => {
      timedOut = true;
      link.abort();
    });
    const detach = (): void => {
      detached = true;
      timer.abort();
    };
    try {
      return await work(link.signal, detach);
    } catch (error) {
      if (isAborted(request.signal)) return failure(own(request, 'Aborted', 'aborted by the caller'));
      if (timedOut) return failure(own(request, 'Timeout', `no complete answer within ${requestTimeoutMs} ms`));
      return failure(error instanceof AccessError ? error.facts : networkError(request, error));
    } finally {
      timer.abort();
      timer.dispose();
      // What goes on must still end with the caller's signal.
      if (!detached) link.dispose();
    }
  }

  async #dispatch(
    request: Request,
    signal: AbortSignal,
    choose: (agents: Agents) => Dispatcher,
  ): Promise<Dispatcher.ResponseData> {
    const access = await this.#access(request);
    const { clock, userAgent, onRequest } = this.#options;
    const started = clock.monotonic();
    const tell = (code: string): void =>
      onRequest({
        verb: request.method,
        code,
        host: new URL(access.origin).host,
        seconds: (clock.monotonic() - started) / 1000,
      });
    try {
      const answer = await choose(this.#agents.for(access)).request({
        origin: access.origin,
        path: `${access.basePath}${request.path}`,
        method: request.method,
        signal,
        headers: {
          ...access.headers,
          'user-agent': userAgent,
          accept: request.accept ?? 'application/json',
          ...(request.body === undefined ? {} : { 'content-type': request.contentType ?? 'application/json' }),
        },
        ...(request.body === undefined ? {} : { body: request.body }),
      });
      tell(String(answer.statusCode));
      return answer;
    } catch (error) {
      tell('<error>');
      throw error;
    }
  }

  async #access(request: Request): Promise<Access> {
    try {
      return await this.#options.credentials.access();
    } catch (error) {
      // Of the message of a credential plugin nothing is known, but that it was not written for our logs.
      const what = error instanceof Error && 'code' in error ? String(error.code) : 'failed';
      throw new AccessError(own(request, 'Credentials', `loading the credentials: ${what}`));
    }
  }
}

/** Carries facts through the one catch of `#within`. */
class AccessError extends Error {
  readonly facts: KubeError;

  constructor(facts: KubeError) {
    super(facts.message);
    this.facts = facts;
  }
}

function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}

function own(request: Asked, reason: string, message: string): KubeError {
  return { method: request.method, path: request.path, reason, message };
}

function refused(request: Asked, answer: Dispatcher.ResponseData, text: string): KubeResult<never> {
  const retryAfter = answer.headers['retry-after'];
  return failure(
    refusalError(request, {
      code: answer.statusCode,
      text,
      retryAfter: Array.isArray(retryAfter) ? retryAfter[0] : retryAfter,
    }),
  );
}
