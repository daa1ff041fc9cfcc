import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parse } from 'yaml';
import { checkpointRow } from '../../../../src/cli/kubectl/checkpoint-row.js';
import { renderList } from '../../../../src/cli/kubectl/render-list.js';
import type { KubeError } from '../../../../src/kube/result.js';
import { actsOnTerminal, hostileForms } from '../hostile.js';
import { checkpoint, store } from './checkpoints.js';
import { FakePlugin, type FakePluginOptions } from './surroundings.js';

function pluginAt(time: string, options: FakePluginOptions = {}): FakePlugin {
  const plugin = new FakePlugin(options);
  plugin.clock.skew = Date.parse(time) - plugin.clock.monotonic();
  return plugin;
}

function filled(options: FakePluginOptions = {}): FakePlugin {
  const plugin = pluginAt('2026-01-01T12:05:00Z', options);
  store(
    plugin,
    { name: 'web-0-b', created: '2026-01-01T12:04:00Z', status: 'False', message: 'dd (77) did not freeze' },
    { name: 'web-0-a' },
    {
      name: 'web-1-a',
      podName: 'web-1',
      created: '2026-01-01T12:04:30Z',
      status: 'Unknown',
      reason: 'Holding',
      held: true,
      more: { holdUntil: '2026-01-01T12:14:30.000123Z', heldFrom: '2026-01-01T12:04:30.500000Z' },
      annotations: { 'stasis.dev/reason': 'a\nlook' },
    },
    { name: 'db-0-a', namespace: 'data', podName: 'db-0' },
  );
  return plugin;
}

const refused = (code: number, message: string, reason = 'BadRequest'): KubeError => ({
  method: 'GET',
  path: '/x',
  code,
  reason,
  message,
});

const names = async (...flags: string[]): Promise<string[]> => {
  const plugin = filled();
  expect(await plugin.run(['list', '-o', 'name', ...flags])).toBe(0);
  return plugin.stdout.trimEnd().replaceAll('checkpoint.stasis.dev/', '').split('\n');
};

const said = async (...argv: string[]): Promise<string> => {
  const plugin = new FakePlugin();
  expect(await plugin.run(['list', ...argv])).toBe(0);
  expect(plugin.stdout).toBe('');
  return plugin.stderr.join('\n');
};

const refusedWith = async (...argv: string[]): Promise<unknown> => {
  const plugin = new FakePlugin();
  return [await plugin.run(['list', ...argv]), plugin.stderr[0]];
};

