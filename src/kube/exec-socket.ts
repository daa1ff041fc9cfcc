/** Opens the WebSocket of an exec, with the same address, trust and credentials as every other request. */
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import type { IncomingMessage } from 'node:http';
import { WebSocket, type ClientOptions } from 'ws';
import type { Access } from './access.js';
import { SUBPROTOCOLS } from './exec-protocol.js';
import { openTunnel } from './proxy-tunnel.js';
import { refusalError } from './status-error.js';
import type { KubeError } from './result.js';

/** How long connecting may take, TLS and the answer to the handshake included. */
const HANDSHAKE_MILLISECONDS = 15_000;
/** How long the other side may take to answer the end of the conversation. */
const CLOSE_MILLISECONDS = 2_000;
/** The longest accepted message. kubelet sends 32 KiB at a time. */
const LONGEST_MESSAGE_BYTES = 16 << 20;
/** The longest part of a refusal that is read. */
const LONGEST_REFUSAL_BYTES = 64 << 10;
const REFUSAL_MILLISECONDS = 5_000;

/** Begins the handshake. The socket tells everything else by its events. Rejects where a proxy does not connect. */
export async function openExecSocket(access: Access, path: string, userAgent: string): Promise<WebSocket> {
  const server = new URL(access.origin);
  const tunnel = access.proxy === undefined ? undefined : await openTunnel(access.proxy, authorityOf(server));
  const options: ClientOptions = {
    ...access.tls,
    headers: { ...access.headers, 'user-agent': userAgent },
    handshakeTimeout: HANDSHAKE_MILLISECONDS,
    closeTimeout: CLOSE_MILLISECONDS,
    maxPayload: LONGEST_MESSAGE_BYTES,
    // kubectl asks for none either, and what comes is JSON over a connection that is fast as a rule.
    perMessageDeflate: false,
    followRedirects: false,
    ...(tunnel === undefined ? {} : { createConnection: () => through(tunnel, server, access) }),
  };
  const address = `${server.protocol === 'https:' ? 'wss' : 'ws'}://${server.host}${access.basePath}${path}`;
  return new WebSocket(address, [...SUBPROTOCOLS], options);
}

function authorityOf({ hostname, port, protocol }: URL): string {
  return `${hostname}:${port === '' ? (protocol === 'https:' ? 443 : 80) : port}`;
}

function through(tunnel: Duplex, { protocol, hostname }: URL, { tls }: Access): Duplex | TLSSocket {
  if (protocol !== 'https:') return tunnel;
  const name = hostname.replaceAll(/^\[|\]$/g, '');
  // The certificate is checked against the servername and, where that is an address, against the host.
  return connectTls({ host: name, ...(isIP(name) === 0 ? { servername: name } : {}), ...tls, socket: tunnel });
}

/** Reads the answer of a server that did not open the WebSocket. */
export async function readRefusal(path: string, answer: IncomingMessage): Promise<KubeError> {
  const code = answer.statusCode ?? 0;
  const parts: Buffer[] = [];
  const timer = setTimeout(() => answer.destroy(), REFUSAL_MILLISECONDS);
  try {
    let length = 0;
    for await (const part of answer as AsyncIterable<Buffer>) {
      parts.push(part);
      length += part.length;
      if (length > LONGEST_REFUSAL_BYTES) break;
    }
  } catch {
    // The part that came until then is all there is.
  } finally {
    clearTimeout(timer);
    answer.destroy();
  }
  return refusalError({ method: 'GET', path }, { code, text: Buffer.concat(parts).toString('utf8') });
}
