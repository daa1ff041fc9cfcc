import { spawn } from 'node:child_process';
import { join } from 'node:path';

import { sourceFolder } from './source-tree.js';

/**
 * Returns the folder with the cluster's programs, and builds them now if they are not in the cache. Progress goes to
 * standard error.
 */
export function programs(): Promise<string> {
  return printed(['sh', join(sourceFolder(), 'build.sh')]);
}

/** Returns the tar with the images that every node gets. */
export function testImages(folder: string): Promise<string> {
  return printed(['sh', join(sourceFolder(), 'images', 'build.sh'), folder]);
}

/** Returns the folder with the parts of the systemd node, and builds them now if they are not in the cache. */
export function systemdMachine(): Promise<string> {
  return printed(['sh', join(sourceFolder(), 'vm', 'build-vm.sh')]);
}

/** Returns what a script prints. Its standard error is the caller's. */
function printed(argv: readonly string[]): Promise<string> {
  const [command = '', ...rest] = argv;
  return new Promise((resolve, reject) => {
    const child = spawn(command, rest, { stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')));
    child.once('error', reject);
    child.once('close', (status) =>
      status === 0 ? resolve(text.trim()) : reject(new Error(`${argv.join(' ')}: exit ${status}`)),
    );
  });
}
