import { join } from 'node:path';

import { nodeAddress } from '../harness/addresses.js';
import { execIn } from '../harness/place.js';
import type { Ran, RunOptions } from '../harness/run.js';
import { type Service, service } from '../harness/service.js';
import type { Machine } from './machine.js';

export const KEY = 'ssh.key';
/** The socket of the {@link sharedConnection}. */
export const CONNECTION = 'ssh.socket';
const CONNECT_SECONDS = 10;

/**
 * Runs a command on the machine as root, as if it were a child: same arguments, input, output, exit status. Status 255
 * and words of ssh when the machine cannot be reached.
 */
export function execOn(machine: Machine, argv: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const { env, ...rest } = options;
  const variables = Object.entries(env ?? {}).map(([name, value]) => `${name}=${value}`);
  const command = [...(variables.length === 0 ? [] : ['env', ...variables]), ...argv].map(quoted).join(' ');
  // `exit $?`: the remote shell must not become the command, or a signal that ends it would be told as 255.
  return execIn(machine.control, [...client(machine), '--', `${command}; exit $?`], rest);
}

/**
 * A connection that the other calls share: making one costs the emulated machine half a second. Without it they work
 * all the same. It does not see the machine die, so it has to be stopped with it.
 */
export function sharedConnection(machine: Machine): Service {
  // Not by its socket that it takes connections: ssh binds it under another name, and renames it.
  const unknown = '';
  return service(machine.control, `${machine.name}-ssh`, [...client(machine), '-M', '-N'], unknown);
}

function client(machine: Machine): string[] {
  const settings = {
    // Nothing of the caller's own: keys, known hosts, settings.
    IdentityFile: join(machine.state, KEY),
    IdentitiesOnly: 'yes',
    IdentityAgent: 'none',
    UserKnownHostsFile: '/dev/null',
    GlobalKnownHostsFile: '/dev/null',
    StrictHostKeyChecking: 'no',
    BatchMode: 'yes',
    LogLevel: 'ERROR',
    ConnectTimeout: String(CONNECT_SECONDS),
    ControlPath: join(machine.state, CONNECTION),
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  return ['ssh', '-F', 'none', ...options, '-l', 'root', nodeAddress(machine.index)];
}

/** One word of a POSIX shell. */
export function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
