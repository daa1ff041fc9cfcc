/**
 * The declarations of @kubernetes/client-node refer to these parts of `ws` (through isomorphic-ws) without depending on
 * @types/ws. Stasis opens no WebSocket.
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
