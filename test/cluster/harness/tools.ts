import { spawn } from 'node:child_process';
import { join } from 'node:path';

import { type Architecture, nativeArchitecture } from './architecture.js';
import { sourceFolder } from './source-tree.js';

/**
 * Returns the folder with the programs of a cluster of today, or of the oldest that the product supports, and builds
 * them now if they are not in the cache. Progress goes to standard error.
 */
export function programs(oldest = false): Promise<string> {
  return printed(['sh', join(sourceFolder(), 'build.sh'), ...(oldest ? ['oldest'] : [])]);
}

/** Returns the path of a program that test/cluster/more.sh makes, and builds it now if it is not in the cache. */
export function furtherProgram(name: string): Promise<string> {
  return printed(['sh', join(sourceFolder(), 'more.sh'), name]);
}

/** Returns the tar with the images that every node of the architecture gets. */
export function testImages(folder: string, architecture: Architecture): Promise<string> {
  return printed(['sh', join(sourceFolder(), 'images', 'build.sh'), folder, architecture]);
}

/** The parts that a machine of an architecture is made of. */
export interface MachineParts {
  /** The folder that build-vm.sh printed. */
  readonly built: string;
  readonly kubelet: string;
  /** The programs of containerd, which the machine gets with the kubelet. */
  readonly containerd: readonly string[];
  /** The tar with the images that every node gets. */
  readonly images: string;
}

/** Returns the parts of the systemd node, and builds them now if they are not in the cache. */
export async function machineParts(folder: string, architecture: Architecture): Promise<MachineParts> {
  const native = architecture === nativeArchitecture();
  const containerd = native ? join(folder, 'bin') : await furtherProgram(`containerd-${architecture}`);
  // The machine of another architecture has the runc of its distribution, because a build of runc needs C libraries.
  const names = ['containerd', 'containerd-shim-runc-v2', 'ctr', ...(native ? ['runc'] : [])];
  return {
    built: await printed(['sh', join(sourceFolder(), 'vm', 'build-vm.sh'), architecture]),
    kubelet: native ? join(folder, 'bin', 'kubelet') : await furtherProgram(`kubelet-${architecture}`),
    containerd: names.map((name) => join(containerd, name)),
    images: await testImages(folder, architecture),
  };
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
