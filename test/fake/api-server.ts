/** An API server on 127.0.0.1, over real HTTP or HTTPS, whose answers a test scripts. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import {
  createServer as createHttp,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createHttps } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ServerIdentity } from './api-server-identities.js';

export interface FakeRequest {
  readonly method: string;
  /** The path without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  /** The parsed body if it is JSON. */
  readonly body: unknown;
}

/** An open watch. */
export interface FakeWatch {
  event(type: string, object: object): void;
  write(text: string): void;
  /** Ends the stream in the regular way. */
  end(): void;
  /** Cuts the connection, like a server that dies. */
  cut(): void;
  /** Resolves when the client has gone, or the stream has ended. */
  readonly closed: Promise<void>;
}

export interface FakeResponse {
  json(code: number, body: object, headers?: Readonly<Record<string, string>>): void;
  text(code: number, body: string): void;
  /** Answers with a metav1.Status of a failure. */
  status(code: number, reason: string, more?: object, headers?: Readonly<Record<string, string>>): void;
  /** Answers with 200, followed by whatever the test sends. */
  watch(): FakeWatch;
  /** Cuts the connection without an answer. */
  cut(): void;
}

/** A handler that does not answer lets the client wait. */
export type FakeHandler = (request: FakeRequest, response: FakeResponse) => void;

export class FakeApiServer {
  readonly requests: FakeRequest[] = [];
  /** Number of connections accepted since the start. */
  connections = 0;
  handler: FakeHandler;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #folder = mkdtempSync(join(tmpdir(), 'stasis-fake-api-'));
  #kubeconfigs = 0;
  readonly #identity: ServerIdentity | undefined;

  private constructor(handler: FakeHandler, identity: ServerIdentity | undefined) {
    this.handler = handler;
    this.#identity = identity;
    const listener = (request: IncomingMessage, response: ServerResponse): void => this.#take(request, response);
    this.#server =
      identity === undefined ? createHttp(listener) : createHttps({ cert: identity.cert, key: identity.key }, listener);
    this.#server.keepAliveTimeout = 90_000;
    this.#server.on('connection', (socket: Socket) => {
      this.connections += 1;
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
  }

  /** Starts on a port that the kernel chooses, or on the given port, like a server that comes back. */
  static async start(
    handler: FakeHandler,
    options: { readonly identity?: ServerIdentity; readonly port?: number } = {},
  ): Promise<FakeApiServer> {
    const server = new FakeApiServer(handler, options.identity);
    await new Promise<void>((resolve) => {
      server.#server.listen(options.port ?? 0, '127.0.0.1', resolve);
    });
    return server;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `${this.#identity === undefined ? 'http' : 'https'}://127.0.0.1:${this.port}`;
  }

  /** Writes a file into the server's folder, and returns its path. */
  file(name: string, content: string): string {
    const path = join(this.#folder, name);
    writeFileSync(path, content);
    return path;
  }

  /** Writes a kubeconfig for this server, and returns its path. `user` and `cluster` are parts of that kubeconfig. */
  kubeconfig(user: object = {}, cluster: object = {}): string {
    // The library refuses plain HTTP unless verification is turned off.
    const ca =
      this.#identity === undefined
        ? { 'insecure-skip-tls-verify': true }
        : { 'certificate-authority-data': Buffer.from(this.#identity.ca).toString('base64') };
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'fake', cluster: { server: this.url, ...ca, ...cluster } }],
      users: [{ name: 'tester', user }],
      contexts: [{ name: 'test', context: { cluster: 'fake', user: 'tester', namespace: 'team-a' } }],
      'current-context': 'test',
    };
    // JSON is valid YAML.
    this.#kubeconfigs += 1;
    return this.file(`kubeconfig-${this.#kubeconfigs}`, JSON.stringify(config));
  }

  async close(): Promise<void> {
    rmSync(this.#folder, { recursive: true, force: true });
    await this.stop();
  }

  /** Stops serving. The files that it wrote stay. */
  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
  }

  #take(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const url = new URL(incoming.url ?? '/', 'http://fake');
      const text = Buffer.concat(chunks).toString('utf8');
      const request = {
        method: incoming.method ?? '',
        path: url.pathname,
        query: url.searchParams,
        headers: incoming.headers,
        body: text === '' ? undefined : (JSON.parse(text) as unknown),
      };
      this.requests.push(request);
      this.handler(request, responseOf(outgoing));
    });
  }
}

function responseOf(outgoing: ServerResponse): FakeResponse {
  const json = (code: number, body: object, headers: Readonly<Record<string, string>> = {}): void => {
    outgoing.writeHead(code, { 'content-type': 'application/json', ...headers });
    outgoing.end(JSON.stringify(body));
  };
  return {
    json,
    text: (code, body) => {
      outgoing.writeHead(code, { 'content-type': 'text/plain' });
      outgoing.end(body);
    },
    status: (code, reason, more = {}, headers = {}) => {
      const status = {
        kind: 'Status',
        apiVersion: 'v1',
        status: 'Failure',
        code,
        reason,
        message: `the fake server refuses: ${reason}`,
      };
      json(code, { ...status, ...more }, headers);
    },
    watch: () => watchOf(outgoing),
    cut: () => outgoing.destroy(),
  };
}

function watchOf(outgoing: ServerResponse): FakeWatch {
  outgoing.writeHead(200, { 'content-type': 'application/json' });
  outgoing.flushHeaders();
  const closed = new Promise<void>((resolve) => {
    if (outgoing.destroyed) resolve();
    else outgoing.once('close', () => resolve());
  });
  return {
    event: (type, object) => void outgoing.write(`${JSON.stringify({ type, object })}\n`),
    write: (text) => void outgoing.write(text),
    end: () => void outgoing.end(),
    cut: () => outgoing.destroy(),
    closed,
  };
}
