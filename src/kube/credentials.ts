/** Who we are to which API server: loaded by the Kubernetes client library, and again when it may have changed. */
import { createHash } from 'node:crypto';
import type { RequestOptions } from 'node:https';
import type { KubeConfig } from '@kubernetes/client-node';
import type { Clock } from './clock.js';

/** What a TLS connection is made with; of node:tls's ConnectionOptions. */
export interface TlsTrust {
  readonly ca?: NonNullable<RequestOptions['ca']>;
  readonly cert?: NonNullable<RequestOptions['cert']>;
  readonly key?: NonNullable<RequestOptions['key']>;
  readonly servername?: string;
  readonly rejectUnauthorized?: boolean;
}

export interface Access {
  /** 'https://10.0.0.1:443' */
  readonly origin: string;
  /** Before every path: '' or '/k8s/clusters/abc'. */
  readonly basePath: string;
  readonly proxy: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: TlsTrust;
  /** Changes when a connection made before is no longer the right one: CA, client certificate, server. */
  readonly fingerprint: string;
}

/** The bound of client-go and of the library: a rotated token is read at most this much later. */
const REFRESH_MILLISECONDS = 60_000;
/** After a 401: soon enough to heal, rarely enough not to run a credential plugin for every request. */
const REFRESH_AFTER_REFUSAL_MILLISECONDS = 1_000;

export class Credentials {
  readonly #load: () => KubeConfig;
  readonly #clock: Clock;
  #config: KubeConfig;
  /** What the library keeps was refused by the server. */
  #stale = false;
  #access: { readonly at: number; readonly value: Promise<Access> } | undefined;

  /** `load` reads the configuration anew; it throws when there is none that can be used. */
  constructor(load: () => KubeConfig, clock: Clock) {
    this.#load = load;
    this.#clock = clock;
    this.#config = load();
  }

  /** Rejects when a file or plugin of the configuration fails; the next call tries again. */
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
    // A plugin's token is kept by the library until it expires, and running the plugin may take seconds; the token of a
    // file is kept by it for 60 s of its own, which would add to ours.
    if (this.#stale || this.#config.getCurrentUser()?.exec === undefined) this.#config = this.#load();
    this.#stale = false;
    return readAccess(this.#config);
  }
}

async function readAccess(config: KubeConfig): Promise<Access> {
  const cluster = config.getCurrentCluster();
  if (cluster === null) throw new Error('the kubeconfig has no cluster for its current context');
  const server = new URL(cluster.server);
  const options: RequestOptions = {};
  await config.applyToHTTPSOptions(options);
  const tls: TlsTrust = {
    ...(options.ca === undefined ? {} : { ca: options.ca }),
    ...(options.cert === undefined ? {} : { cert: options.cert }),
    ...(options.key === undefined ? {} : { key: options.key }),
    ...(options.servername === undefined ? {} : { servername: options.servername }),
    ...(options.rejectUnauthorized === undefined ? {} : { rejectUnauthorized: options.rejectUnauthorized }),
  };
  return {
    origin: server.origin,
    basePath: server.pathname.replace(/\/+$/, ''),
    proxy: cluster.proxyUrl,
    headers: { ...textHeaders(options.headers), ...basic(options.auth) },
    tls,
    fingerprint: fingerprint([server.origin, cluster.proxyUrl, ...Object.entries(tls).flat()]),
  };
}

/** Trimmed: a token file that ends in a newline would make a header that no HTTP client sends. */
function textHeaders(headers: RequestOptions['headers']): Record<string, string> {
  const entries = Object.entries(headers ?? {}).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries.map(([name, value]) => [name.toLowerCase(), String(value).trim()]));
}

function basic(auth: string | null | undefined): Record<string, string> {
  if (auth === undefined || auth === null) return {};
  return { authorization: `Basic ${Buffer.from(auth).toString('base64')}` };
}

function fingerprint(parts: readonly unknown[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(Buffer.isBuffer(part) ? part : String(part)).update('\0');
  return hash.digest('hex');
}
