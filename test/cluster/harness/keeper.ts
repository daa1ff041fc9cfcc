import { spawn } from 'node:child_process';

import { compiled } from './source-tree.js';

/** Stops watching a cluster, because it is down or meant to stay. */
export type Release = () => void;

/**
 * Takes the cluster down when the caller ends without doing so, for whatever reason: a shell waits on a pipe that the
 * kernel closes with the caller. No handler of signals or of the caller's exit would see a SIGKILL.
 */
export function keep(name: string, id: string): Release {
  const down = [process.execPath, compiled('../main.js'), 'down', '--name', name, '--only', id];
  const child = spawn('sh', ['-c', 'read -r done || exec "$@"', 'sh', ...down], {
    // The shell has its own session, because Ctrl-C is meant for the caller.
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  child.stdin.on('error', () => undefined);
  child.unref();
  // The pipe must not keep the caller alive either.
  (child.stdin as unknown as { unref(): void }).unref();
  return () => child.stdin.end('done\n');
}
