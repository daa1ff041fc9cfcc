/** A TCP proxy between a controller and the API server. Its parent can see its connections, and close or freeze each. */
import { connect, createServer, type Socket } from 'node:net';
import type { ProxyAnswer, ProxyOrder } from './proxy.js';

const [host = '', port = '', listen = ''] = process.argv.slice(2);
const connections = new Map<number, { readonly inner: Socket; readonly outer: Socket }>();
let count = 0;

const server = createServer({ noDelay: true }, (outer) => {
  const inner = connect({ host, port: Number(port), noDelay: true });
  const id = count++;
  connections.set(id, { inner, outer });
  for (const [from, to] of [
    [outer, inner],
    [inner, outer],
  ] as const) {
    from.pipe(to);
    from.on('error', () => to.destroy());
    from.on('close', () => {
      to.destroy();
      connections.delete(id);
    });
  }
});
server.listen(Number(listen), '127.0.0.1', () => process.send?.({ id: -1, open: [] } satisfies ProxyAnswer));

process.on('message', ({ id, close }: ProxyOrder) => {
  const pair = close === undefined ? undefined : connections.get(close);
  pair?.inner.destroy();
  pair?.outer.destroy();
  process.send?.({ id, open: [...connections.keys()] } satisfies ProxyAnswer);
});
process.on('disconnect', () => process.exit());
