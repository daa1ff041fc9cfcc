/** Keeps the connections to the API server, bounds their number, and replaces them when the trust settings change. */
import { Agent, ProxyAgent, type Dispatcher } from 'undici';
import type { Access } from './access.js';

export interface Connections {
  /** For requests with a single answer. */
  readonly unary: Dispatcher;
  /** For the Leases by which this process leads, or is alive: they never wait behind other requests. */
  readonly lease: Dispatcher;
  /** For watches. Each watch has a connection of its own for minutes. */
  readonly watch: Dispatcher;
}

/**
 * Most requests at a time; further requests wait. A visit sends one request at a time, there are few workers,
 * and beside them only Events are written, and lists are read.
 */
const UNARY_CONNECTIONS = 32;
/**
 * A Lease is written by one request at a time. The second connection is for the next request while the one before it, which
 * was given up at its deadline, is being closed.
 */
const LEASE_CONNECTIONS = 2;
/**
 * The number of watches has no bound. A shared bound lets one watch keep another from being opened again: with a bound of
 * 64, 40 holds kept the watch of the Leases closed for more than 70 s. The number of watches is bounded by what is watched:
 * a handful of kinds, and the namespaces that have a hold.
 */
const WATCH_CONNECTIONS = null;
/**
 * An idle connection is closed after this time. An API server closes an idle connection after 90 s; closing it earlier
 * here means that the server never closes one just as a request is sent on it.
 */
const KEEP_ALIVE_MILLISECONDS = 60_000;
/**
 * A connection that carries nothing for this long is probed by the kernel, and is broken 10 s later when no probe is
 * answered (libuv sends ten probes, one a second).
 */
const PROBE_AFTER_MILLISECONDS = 10_000;
/** How long connecting may take, TLS handshake included. */
const CONNECT_MILLISECONDS = 10_000;
/** How long the server may take until the head of an answer arrives, and between two parts of its body. */
const ANSWER_MILLISECONDS = 30_000;
/**
 * The largest accepted answer. A page of a list that would be longer is asked for again with fewer objects, until the page has
 * one, and etcd refuses objects above 1.5 MiB. Without the bound, a tenant's 500 large objects behind 775 small ones would be
 * one page of 125 MiB.
 */
const LARGEST_ANSWER_BYTES = 16 * 1024 * 1024;

/** Holds the current connections. */
export class ConnectionCache {
  #current: { readonly fingerprint: string; readonly connections: Connections } | undefined;

  /**
   * Returns the connections for `access`. When its fingerprint has changed, the former connections close once their
   * pending requests have ended.
   */
  for(access: Access): Connections {
    if (this.#current?.fingerprint === access.fingerprint) return this.#current.connections;
    const former = this.#current?.connections;
    const connections = {
      unary: dispatcher(access, { connections: UNARY_CONNECTIONS, bodyTimeout: ANSWER_MILLISECONDS }),
      lease: dispatcher(access, { connections: LEASE_CONNECTIONS, bodyTimeout: ANSWER_MILLISECONDS }),
      watch: dispatcher(access, { connections: WATCH_CONNECTIONS, bodyTimeout: 0 }),
    };
    this.#current = { fingerprint: access.fingerprint, connections };
    if (former !== undefined) void Promise.allSettled(Object.values(former).map((pool: Dispatcher) => pool.close()));
    return connections;
  }

  /** Closes every connection at once. */
  async close(): Promise<void> {
    const pools: Dispatcher[] = Object.values(this.#current?.connections ?? {});
    this.#current = undefined;
    await Promise.allSettled(pools.map((pool) => pool.destroy()));
  }
}

function dispatcher(
  access: Access,
  bounds: { readonly connections: number | null; readonly bodyTimeout: number },
): Dispatcher {
  const options: Agent.Options = {
    ...bounds,
    headersTimeout: ANSWER_MILLISECONDS,
    keepAliveTimeout: KEEP_ALIVE_MILLISECONDS,
    pipelining: 1,
    // On an HTTP/2 session that carries a watch, one GOAWAY (--goaway-chance, or a rollout of the server) leaves
    // requests hanging.
    allowH2: false,
    ...(bounds.bodyTimeout === 0 ? {} : { maxResponseSize: LARGEST_ANSWER_BYTES }),
    connect: {
      ...access.tls,
      timeout: CONNECT_MILLISECONDS,
      keepAlive: true,
      keepAliveInitialDelay: PROBE_AFTER_MILLISECONDS,
    },
  };
  if (access.proxy === undefined) return new Agent(options);
  return new ProxyAgent({
    ...options,
    uri: access.proxy,
    requestTls: { ...access.tls, timeout: CONNECT_MILLISECONDS },
  });
}
