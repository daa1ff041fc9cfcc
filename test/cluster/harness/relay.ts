import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { join } from 'node:path';

import { API_ADDRESS } from './addresses.js';
import { inside, type Place } from './place.js';
import { compiled } from './source-tree.js';

/** An address inside the control plane's network namespace. */
export interface RelayTarget {
  readonly host: string;
  readonly port: number;
}

const API_SERVER: RelayTarget = { host: API_ADDRESS, port: 443 };

/** Reserves a port on 127.0.0.1 of the machine, until {@link startRelay} passes it to the relay. */
export async function reservePort(): Promise<{ readonly port: number; readonly server: Server }> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port, server };
}

/**
 * Starts the relay in the control plane's namespaces, so that it ends with them and not with the caller. The shell in
 * between ends at once, which makes the relay a child of the control plane's process 1.
 */
export async function startRelay(control: Place, server: Server, to: RelayTarget = API_SERVER): Promise<void> {
  // The descriptor of a listening socket is missing in Node's type declarations.
  // oxlint-disable-next-line eslint/no-underscore-dangle
  const { fd } = (server as unknown as { _handle: { fd: number } })._handle;
  const log = openSync(join(control.state, 'relay.log'), 'a');
  const relay = [process.execPath, compiled('relay.worker.js'), to.host, String(to.port)];
  const argv = inside(control, ['sh', '-c', 'setsid "$@" < /dev/null &', 'sh', ...relay]);
  const child = spawn(argv[0] ?? '', argv.slice(1), { detached: true, stdio: ['ignore', log, log, fd] });
  closeSync(log);
  const [status] = (await once(child, 'exit')) as [number | null];
  if (status !== 0) throw new Error(`the relay did not start: exit ${status}`);
  server.close();
}
