import { describe, expect, test } from '@jest/globals';
import { PODCAPTURES } from '../../../../src/api/kinds.js';
import type { PodCaptureStatus } from '../../../../src/api/podcapture.js';
import { podCapture, processRow } from '../../builders.js';
import { store } from './checkpoints.js';
import { FakePlugin } from './surroundings.js';

const tree = [processRow({ pid: 1, comm: 'nginx' }), processRow({ pid: 2, comm: 'worker', ppid: 1 })];

function filled(status: Partial<PodCaptureStatus> = {}): FakePlugin {
  const plugin = new FakePlugin();
  store(plugin, { name: 'web-0-a' });
  plugin.model.put(PODCAPTURES, {
    metadata: { namespace: 'shop', name: 'web-0-a-0f8fad5bd9' },
    spec: { podName: 'web-0', nodeName: 'node-a' },
    status: podCapture({ tree, ...status }).status,
  });
  return plugin;
}

const artifact = { path: '/x', sizeBytes: 1, sha256: 'a'.repeat(64), command: 'kubectl exec pod' };

const said = async (status?: Partial<PodCaptureStatus>): Promise<string[]> => {
  const plugin = filled(status);
  expect(await plugin.run(['tree', 'web-0-a', '--filter', 'x"y'])).toBe(0);
  expect(plugin.stdout).toBe('');
  return plugin.stderr;
};

describe('kubectl stasis tree', () => {
  test('prints the tree, or the part that was asked for', async () => {
    const whole = filled();
    expect(await whole.run(['tree', 'web-0-a'])).toBe(0);
    expect(whole.stdout).toContain('└─ worker');
    const levels = filled();
    expect(await levels.run(['tree', 'web-0-a', '--depth', '1', '--color', 'always'])).toBe(0);
    expect(levels.stdout).toContain('(+1 below)');
    expect(levels.stdout).toContain('\u001b[');
    const found = filled({ truncated: true, processes: 181, artifact });
    expect(await found.run(['tree', 'podcapture/web-0-a-0f8fad5bd9', '--filter', 'worker', '--threads'])).toBe(0);
    expect(found.stdout).toContain('kubectl stasis export podcapture/web-0-a-0f8fad5bd9 -n shop -o DIR\n');
  });

  test('says on the standard error that nothing matches, and where more is', async () => {
    expect(await said()).toEqual(['No process matches "x\\"y" among 2']);
    expect(await said({ truncated: true, processes: 181, artifact })).toEqual([
      'No process matches "x\\"y" among the 2 of 181 that the status has; to get them all: kubectl stasis export web-0-a -n shop -o DIR',
    ]);
  });

  test('prints the object without its managed fields, as kubectl does', async () => {
    const plugin = filled();
    const [stored] = plugin.model.all(PODCAPTURES);
    plugin.model.put(PODCAPTURES, { ...stored, metadata: { ...stored?.metadata, managedFields: [{ manager: 'x' }] } });
    expect(await plugin.run(['tree', 'web-0-a', '-o', 'json'])).toBe(0);
    const { kind, metadata } = JSON.parse(plugin.stdout) as { kind: string; metadata: object };
    expect([kind, 'managedFields' in metadata]).toEqual(['PodCapture', false]);
  });

  test('refuses what means nothing', async () => {
    const plugin = new FakePlugin();
    expect(await plugin.run(['tree', 'web-0-a', '--depth', '0'])).toBe(2);
    expect(await plugin.run(['tree', 'web-0-a', '--filter', ''])).toBe(2);
    expect(await plugin.run(['tree', 'web-0-a', '-o', 'json', '--threads'])).toBe(2);
    expect(await plugin.run(['tree', 'web-0-a', '--color', 'red'])).toBe(2);
    expect(plugin.stderr).toEqual([
      'error: --depth: "0" is not a whole number from 1 to 100000',
      'error: --filter: the text is empty, so that every process has it',
      'error: --depth, --filter, --threads: these are for -o tree; -o json has every field',
      'error: --color: "red" is not one of: auto, always, never',
    ]);
  });

  test('says why there is no tree, whatever the status is', async () => {
    const plugin = new FakePlugin();
    store(plugin, { name: 'early', status: 'Unknown', reason: 'PodBusy', pod: { captureName: 7 as never } });
    store(plugin, { name: 'odd', more: { conditions: 'none' } as never, pod: { captureName: undefined as never } });
    expect(await plugin.run(['tree', 'early'])).toBe(1);
    expect(await plugin.run(['tree', 'odd'])).toBe(1);
    expect(plugin.stderr).toEqual([
      'error: Checkpoint early has captured nothing yet: PodBusy; see: kubectl stasis explain PodBusy',
      'error: what answers at api.example.com:6443 is no API server (the answer is not the object that was asked for); see: kubectl cluster-info',
    ]);
  });
});
