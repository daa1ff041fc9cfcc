import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Service } from '../harness/service.js';
import type { Machine } from './machine.js';
import { JOURNAL } from './qemu.js';
import { execOn } from './secure-shell.js';

/** A systemd unit of the machine as a {@link Service}. */
export function unitService(machine: Machine, name: string): Service {
  const systemctl = async (...args: readonly string[]): Promise<void> => {
    const ran = await execOn(machine, ['systemctl', ...args, `${name}.service`]);
    if (ran.status !== 0) throw new Error(`${machine.name}, systemctl ${args.join(' ')} ${name}: ${ran.stderr}`);
  };
  return {
    name,
    start: () => systemctl('start'),
    launch: () => systemctl('start', '--no-block'),
    stop: () => systemctl('stop'),
    kill: async () => {
      // Only the main process is killed, because containerd's shims are in the same cgroup. The unit is stopped as
      // well; otherwise systemd would restart it.
      await systemctl('kill', '--kill-whom=main', '--signal=KILL');
      await systemctl('stop');
    },
    restart: () => systemctl('restart'),
    signal: (signal) => systemctl('kill', '--kill-whom=main', `--signal=${signal}`),
    running: async () => (await execOn(machine, ['systemctl', 'is-active', '--quiet', name])).status === 0,
    logs: () => linesOf(readJournal(machine), name),
  };
}

function readJournal(machine: Machine): string {
  const path = join(machine.state, JOURNAL);
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

/**
 * Returns the lines of `identifier` without their prefix. journald.conf(5), ForwardToConsole=, writes `[   24.3]
 * kubelet[235]: text`.
 */
export function linesOf(journal: string, identifier: string): string {
  const prefix = new RegExp(`^\\[ *[0-9.]+\\] ${identifier}\\[[0-9]+\\]: `);
  return journal
    .split(/\r?\n/)
    .filter((line) => prefix.test(line))
    .map((line) => `${line.replace(prefix, '')}\n`)
    .join('');
}
