/** An API server on 127.0.0.1 that only runs commands: over a real WebSocket, by a script of the test. */
import { createServer as createHttp, type IncomingMessage, type Server } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';
import type { ServerIdentity } from './api-server-identities.js';

/** The command's side of the conversation. */
export class FakeExec {
  readonly socket: WebSocket;
  readonly request: IncomingMessage;

  constructor(socket: WebSocket, request: IncomingMessage) {
    this.socket = socket;
    this.request = request;
  }

  get query(): URLSearchParams {
    return new URL(this.request.url ?? '', 'http://server').searchParams;
  }

  /** Resolves when the bytes have been handed to the kernel. */
  async write(channel: number, text: string | Uint8Array): Promise<void> {
    const message = Buffer.concat([Buffer.from([channel]), Buffer.from(text)]);
    await new Promise<void>((resolve) => {
      this.socket.send(message, () => resolve());
    });
  }

  /** Ends the command as kubelet does. */
  async exit(status: number): Promise<void> {
    const causes = [{ reason: 'ExitCode', message: String(status) }];
    await this.status(
      status === 0
        ? { status: 'Success' }
        : {
            status: 'Failure',
            reason: 'NonZeroExitCode',
            message: `command terminated with non-zero exit code: ${status}`,
            details: { causes },
          },
    );
  }

  async status(status: object): Promise<void> {
    await this.write(3, JSON.stringify({ metadata: {}, ...status }));
    this.socket.close(1000);
  }
}

export type ExecScript = (exec: FakeExec) => Promise<void> | void;

export interface ExecServerOptions {
  readonly identity?: ServerIdentity;
  /** The subprotocol that the server chooses. Default: the first one that the client offers. */
  readonly protocol?: string;
  /** A refusal in place of a WebSocket; undefined accepts. */
  readonly refuse?: (request: IncomingMessage) => { readonly code: number; readonly body: string } | undefined;
  /** Does not answer pings. */
  readonly deaf?: boolean;
}

export class ExecServer {
  readonly requests: IncomingMessage[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(script: ExecScript, options: ExecServerOptions) {
    const { identity, protocol, refuse, deaf = false } = options;
    this.#server = identity === undefined ? createHttp() : createHttps({ cert: identity.cert, key: identity.key });
    this.#server.on('connection', (socket: Socket) => this.#sockets.add(socket));
    const sockets = new WebSocketServer({
      server: this.#server,
      autoPong: !deaf,
      handleProtocols: (offered) => protocol ?? [...offered][0] ?? false,
      verifyClient: ({ req }, decide) => {
        this.requests.push(req);
        const refusal = refuse?.(req);
        if (refusal === undefined) decide(true);
        else decide(false, refusal.code, refusal.body);
      },
    });
    sockets.on('connection', (socket, request) => void script(new FakeExec(socket, request)));
  }

  static async start(script: ExecScript, options: ExecServerOptions = {}): Promise<ExecServer> {
    const server = new ExecServer(script, options);
    await new Promise<void>((resolve) => {
      server.#server.listen(0, '127.0.0.1', resolve);
    });
    return server;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
  }
}

/** A proxy that knows CONNECT alone. */
export class ConnectProxy {
  /** The targets and the credentials of the requests. */
  readonly asked: { readonly target: string; readonly credentials: string | undefined }[] = [];
  readonly #server = createHttp();
  readonly #sockets = new Set<Socket>();

  static async start(refusal?: number): Promise<ConnectProxy> {
    const proxy = new ConnectProxy();
    proxy.#server.on('connect', (request: IncomingMessage, client: Socket) => {
      const target = request.url ?? '';
      proxy.#sockets.add(client);
      proxy.asked.push({ target, credentials: request.headers['proxy-authorization'] });
      if (refusal !== undefined) return client.end(`HTTP/1.1 ${refusal} No\r\n\r\n`);
      const [host = '', port = ''] = target.split(':');
      const server = connect(Number(port), host, () => {
        client.write('HTTP/1.1 200 Connected\r\n\r\n');
        server.pipe(client);
        client.pipe(server);
      });
      proxy.#sockets.add(server);
      server.on('error', () => client.destroy());
      client.on('error', () => server.destroy());
      return undefined;
    });
    await new Promise<void>((resolve) => {
      proxy.#server.listen(0, '127.0.0.1', resolve);
    });
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
  }
}
