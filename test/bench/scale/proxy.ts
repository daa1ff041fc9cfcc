/** The proxy through which the controllers reach the API server in the part that breaks their connections. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { API_ADDRESS } from '../../cluster/harness/addresses.js';
import { inside, type Place } from '../../cluster/harness/place.js';
import { REPOSITORY } from '../../kernel/harness/programs.js';

export interface ProxyOrder {
  readonly id: number;
  /** The connection to close. */
  readonly close?: number;
}

export interface ProxyAnswer {
  readonly id: number;
  /** The connections that are open. */
  readonly open: readonly number[];
}

export interface Proxy {
  readonly port: number;
  connections(): Promise<readonly number[]>;
  /** Closes the connection at once, at both ends. */
  cut(connection: number): Promise<void>;
  close(): void;
}

/** Starts the proxy in the place of the control plane, on 127.0.0.1. */
export async function startProxy(control: Place, port: number): Promise<Proxy> {
  const script = join(REPOSITORY, 'build/test/bench/scale/proxy.worker.js');
  const [command = '', ...argv] = inside(control, [process.execPath, script, API_ADDRESS, '443', String(port)]);
  const child = spawn(command, argv, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const waiting = new Map<number, (answer: ProxyAnswer) => void>();
  const answered = (id: number): Promise<ProxyAnswer> => new Promise((resolve) => waiting.set(id, resolve));
  child.on('message', (answer: ProxyAnswer) => {
    waiting.get(answer.id)?.(answer);
    waiting.delete(answer.id);
  });
  let orders = 0;
  const tell = async (order: Omit<ProxyOrder, 'id'>): Promise<ProxyAnswer> => {
    const id = orders++;
    const answer = answered(id);
    child.send({ id, ...order });
    return await answer;
  };
  await answered(-1);
  return {
    port,
    connections: async () => (await tell({})).open,
    cut: async (close) => {
      await tell({ close });
    },
    close: () => child.disconnect(),
  };
}
