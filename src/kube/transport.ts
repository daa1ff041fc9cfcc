/** Sends requests to the API server over kept connections, with a time limit and current credentials. */
import type { Dispatcher } from 'undici';
import { after, linkAbort } from './abort.js';

import type { RawAnswer } from './api.js';
import type { Clock } from './clock.js';
import type { Access } from './access.js';
import { ConnectionCache, type Connections } from './connections.js';
import type { Credentials } from './credentials.js';
import { networkError } from './network-error.js';
import { failure, success, type KubeError, type KubeResult } from './result.js';
import { retryDelay } from './retry.js';
import { refusalError, type Asked } from './status-error.js';

/** The facts of one request that was sent, for metrics. */
export interface RequestFacts {
  /** The HTTP method. */
  readonly verb: string;
  /** The HTTP status, or '<error>' without an answer, as client-go reports it. */
  readonly code: string;
  readonly host: string;
  /** Time until the head of the answer arrived, also for a watch. */
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
  /** Path and query, relative to the server's base path. */
  readonly path: string;
  readonly body?: string;
  readonly contentType?: string;
  readonly accept?: string;
  readonly idempotent: boolean;
  /** The connections that carry a request with a single answer. Default 'unary'. */
  readonly pool?: 'unary' | 'lease';
  readonly signal?: AbortSignal | undefined;
}

/** An answer whose body is still being received. */
export interface OpenAnswer {
  readonly chunks: AsyncIterable<Uint8Array>;
}

export class Transport {
  readonly #options: TransportOptions;
  readonly #connections = new ConnectionCache();

  constructor(options: TransportOptions) {
    this.#options = options;
  }

  /**
   * Returns the whole answer. The request is repeated as retry.ts says, and once after a 401 with access data read
   * again.
   */
  send(request: Request): Promise<KubeResult<RawAnswer>> {
    return this.#retrying(request, () => this.#sendOnce(request));
  }

  /** Waits for the head of the answer, within the same time limit. The body then lasts until `signal` aborts. */
  open(request: Request & { readonly signal: AbortSignal }): Promise<KubeResult<OpenAnswer>> {
    // Only a 401 leads to a retry here: the caller of a watch has a back-off of its own.
    return this.#retrying({ ...request, idempotent: false }, () => this.#openOnce(request));
  }

  /** Closes every connection, which ends every request. */
  async close(): Promise<void> {
    await this.#connections.close();
  }

  async #retrying<T>(request: Request, attempt: () => Promise<KubeResult<T>>): Promise<KubeResult<T>> {
    let renewed = false;
    for (let retries = 0; ;) {
      const since = this.#options.clock.monotonic();
      const result = await attempt();
      if (result.ok || isAborted(request.signal)) return result;
      // The server answers 401 before it carries anything out.
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
      const answer = await this.#dispatch(request, signal, (connections) => connections[request.pool ?? 'unary']);
      const text = await answer.body.text();
      if (answer.statusCode < 300) return success({ code: answer.statusCode, text });
      return refused(request, answer, text);
    });
  }

  #openOnce(request: Request & { readonly signal: AbortSignal }): Promise<KubeResult<OpenAnswer>> {
    return this.#within(request, async (signal, detach) => {
      const answer = await this.#dispatch(request, signal, (connections) => connections.watch);
      if (answer.statusCode >= 300) return refused(request, answer, await answer.body.text());
      detach();
      return success({ chunks: answer.body });
    });
  }

  /**
   * Runs `work` with a signal that aborts with the caller's signal and after the request's time limit; `detach` removes
   * the time limit. Everything that `work` throws becomes a value.
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
      // A body that is still being received must end with the caller's signal, so the link stays.
      if (!detached) link.dispose();
    }
  }

  async #dispatch(
    request: Request,
    signal: AbortSignal,
    choose: (connections: Connections) => Dispatcher,
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
      const answer = await choose(this.#connections.for(access)).request({
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
      // The message of a credential plugin is omitted: it was not written for this log and may contain secrets.
      const what = error instanceof Error && 'code' in error ? String(error.code) : 'failed';
      throw new AccessError(own(request, 'Credentials', `loading the credentials: ${what}`));
    }
  }
}

/** Carries a KubeError to the one catch clause of `#within`. */
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
