/** A TCP relay between the plugin and the API server that is slow, or cuts connections, as a link abroad does. */
import { connect, createServer, type Socket } from 'node:net';

export interface SlowLink {
  /** `https://127.0.0.1:PORT` */
  readonly server: string;
  /** Delay of each chunk, in milliseconds, in each direction. */
  delay: number;
  /** Ends every connection at once. */
  cut(): void;
  /** Whether new connections are refused. */
  refuse: boolean;
  /** Takes bytes and passes nothing on, in open and new connections, without ending them. */
  silent: boolean;
  close(): Promise<void>;
}

export async function openSlowLink(server: string): Promise<SlowLink> {
  const { hostname, port } = new URL(server);
  const sockets = new Set<Socket>();
  const link = { delay: 0, refuse: false, silent: false };
  const pass = (from: Socket, to: Socket): void => {
    from.on('data', (chunk) => {
      if (link.silent) return;
      if (link.delay === 0) to.write(chunk);
      else setTimeout(() => to.writable && to.write(chunk), link.delay);
    });
    from.on('error', () => to.destroy());
    from.on('close', () => to.destroy());
  };
  const relay = createServer((client) => {
    if (link.refuse) {
      client.destroy();
      return;
    }
    const upstream = connect(Number(port), hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
    }
    pass(client, upstream);
    pass(upstream, client);
  });
  await new Promise<void>((resolve) => {
    relay.listen(0, '127.0.0.1', resolve);
  });
  const address = relay.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return Object.assign(link, {
    server: `https://127.0.0.1:${address.port}`,
    cut,
    close: async () => {
      cut();
      await new Promise<void>((resolve) => {
        relay.close(() => resolve());
      });
    },
  });
}
