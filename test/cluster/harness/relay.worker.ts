/**
 * Forwards connections from the machine to the API server, or to another program, without an interface or a route on the machine: a socket
 * always belongs to the network namespace in which it was created. Descriptor 3 is a socket that listens on the
 * machine's 127.0.0.1. The connections that this process opens itself start in the control plane's namespace, in which
 * it runs.
 */
import { createServer, connect, type Socket } from 'node:net';

const [host = '', port = ''] = process.argv.slice(2);

const server = createServer({ allowHalfOpen: true, noDelay: true }, (outer: Socket) => {
  const inner = connect({ host, port: Number(port), allowHalfOpen: true, noDelay: true });
  for (const [from, to] of [
    [outer, inner],
    [inner, outer],
  ] as const) {
    from.pipe(to);
    // When the API server is away or was killed, the caller must see its connection close, as it would without a relay.
    from.on('error', () => to.destroy());
    from.on('close', () => to.destroy());
  }
});
server.listen({ fd: 3 });
