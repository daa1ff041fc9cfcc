/** How to reach an API server: its address, TLS settings and credentials. */
import { createHash } from 'node:crypto';
import type { RequestOptions } from 'node:https';

/** The TLS settings of a connection, a part of node:tls's ConnectionOptions. */
export interface TlsTrust {
  readonly ca?: NonNullable<RequestOptions['ca']>;
  readonly cert?: NonNullable<RequestOptions['cert']>;
  readonly key?: NonNullable<RequestOptions['key']>;
  readonly servername?: string;
  readonly rejectUnauthorized?: boolean;
}

export interface Access {
  /** For instance 'https://10.0.0.1:443'. */
  readonly origin: string;
  /** Precedes every path: '' or, for instance, '/k8s/clusters/abc'. */
  readonly basePath: string;
  readonly proxy: string | undefined;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly tls: TlsTrust;
  /** Changes when existing connections must be replaced: with a new CA, client certificate, server or proxy. */
  readonly fingerprint: string;
}

/** Reads the access data, for instance from a kubeconfig or from the files of a service account. */
export interface AccessSource {
  /** Host and port of the API server. */
  readonly serverName: string;
  /** The namespace of the kubeconfig's current context, or of the pod. */
  readonly namespace: string | undefined;
  /**
   * Reads the access data again. `refused` says that the server answered 401 to the data read before. Rejects when the
   * data cannot be read.
   */
  read(refused: boolean): Promise<Access>;
}

/**
 * A hash of everything on which a connection depends. The token is not part of it, because each request sends its own.
 */
export function fingerprint(origin: string, proxy: string | undefined, tls: TlsTrust): string {
  const hash = createHash('sha256');
  for (const part of [origin, proxy, ...Object.entries(tls).flat()])
    hash.update(Buffer.isBuffer(part) ? part : String(part)).update('\0');
  return hash.digest('hex');
}
