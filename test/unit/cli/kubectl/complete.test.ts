import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CHECKPOINTS, PODCAPTURES } from '../../../../src/api/kinds.js';
import { REASONS } from '../../../../src/api/reasons.js';
import type { ClusterFlags } from '../../../../src/cli/kubectl/cluster-flags.js';
import { complete } from '../../../../src/cli/kubectl/complete.js';
import type { PluginCommand } from '../../../../src/cli/kubectl/command.js';
import { COMMANDS } from '../../../../src/cli/kubectl/commands.js';
import { parsePlugin } from '../../../../src/cli/kubectl/parse.js';
import type { Connected } from '../../../../src/cli/kubectl/surroundings.js';
import type { Resource } from '../../../../src/kube/types.js';
import { KubeModel } from '../../../fake/kube-model.js';

const kind = (plural: string, name: string, namespaced: boolean): Resource => ({
  group: '',
  version: 'v1',
  plural,
  namespaced,
  kind: name,
});
const PODS = kind('pods', 'Pod', true);
const NODES = kind('nodes', 'Node', false);
const NAMESPACES = kind('namespaces', 'Namespace', false);

/** Declares what the commands of the plugin do not all have. */
const SAMPLE: PluginCommand = {
  takesCommand: true,
  add: (program) => {
    const sample = program.command('sample').alias('s').argument('[reason...]').summary('for the test');
    sample
      .option('-A, --all', 'of all namespaces')
      .option('-o, --output <dir>', 'a folder')
      .option('-q, --quiet', 'less');
    program.command('machine').argument('[node...]').option('--node <name>', 'a node');
  },
};

const context = (name: string, namespace?: string): object => ({
  name,
  context: { cluster: 'blue', user: 'ann', ...(namespace === undefined ? {} : { namespace }) },
});

let folder: string;
let kubeconfig: string;
let model: KubeModel;
let flags: ClusterFlags[];
let closed: number;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'stasis-complete-'));
  kubeconfig = join(folder, 'config');
  const config = {
    clusters: ['blue', 'green'].map((name) => ({ name, cluster: { server: 'https://127.0.0.1:1' } })),
    users: ['ann', 'bob'].map((name) => ({ name, user: {} })),
    contexts: [context('dev', 'shop'), context('prod')],
    'current-context': 'dev',
  };
  writeFileSync(kubeconfig, JSON.stringify(config));
});
afterAll(() => rmSync(folder, { recursive: true }));

beforeEach(() => {
  model = new KubeModel(() => 0);
  flags = [];
  closed = 0;
  for (const [resource, namespace, name] of [
    [PODS, 'shop', 'web-0'],
    [PODS, 'shop', 'db-0'],
    [PODS, 'other', 'web-9'],
    [CHECKPOINTS, 'shop', 'web-0-x7k2p'],
    [CHECKPOINTS, 'shop', 'db-0-aaaaa'],
    [PODCAPTURES, 'shop', 'web-0f8fad5bd9'],
    [NODES, undefined, 'node-1'],
    [NAMESPACES, undefined, 'shop'],
    [NAMESPACES, undefined, 'other'],
  ] as const)
    model.put(resource, {
      metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
      spec: { containers: [{ name: 'app' }, { name: 'sidecar' }] },
    });
});

const api = (): Connected => ({
  ok: true,
  cluster: {
    api: model.api(),
    namespace: flags.at(-1)?.namespace ?? 'shop',
    serverName: 'api.example.com',
    exec: async () => await Promise.reject(new Error('no exec')),
    close: async () => {
      closed += 1;
      await Promise.resolve();
    },
  },
});

async function ask(
  line: readonly string[],
  connected: () => Connected | Promise<Connected> = api,
  bound?: number,
): Promise<string> {
  const parsed = parsePlugin(['__complete', ...line], '1.2.3', [...COMMANDS, SAMPLE]);
  if (parsed.kind !== 'complete') throw new Error(parsed.kind);
  const connect = async (given: ClusterFlags): Promise<Connected> => {
    flags.push(given);
    return await connected();
  };
  return await complete(parsed.program, parsed.words, { connect }, bound);
}

/** The candidates without their descriptions, and the directive. */
async function words(...line: readonly string[]): Promise<string[]> {
  const answer = await ask(line);
  expect(answer.endsWith('\n')).toBe(true);
  return answer
    .slice(0, -1)
    .split('\n')
    .map((each) => each.split('\t')[0] ?? '');
}

