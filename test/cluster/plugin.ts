/**
 * Runs `kubectl stasis` as a user does: kubectl finds the plugin on the PATH. The plugin is the file that `make plugin` makes; kubectl
 * is that of the cluster.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { REPOSITORY } from '../kernel/harness/programs.js';
import type { Cluster } from './harness/cluster.js';
import type { Ran } from './harness/run.js';

const PLUGIN = join(REPOSITORY, 'build/plugin');

export interface PluginRun {
  /** Path of a kubeconfig. Default: the administrator's. */
  readonly kubeconfig?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** The plugin leads a process group of its own, to which a test can send what a terminal sends. */
  readonly ownGroup?: true;
}

/** A run of the plugin that has not ended. */
export interface Running {
  /** The pid of kubectl, which becomes the plugin: kubectl replaces itself. */
  readonly pid: number;
  /** The output so far. */
  stdout(): string;
  stderr(): string;
  kill(signal: NodeJS.Signals): void;
  readonly ended: Promise<Ran & { readonly signal: NodeJS.Signals | null }>;
}

export interface Plugin {
  /** A folder of the tests' own, which `close` removes. */
  readonly folder: string;
  /** The environment in which `kubectl stasis` works. */
  readonly env: Readonly<Record<string, string>>;
  start(args: readonly string[], options?: PluginRun): Running;
  run(args: readonly string[], options?: PluginRun): Promise<Ran>;
  /** Writes a kubeconfig for a token, with a namespace and, where given, another address of the API server. */
  kubeconfig(
    name: string,
    more: { readonly token?: string; readonly namespace?: string; readonly server?: string },
  ): string;
  /** Whether there is a file of that name in the folder. */
  exists(name: string): boolean;
  close(): void;
}

export function openPlugin(cluster: Cluster): Plugin {
  if (!existsSync(join(PLUGIN, 'kubectl-stasis'))) throw new Error(`there is no ${PLUGIN}/kubectl-stasis: make plugin`);
  const folder = mkdtempSync(join(tmpdir(), 'stasis-plugin-'));
  const { command, env: own } = cluster.tool('kubectl');
  const path = [PLUGIN, dirname(command), process.env['PATH'] ?? ''].join(delimiter);
  const env = { ...own, PATH: path, HOME: folder };
  const start: Plugin['start'] = (args, { kubeconfig, env: more = {}, cwd = folder, ownGroup } = {}) => {
    const child = spawn('kubectl', ['stasis', ...args], {
      cwd,
      detached: ownGroup === true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...without(process.env, ['KUBECONFIG', 'NO_COLOR']),
        ...env,
        ...(kubeconfig === undefined ? {} : { KUBECONFIG: kubeconfig }),
        ...more,
      },
    });
    return running(child);
  };
  return {
    folder,
    env,
    start,
    run: async (args, options) => await start(args, options).ended,
    kubeconfig: (name, { token, namespace, server }) => {
      const file = join(folder, `${name}.kubeconfig`);
      const config = JSON.parse(readFileSync(cluster.kubeconfig, 'utf8')) as Kubeconfig;
      const [admin] = config.users;
      const [where] = config.clusters;
      if (admin === undefined || where === undefined) throw new Error('the kubeconfig has no user or no cluster');
      const context = { cluster: where.name, user: name, ...(namespace === undefined ? {} : { namespace }) };
      const at = server === undefined ? {} : { server, 'tls-server-name': '127.0.0.1' };
      const text = {
        ...config,
        clusters: [{ ...where, cluster: { ...where.cluster, ...at } }],
        users: [{ name, user: token === undefined ? admin.user : { token } }],
        contexts: [{ name, context }],
        'current-context': name,
      };
      writeFileSync(file, JSON.stringify(text), { mode: 0o600 });
      return file;
    },
    exists: (name) => existsSync(join(folder, name)),
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
}

interface Kubeconfig {
  readonly clusters: readonly { readonly name: string; readonly cluster: object }[];
  readonly users: readonly { readonly name: string; readonly user: object }[];
}

function running(child: ChildProcess): Running {
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (chunk: Buffer) => (stdout += chunk.toString('utf8')));
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString('utf8')));
  const ended = new Promise<Ran & { readonly signal: NodeJS.Signals | null }>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ status: code ?? -1, signal, stdout, stderr }));
  });
  return {
    pid: child.pid ?? 0,
    stdout: () => stdout,
    stderr: () => stderr,
    kill: (signal) => void child.kill(signal),
    ended,
  };
}

function without(env: NodeJS.ProcessEnv, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).filter((pair): pair is [string, string] => pair[1] !== undefined && !names.includes(pair[0])),
  );
}
