/**
 * The way from the machine to the API server, without an interface or a route on the machine: a socket belongs for ever
 * to the network namespace that it was made in. Descriptor 3 is one that listens on the machine's 127.0.0.1; what this
 * process, which runs in the control plane's namespace, opens itself goes out there.
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
    // No API server, or it was killed: the caller has to see its connection go, as it would without a relay.
    from.on('error', () => to.destroy());
    from.on('close', () => to.destroy());
  }
});
server.listen({ fd: 3 });
