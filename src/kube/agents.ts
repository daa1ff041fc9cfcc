/** The connections to the API server: kept, bounded, and made anew when the trust in them changes. */
import { Agent, ProxyAgent, type Dispatcher } from 'undici';
import type { Access } from './access.js';

export interface Agents {
  /** For requests with one answer. */
  readonly unary: Dispatcher;
  /** For watches, each of which occupies a connection for minutes. */
  readonly watch: Dispatcher;
}

/** Requests at a time; more wait. A reconcile makes one at a time, and workers are few. */
const UNARY_CONNECTIONS = 16;
const WATCH_CONNECTIONS = 64;
/** Below the 90 s after which an API server closes an idle connection, so that it is not closed under a new request. */
const KEEP_ALIVE_MILLISECONDS = 60_000;
const CONNECT_MILLISECONDS = 10_000;
const ANSWER_MILLISECONDS = 30_000;
/** A page of 500 of the largest objects is far below. */
const LARGEST_ANSWER_BYTES = 512 * 1024 * 1024;

/** Holds the present pair of agents. */
export class AgentCache {
  #current: { readonly fingerprint: string; readonly agents: Agents } | undefined;

  /** Those for `access`. After a change of CA or certificate the former ones end with the requests that they still carry. */
  for(access: Access): Agents {
    if (this.#current?.fingerprint === access.fingerprint) return this.#current.agents;
    const former = this.#current?.agents;
    const agents = {
      unary: makeAgent(access, { connections: UNARY_CONNECTIONS, bodyTimeout: ANSWER_MILLISECONDS }),
      watch: makeAgent(access, { connections: WATCH_CONNECTIONS, bodyTimeout: 0 }),
    };
    this.#current = { fingerprint: access.fingerprint, agents };
    if (former !== undefined) void Promise.allSettled([former.unary.close(), former.watch.close()]);
    return agents;
  }

  /** Cuts every connection. */
  async close(): Promise<void> {
    const { unary, watch } = this.#current?.agents ?? {};
    this.#current = undefined;
    await Promise.allSettled([unary?.destroy(), watch?.destroy()]);
  }
}

function makeAgent(access: Access, bounds: { readonly connections: number; readonly bodyTimeout: number }): Dispatcher {
  const options: Agent.Options = {
    ...bounds,
    headersTimeout: ANSWER_MILLISECONDS,
    keepAliveTimeout: KEEP_ALIVE_MILLISECONDS,
    pipelining: 1,
    // One GOAWAY (--goaway-chance, any rollout of the server) hangs requests of an HTTP/2 session that carries a watch.
    allowH2: false,
    ...(bounds.bodyTimeout === 0 ? {} : { maxResponseSize: LARGEST_ANSWER_BYTES }),
    connect: { ...access.tls, timeout: CONNECT_MILLISECONDS, keepAlive: true, keepAliveInitialDelay: 30_000 },
  };
  if (access.proxy === undefined) return new Agent(options);
  return new ProxyAgent({
    ...options,
    uri: access.proxy,
    requestTls: { ...access.tls, timeout: CONNECT_MILLISECONDS },
  });
}