describe('kubectl stasis list', () => {
  test('prints a line for each Checkpoint, the newest last', async () => {
    const plugin = filled();
    expect(await plugin.run(['list'])).toBe(0);
    expect(plugin.stdout).toBe(`\
NAME     POD    NODE    STATE          PAUSE     HOLD-UNTIL            PROCESSES  THREADS  AGE
web-0-a  web-0  node-a  Captured       10.028ms                        12         40       5m
web-0-b  web-0  node-a  FreezeTimeout  10.028ms                        12         40       60s
web-1-a  web-1  node-a  Holding        10.028ms  2026-01-01T12:14:30Z  12         40       30s
`);
    expect(plugin.stderr).toEqual([]);
  });

  test('prints those of every namespace, those of a pod, those that are held, those that failed, and the newest', async () => {
    expect(await names('-A')).toEqual(['db-0-a', 'web-0-a', 'web-0-b', 'web-1-a']);
    expect(await names('-n', 'data')).toEqual(['db-0-a']);
    expect(await names('--pod', 'pod/web-1')).toEqual(['web-1-a']);
    expect(await names('--held')).toEqual(['web-1-a']);
    expect(await names('--failed')).toEqual(['web-0-b']);
    expect(await names('--limit', '2')).toEqual(['web-0-b', 'web-1-a']);
  });

  test('prints why somebody asked, the time of the hold and the message with -o wide', async () => {
    const plugin = filled();
    expect(await plugin.run(['list', '-A', '-o', 'wide'])).toBe(0);
    expect(plugin.stdout.split('\n')[0]).toMatch(/^NAMESPACE +NAME .* AGE +REASON-TEXT +HELD-FOR +MESSAGE$/);
    expect(plugin.stdout).toContain('a\\nlook      29s');
    expect(plugin.stdout).toContain('dd (77) did not freeze');
  });

  test('leaves columns out on a terminal that is too narrow, and cuts nothing', async () => {
    const plugin = filled({ width: 60 });
    expect(await plugin.run(['list', '--pod', 'web-0'])).toBe(0);
    expect(plugin.stdout.split('\n')[0]).toBe('NAME     POD    NODE    STATE          PAUSE     AGE');
  });

  test('prints a List as JSON and as YAML', async () => {
    const readers: Readonly<Record<string, (text: string) => unknown>> = {
      json: (text) => JSON.parse(text) as unknown,
      yaml: (text) => parse(text) as unknown,
    };
    for (const [form, read] of Object.entries(readers)) {
      const plugin = filled();
      expect(await plugin.run(['list', '-o', form])).toBe(0);
      const list = read(plugin.stdout) as { kind: string; items: { metadata: { name: string } }[] };
      expect(list.kind).toBe('List');
      expect(list.items.map(({ metadata }) => metadata.name)).toEqual(['web-0-a', 'web-0-b', 'web-1-a']);
      const empty = new FakePlugin();
      expect(await empty.run(['list', '-o', form])).toBe(0);
      expect(read(empty.stdout)).toEqual({
        apiVersion: 'v1',
        items: [],
        kind: 'List',
        metadata: { resourceVersion: '' },
      });
      expect(empty.stderr).toEqual([]);
    }
  });

  test('says on the standard error that there is nothing, and what to do', async () => {
    expect(await said()).toBe('No Checkpoints found in namespace "shop"; make one: kubectl stasis checkpoint pod/NAME');
    expect(await said('-A')).toBe(
      'No Checkpoints found in any namespace; make one: kubectl stasis checkpoint pod/NAME -n NAMESPACE',
    );
    expect(await said('--pod', 'web-9')).toBe(
      'No Checkpoints of pod "web-9" found in namespace "shop"; make one: kubectl stasis checkpoint pod/web-9 -n shop',
    );
    expect(await said('--held')).toBe(
      'No such Checkpoints found in namespace "shop"; all of them: kubectl stasis list -n shop',
    );
  });

  test('asks for pages of 500, with the selectors', async () => {
    const plugin = filled();
    await plugin.run(['list', '--pod', 'web-0', '-l', 'app=shop']);
    expect(plugin.script.calls.map(({ options }) => options)).toEqual([
      { labelSelector: 'app=shop', fieldSelector: 'spec.podName=web-0', limit: 500 },
    ]);
  });

  test('looks at the pod itself where the server does not know the field', async () => {
    const plugin = filled();
    plugin.script.fate = ({ options }) =>
      'fieldSelector' in options ? refused(400, 'field label not supported: spec.podName') : undefined;
    expect(await plugin.run(['list', '--pod', 'web-1', '-o', 'name'])).toBe(0);
    expect(plugin.stdout).toBe('checkpoint.stasis.dev/web-1-a\n');
  });

  test('starts again when the server has forgotten the moment, and has each Checkpoint once', async () => {
    const plugin = filled();
    let left = 2;
    plugin.script.fate = () => (left-- > 0 ? refused(410, 'expired', 'Expired') : undefined);
    expect(await plugin.run(['list', '-o', 'name'])).toBe(0);
    expect(plugin.stdout.trimEnd().split('\n')).toHaveLength(3);
  });

  test('names the missing verb in one line', async () => {
    const plugin = filled();
    plugin.script.fate = () =>
      refused(403, 'checkpoints.stasis.dev is forbidden: User "eve" cannot list resource "checkpoints"', 'Forbidden');
    expect(await plugin.run(['list', '-A'])).toBe(1);
    expect(plugin.stderr).toEqual([
      'error: you may not list checkpoints.stasis.dev in all namespaces; ask an administrator for that verb, and try it with: kubectl auth can-i list checkpoints.stasis.dev -A',
    ]);
  });

  test('ends with 130 on Ctrl-C', async () => {
    const plugin = filled();
    plugin.script.fate = () => 'hang';
    plugin.later(100, () => plugin.signal());
    expect(await plugin.run(['list'])).toBe(130);
  });

  test('refuses what means nothing', async () => {
    expect(await refusedWith('web-0-a')).toEqual([
      2,
      'error: unexpected argument "web-0-a"; to see one Checkpoint: kubectl stasis tree NAME',
    ]);
    expect(await refusedWith('--held', '--failed')).toEqual([
      2,
      'error: --held, --failed: give one of them; what has failed is not held any more',
    ]);
    expect(await refusedWith('--limit', '0')).toEqual([
      2,
      'error: --limit: "0" is not a whole number from 1 to 1000000',
    ]);
    expect(await refusedWith('-o', 'tree')).toEqual([
      2,
      'error: --output: "tree" is not one of: table, wide, json, yaml, name',
    ]);
  });
});

test('renderList() takes whatever a Checkpoint is, and prints no character that acts on a terminal', () => {
  const sample = checkpoint({
    name: 'a',
    held: true,
    annotations: { 'stasis.dev/reason': 'x' },
    spec: { maxPauseMilliseconds: 5 },
  });
  fc.assert(
    fc.property(
      fc.array(fc.oneof(hostileForms(sample), fc.anything()), { maxLength: 3 }),
      fc.boolean(),
      (objects, wide) => {
        const view = { allNamespaces: true, wide, now: 1_767_268_800_000 };
        const text = renderList(objects.map(checkpointRow), view, { color: false, width: 80 });
        expect(actsOnTerminal(text)).toBe(false);
        expect(text.trimEnd().split('\n')).toHaveLength(objects.length + 1);
      },
    ),
  );
});