describe('complete() with names that others have chosen', () => {
  const evil = ['web-$(touch x)', 'web-`id`', 'web 1', "web'1", 'web\n:0', '~web', 'web*'];

  test('complete() offers no name of the cluster that a shell would not take as it is', async () => {
    for (const name of evil)
      for (const resource of [PODS, CHECKPOINTS, PODCAPTURES])
        model.put(resource, {
          metadata: { name, namespace: 'shop' },
          spec: { containers: [{ name }, { name: 'app' }] },
        });
    for (const name of evil) model.put(NODES, { metadata: { name } });
    expect(await words('tree', 'web')).toEqual(['web-0-x7k2p', ':4']);
    expect(await words('tree', 'podcapture/')).toEqual(['podcapture/web-0f8fad5bd9', ':4']);
    expect(await words('checkpoint', 'pod/')).toEqual(['pod/web-0', 'pod/db-0', ':4']);
    expect(await words('machine', '--node', '')).toEqual(['node-1', ':4']);
    expect(await words('machine', '')).toEqual(['node-1', ':4']);
    expect(await words('checkpoint', 'web*', '-c', '')).toEqual(['app', ':4']);
  });

  test('complete() offers no such name of the kubeconfig', async () => {
    const contexts = [...[...evil, '-web'].map((name) => context(name)), context('dev', '$(id)')];
    const file = join(folder, 'evil');
    writeFileSync(file, JSON.stringify({ contexts, clusters: [], users: [], 'current-context': 'dev' }));
    expect(await words('tree', '--kubeconfig', file, '--context', '')).toEqual(['dev', ':4']);
    expect(await words('tree', '--kubeconfig', file, '--context=')).toEqual(['--context=dev', ':4']);
  });
});

describe('complete() without a cluster', () => {
  test('complete() offers every command with its summary', async () => {
    const answer = await ask(['']);
    expect(answer).toContain('tree\tprint the process tree that a Checkpoint found\n');
    expect(answer).toMatch(/^help\t/m);
    expect(answer).not.toContain('__complete');
    expect(await words('tr')).toEqual(['tree', ':4']);
    expect(await words('help', 'tr')).toEqual(['tree', ':4']);
    expect(await words('help', 'tree', '')).toEqual([':4']);
    expect(await words('nonsense', '')).toEqual([':4']);
    expect(flags).toEqual([]);
  });

  test('complete() offers options with their descriptions, and none twice that can be given once', async () => {
    expect(await ask(['tree', '--out'])).toBe('--output\tof the result: tree|json|yaml\n:4\n');
    expect(await words('tree', '-o', 'json', '--out')).toEqual([':4']);
    expect(await words('checkpoint', '-c', 'app', '--cont')).toEqual(['--container', '--context', ':4']);
    expect(await words('-')).toEqual(['--version', '--help', ':4']);
  });

  test('complete() offers the forms that the description of an option lists, in each way to write it', async () => {
    expect(await words('checkpoint', '-o', '')).toEqual(['tree', 'json', 'yaml', 'name', ':4']);
    expect(await words('tree', '--output=j')).toEqual(['--output=json', ':4']);
    expect(await words('tree', '-oy')).toEqual(['-oyaml', ':4']);
    expect(await words('tree', '-o=y')).toEqual(['-o=yaml', ':4']);
    expect(await words('checkpoint', '--name', '')).toEqual([':4']);
  });

  test('complete() leaves files to the shell, and the words after --', async () => {
    expect(await words('tree', '--kubeconfig', '')).toEqual([':0']);
    expect(await words('tree', '--kubeconfig=/et')).toEqual([':0']);
    expect(await words('sample', '-o', '')).toEqual([':0']);
    expect(await words('sample', 'Captured', '--', '')).toEqual([':0']);
    expect(await words('sample', 'Captured', '--', 'sh', '-c')).toEqual([':0']);
  });

  test('complete() offers reasons, shells, and commands by their aliases', async () => {
    expect(await words('sample', '')).toEqual([...REASONS, ':4']);
    expect(await words('s', '-A', 'DryRun')).toEqual(['DryRunPassed', ':4']);
    expect(await words('completion', '')).toEqual(['bash', 'zsh', 'fish', 'kubectl', ':4']);
    expect(await words('completion', 'bash', '')).toEqual([':4']);
  });

  test('complete() offers what the kubeconfig names', async () => {
    const line = ['tree', '--kubeconfig', kubeconfig];
    expect(await words(...line, '--context', '')).toEqual(['dev', 'prod', ':4']);
    expect(await words(...line, '--cluster=g')).toEqual(['--cluster=green', ':4']);
    expect(await words(...line, '--user', 'b')).toEqual(['bob', ':4']);
    expect(flags).toEqual([]);
  });
});

