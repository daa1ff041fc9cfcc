/** Who we are to which API server. Types, and the fingerprint of a connection. */
import { createHash } from 'node:crypto';
import type { RequestOptions } from 'node:https';

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

/** Where access comes from. */
export interface AccessSource {
  /** Host and port of the API server. */
  readonly serverName: string;
  /** The one to work in: of the current context, or the pod's own. */
  readonly namespace: string | undefined;
  /** Reads it anew. With `refused` the server did not take what was read before. Rejects when it cannot be had. */
  read(refused: boolean): Promise<Access>;
}

/** Of what a connection depends on; the token is not part of it, as each request sends its own. */
export function fingerprint(origin: string, proxy: string | undefined, tls: TlsTrust): string {
  const hash = createHash('sha256');
  for (const part of [origin, proxy, ...Object.entries(tls).flat()])
    hash.update(Buffer.isBuffer(part) ? part : String(part)).update('\0');
  return hash.digest('hex');
}
