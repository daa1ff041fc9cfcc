/**
 * The part of `ws` that the declarations of @kubernetes/client-node name (through isomorphic-ws) without bringing @types/ws
 * along. We open no WebSocket.
 */
declare module 'ws' {
  import type { EventEmitter } from 'node:events';
  import type { SecureContextOptions } from 'node:tls';

  export class WebSocket extends EventEmitter {}
  export interface ClientOptions extends SecureContextOptions {
    headers?: Record<string, string>;
    rejectUnauthorized?: boolean;
  }
}