describe('complete() with a cluster', () => {
  test('complete() offers pods in the form that was begun', async () => {
    expect(await words('checkpoint', '')).toEqual(['pod/web-0', 'pod/db-0', ':4']);
    expect(await words('checkpoint', 'po')).toEqual(['pod/web-0', 'pod/db-0', ':4']);
    expect(await words('checkpoint', 'po/w')).toEqual(['po/web-0', ':4']);
    expect(await words('checkpoint', 'w')).toEqual(['web-0', ':4']);
    expect(await words('checkpoint', 'pod/web-0', '')).toEqual([':4']);
    expect(closed).toBe(4);
  });

  test('complete() offers Checkpoints and captures', async () => {
    expect(await words('tree', '')).toEqual(['web-0-x7k2p', 'db-0-aaaaa', ':4']);
    expect(await words('tree', 'ckpt/w')).toEqual(['ckpt/web-0-x7k2p', ':4']);
    expect(await words('tree', 'podc')).toEqual(['podcapture/', ':6']);
    expect(await words('tree', 'podcapture/')).toEqual(['podcapture/web-0f8fad5bd9', ':4']);
  });

  test('complete() offers for release what can be released', async () => {
    for (const [name, status] of [
      ['waits', 'Unknown'],
      ['held', 'True'],
      ['over', 'False'],
    ])
      model.put(CHECKPOINTS, {
        metadata: { name, namespace: 'shop' },
        spec: { podName: 'web-0', hold: { seconds: 60 } },
        status: { conditions: [{ type: 'Held', status, reason: 'Holding', message: '' }] },
      });
    expect(await words('release', '')).toEqual(['waits', 'held', ':4']);
    expect(await words('release', 'h')).toEqual(['held', ':4']);
    expect(await words('release', 'held', 'ckpt/')).toEqual(['ckpt/waits', 'ckpt/held', ':4']);
  });

  test('complete() offers reasons in the case that was begun', async () => {
    expect(await words('explain', 'Freezet')).toEqual([':4']);
    expect(await words('explain', 'FreezeT')).toEqual(['FreezeTimeout', ':4']);
    expect(await words('explain', 'freezet')).toEqual(['freezetimeout', ':4']);
  });

  test('complete() offers nodes, namespaces, and the containers of the pod', async () => {
    expect(await words('machine', '')).toEqual(['node-1', ':4']);
    expect(await words('machine', '--node', 'n')).toEqual(['node-1', ':4']);
    expect(await words('tree', '-n', '')).toEqual(['shop', 'other', ':4']);
    expect(await words('checkpoint', 'pod/web-0', '-c', '')).toEqual(['app', 'sidecar', ':4']);
    expect(await words('checkpoint', '-c', '')).toEqual([':4']);
    expect(await words('checkpoint', 'pod/gone', '-c', '')).toEqual([':4']);
  });

  test('complete() obeys the flags before the word', async () => {
    expect(await words('checkpoint', '-n', 'other', '')).toEqual(['pod/web-9', ':4']);
    expect(await words('checkpoint', '-nother', '--context=prod', '--as', 'ann', 'w')).toEqual(['web-9', ':4']);
    expect(flags.at(-1)).toEqual({ namespace: 'other', context: 'prod', as: 'ann' });
  });

  test('complete() offers the namespaces of the kubeconfig to a person who may not list namespaces', async () => {
    for (const { metadata } of model.all(NAMESPACES)) model.drop(NAMESPACES, '', metadata.name);
    expect(await words('tree', '--kubeconfig', kubeconfig, '-n', '')).toEqual(['shop', ':4']);
  });

  test('complete() is silent about every failure, and takes no longer than its bound', async () => {
    expect(await ask(['tree', ''], () => ({ ok: false, message: 'no kubeconfig' }))).toBe(':4\n');
    expect(await ask(['tree', ''], async () => await Promise.reject(new Error('a defect')))).toBe(':4\n');
    expect(await words('tree', '--kubeconfig', '/nonexistent', '--context', '')).toEqual([':4']);
    expect(await ask(['tree', ''], async () => await new Promise<Connected>(() => undefined), 20)).toBe(':4\n');
  });

  test('complete() offers further names where several are taken, and the pod after its kind', async () => {
    expect(await words('timings', 'web-0-x7k2p', '')).toEqual(['db-0-aaaaa', ':4']);
    expect(await words('doctor', 'node-1', '')).toEqual([':4']);
    expect(await words('doctor', 'node-2', '')).toEqual(['node-1', ':4']);
    expect(await words('tree', 'web-0-x7k2p', '')).toEqual([':4']);
    expect(await words('checkpoint', 'pod', 'w')).toEqual(['web-0', ':4']);
    expect(await words('checkpoint', 'web-0', '')).toEqual([':4']);
    expect(await words('checkpoint', 'pod', 'web-0', '-c', '')).toEqual(['app', 'sidecar', ':4']);
  });

  test('complete() lets no name add a line', async () => {
    model.put(PODS, { metadata: { name: 'a\n:0\u001b[2J', namespace: 'shop' } });
    expect(await ask(['checkpoint', 'pod/a'])).toBe(':4\n');
  });
});
