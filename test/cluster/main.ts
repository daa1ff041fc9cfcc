/**
 * The command line of the throw-away cluster. `make cluster` and `make cluster-down` use it, and so does the keeper of
 * a cluster whose creator died.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { Command } from 'commander';

import { type Architecture, ARCHITECTURES } from './harness/architecture.js';
import { attach, type Cluster } from './harness/cluster.js';
import { takeDown, takeDownOnly } from './harness/down.js';
import { lastWords } from './harness/logs.js';
import { type CgroupView, knownClusters } from './harness/state.js';
import { up, type UpOptions } from './harness/up.js';

/** How long the signal that ended another program of the process group may take to reach this one, in milliseconds. */
const SIGNAL_WITHIN_MS = 200;
const DEFAULT_NAME = 'stasis';
const NAME = ['-n, --name <name>', 'name of the cluster', DEFAULT_NAME] as const;

interface UpFlags {
  readonly name: string;
  readonly nodes: string;
  readonly cgroups: string;
  readonly systemdNode: boolean | string;
  readonly oldest: boolean;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

function progress(step: string, seconds: number): void {
  say(`==> ${seconds.toFixed(1).padStart(5)} s  ${step}`);
}

function running(name: string): Cluster {
  const cluster = attach(name);
  if (cluster !== undefined) return cluster;
  say(`no cluster ${name} is up`);
  return process.exit(1);
}

/**
 * Prints the path of the kubeconfig. When interrupted, it leaves nothing: everything that came up so far is taken down
 * first.
 */
async function bringUp(options: UpOptions & { readonly name: string }): Promise<void> {
  const { name } = options;
  let interrupted: Promise<void> | undefined;
  for (const [signal, status] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    process.once(signal, () => {
      say(`==> ${signal}: taking down`);
      interrupted = takeDown(name).finally(() => process.exit(status));
    });
  }
  try {
    const cluster = await up({ ...options, stay: true, onStep: progress });
    print(cluster.kubeconfig);
  } catch (error) {
    // Ctrl-C also ends the programs that up() waits for, and their end may be seen before the signal.
    await sleep(SIGNAL_WITHIN_MS);
    await interrupted;
    throw error;
  }
}

function parseViews(text: string): Record<string, CgroupView> {
  const pairs = text.split(',').filter(Boolean);
  return Object.fromEntries(
    pairs.map((pair) => {
      const [name = '', view] = pair.split('=');
      if (view !== 'v1' && view !== 'v2' && view !== 'all')
        throw new Error(`--cgroups: "${pair}" is not NODE=v1|v2|all`);
      return [name, view];
    }),
  );
}

function parseArchitecture(flag: boolean | string): boolean | Architecture {
  if (typeof flag === 'boolean') return flag;
  const found = ARCHITECTURES.find((one) => one === flag);
  if (found === undefined) throw new Error(`--systemd-node: "${flag}" is none of ${ARCHITECTURES.join(', ')}`);
  return found;
}

/** Runs one of the cluster's own tools on the terminal. */
async function tool(name: string, program: 'kubectl' | 'helm', args: readonly string[]): Promise<void> {
  const { command, env } = running(name).tool(program);
  const child = spawn(command, args, { stdio: 'inherit', env: { ...process.env, ...env } });
  const [status] = (await once(child, 'exit')) as [number | null];
  process.exitCode = status ?? 1;
}

const cli = new Command('cluster').description('Throw-away Kubernetes clusters on this machine.');
cli
  .command('up')
  .description('bring a cluster up, and print the path of its kubeconfig')
  .option(...NAME)
  .option('--nodes <count>', 'how many nodes', '2')
  .option(
    '--cgroups <views>',
    'hierarchies that nodes see, for instance node-1=v1,node-2=v2; the other nodes see all',
    '',
  )
  .option(
    '--systemd-node [architecture]',
    'add a node that is an emulated machine with systemd and cgroup v2 alone; amd64 or arm64, or else as this machine',
    false,
  )
  .option('--oldest', 'the oldest Kubernetes that the product supports, with containerd and runc of Debian', false)
  .action(({ name, nodes, cgroups, systemdNode, oldest }: UpFlags) =>
    bringUp({
      name,
      nodes: Number(nodes),
      views: parseViews(cgroups),
      systemdNode: parseArchitecture(systemdNode),
      oldest,
    }),
  );
cli
  .command('down')
  .description('take down a cluster, or its remains')
  .option(...NAME)
  .option('--only <id>', 'do nothing if the cluster of that name has another id')
  .action(({ name, only }: { name: string; only?: string }) =>
    only === undefined ? takeDown(name) : takeDownOnly(name, only),
  );
cli
  .command('status')
  .description('list the clusters that are up')
  .action(() => {
    for (const name of knownClusters()) print(`${name}\t${attach(name)?.kubeconfig ?? 'not up; take it down'}`);
  });
cli
  .command('load')
  .description('import an image, a docker-archive or OCI tar, on every node')
  .argument('<tar>')
  .option(...NAME)
  .action((tar: string, { name }: { name: string }) => running(name).loadImage(tar));
cli
  .command('exec')
  .description('run a command on a node as root, with standard input; what it prints is shown when it has ended')
  .argument('<node>')
  .argument('<command...>')
  .option(...NAME)
  .action(async (node: string, command: string[], { name }: { name: string }) => {
    const ran = await running(name).node(node).exec(command, { inputFd: 0 });
    process.stdout.write(ran.stdout);
    process.stderr.write(ran.stderr);
    process.exitCode = ran.status;
  });
cli
  .command('logs')
  .description(
    'print the output of a program of the cluster: etcd, kube-apiserver, node-1/kubelet, …, or the last lines of all',
  )
  .argument('[program]')
  .option(...NAME)
  .action((program: string | undefined, { name }: { name: string }) => {
    print(program === undefined ? lastWords(name) : running(name).logsOf(program));
  });
cli
  .command('tools')
  .description('print the folder with kubectl and helm')
  .option(...NAME)
  .action(({ name }: { name: string }) => {
    print(dirname(running(name).tool('kubectl').command));
  });
for (const program of ['kubectl', 'helm'] as const) {
  cli
    .command(program)
    .description(`run ${program} on the cluster; STASIS_CLUSTER names another than ${DEFAULT_NAME}`)
    .argument('[args...]')
    .helpOption(false)
    .allowUnknownOption()
    .action((args: string[]) => tool(process.env['STASIS_CLUSTER'] ?? DEFAULT_NAME, program, args));
}
cli.enablePositionalOptions();
for (const command of cli.commands) if (/kubectl|helm|exec/.test(command.name())) command.passThroughOptions();

await cli.parseAsync();
