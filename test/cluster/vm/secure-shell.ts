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
/** A connection whose other side is silent for eight times as long is given up, so that a machine that hangs makes a test fail. */
const ALIVE_SECONDS = 15;
/** The longest command, the import of an image, takes a minute. */
const COMMAND_BOUND_MS = 600_000;

/**
 * Runs a command on the machine as root as if it were a child process, with the same arguments, input, output and exit
 * status. When the machine cannot be reached, the status is 255 and the output comes from ssh. Throws after ten minutes.
 */
export function execOn(machine: Machine, argv: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const { env, ...rest } = options;
  const variables = Object.entries(env ?? {}).map(([name, value]) => `${name}=${value}`);
  const command = [...(variables.length === 0 ? [] : ['env', ...variables]), ...argv].map(quoted).join(' ');
  // `exit $?` keeps the remote shell from becoming the command: a signal that ends the command would otherwise be
  // reported as 255.
  const signal = rest.signal ?? AbortSignal.timeout(COMMAND_BOUND_MS);
  return execIn(machine.control, [...client(machine), '--', `${command}; exit $?`], { ...rest, signal });
}

/**
 * A connection that the other calls share, because opening one costs the emulated machine half a second. The calls work
 * without it too. It does not notice the death of the machine, so it must be stopped with it.
 */
export function sharedConnection(machine: Machine): Service {
  // Readiness is not judged by the socket, because ssh binds it under another name and renames it.
  const unknown = '';
  return service(machine.control, `${machine.name}-ssh`, [...client(machine), '-M', '-N'], unknown);
}

function client(machine: Machine): string[] {
  const settings = {
    // Uses none of the caller's own keys, known hosts and settings.
    IdentityFile: join(machine.state, KEY),
    IdentitiesOnly: 'yes',
    IdentityAgent: 'none',
    UserKnownHostsFile: '/dev/null',
    GlobalKnownHostsFile: '/dev/null',
    StrictHostKeyChecking: 'no',
    BatchMode: 'yes',
    LogLevel: 'ERROR',
    ConnectTimeout: String(CONNECT_SECONDS),
    ServerAliveInterval: String(ALIVE_SECONDS),
    ServerAliveCountMax: '8',
    ControlPath: join(machine.state, CONNECTION),
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  return ['ssh', '-F', 'none', ...options, '-l', 'root', nodeAddress(machine.index)];
}

/** Quotes a text as one word of a POSIX shell. */
export function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
