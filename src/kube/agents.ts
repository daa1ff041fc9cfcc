/** Keeps the connections to the API server, bounds their number, and replaces them when the trust settings change. */
import { Agent, ProxyAgent, type Dispatcher } from 'undici';
import type { Access } from './access.js';

export interface HttpAgents {
  /** For requests with a single answer. */
  readonly unary: Dispatcher;
  /** For watches. Each occupies a connection for minutes. */
  readonly watch: Dispatcher;
}

/**
 * Most requests at a time; further requests wait. A reconcile sends one request at a time, and there are few workers.
 */
const UNARY_CONNECTIONS = 16;
/** Most watches at a time. */
const WATCH_CONNECTIONS = 64;
/**
 * An idle connection is closed after this time. An API server closes an idle connection after 90 s; closing it earlier
 * here means that the server never closes one just as a request is sent on it.
 */
const KEEP_ALIVE_MILLISECONDS = 60_000;
/** How long connecting may take, TLS handshake included. */
const CONNECT_MILLISECONDS = 10_000;
/** How long the server may take until the head of an answer arrives, and between two parts of its body. */
const ANSWER_MILLISECONDS = 30_000;
/** The largest accepted answer: room for a list page of 500 objects of 1 MiB each. */
const LARGEST_ANSWER_BYTES = 512 * 1024 * 1024;

/** Holds the current pair of agents. */
export class AgentCache {
  #current: { readonly fingerprint: string; readonly agents: HttpAgents } | undefined;

  /**
   * Returns the agents for `access`. When its fingerprint has changed, the former agents close once their pending
   * requests have ended.
   */
  for(access: Access): HttpAgents {
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

  /** Closes every connection at once. */
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
    // On an HTTP/2 session that carries a watch, one GOAWAY (--goaway-chance, or a rollout of the server) leaves
    // requests hanging.
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
