import { readFileSync } from 'node:fs';

import { type Place, pidOf } from './place.js';

/** proc_pid_net(5): the state of a TCP socket that listens. */
const TCP_LISTEN = '0A';
/** And the flag of a Unix socket that does (__SO_ACCEPTCON). */
const UNIX_LISTEN = '00010000';

/** Whether something in the place listens on a TCP port, or on a Unix socket: what the kernel says, without connecting. */
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
