/**
 * The parts of the package `ws` that src/kube/exec.ts and its tests use. The declarations of @kubernetes/client-node refer to them
 * as well (through isomorphic-ws).
 */
declare module 'ws' {
  import type { EventEmitter } from 'node:events';
  import type { ClientRequest, IncomingMessage, Server } from 'node:http';
  import type { Duplex } from 'node:stream';
  import type { SecureContextOptions } from 'node:tls';

  export interface ClientOptions extends SecureContextOptions {
    headers?: Readonly<Record<string, string | readonly string[]>>;
    rejectUnauthorized?: boolean;
    servername?: string;
    handshakeTimeout?: number;
    closeTimeout?: number;
    maxPayload?: number;
    perMessageDeflate?: boolean;
    followRedirects?: boolean;
    createConnection?: () => Duplex;
  }

  export class WebSocket extends EventEmitter {
    constructor(address: string, protocols: readonly string[], options?: ClientOptions);
    readonly OPEN: 1;
    readonly readyState: number;
    readonly protocol: string;
    /** Stops reading. Messages that were received before may still be told. */
    pause(): void;
    resume(): void;
    ping(): void;
    send(data: Uint8Array, sent?: (error?: Error) => void): void;
    close(code?: number): void;
    terminate(): void;
    on(event: 'message', listener: (data: Buffer, isBinary: boolean) => void): this;
    on(event: 'ping' | 'pong', listener: (data: Buffer) => void): this;
    on(event: 'unexpected-response', listener: (request: ClientRequest, answer: IncomingMessage) => void): this;
    on(event: 'error', listener: (error: Error) => void): this;
    on(event: 'close', listener: (code: number, reason: Buffer) => void): this;
  }

  export interface ServerOptions {
    server: Server;
    handleProtocols?: (protocols: Set<string>) => string | false;
    autoPong?: boolean;
    verifyClient?: (
      info: { readonly req: IncomingMessage },
      decide: (accepted: boolean, code?: number, text?: string) => void,
    ) => void;
  }

  export class WebSocketServer extends EventEmitter {
    constructor(options: ServerOptions);
    on(event: 'connection', listener: (socket: WebSocket, request: IncomingMessage) => void): this;
    close(): void;
  }
}
