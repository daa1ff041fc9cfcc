import { readFileSync } from 'node:fs';

import { type Place, pidOf } from './place.js';

/** The state of a listening TCP socket (proc_pid_net(5)). */
const TCP_LISTEN = '0A';
/** The flag of a listening Unix socket (__SO_ACCEPTCON). */
const UNIX_LISTEN = '00010000';

/**
 * Whether a program in the place listens on a TCP port or a Unix socket, according to the kernel and without
 * connecting.
 */
export function isListening(place: Place, where: number | string): boolean {
  const net = `/proc/${pidOf(place)}/net`;
  if (typeof where === 'string') return rows(`${net}/unix`).some((row) => row[7] === where && row[3] === UNIX_LISTEN);
  const port = where.toString(16).toUpperCase().padStart(4, '0');
  const tables = [...rows(`${net}/tcp`), ...rows(`${net}/tcp6`)];
  return tables.some((row) => row[1]?.endsWith(`:${port}`) === true && row[3] === TCP_LISTEN);
}

function rows(path: string): string[][] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/));
}
