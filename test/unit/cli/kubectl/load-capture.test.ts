import { describe, expect, test } from '@jest/globals';
import { CHECKPOINTS, PODCAPTURES, type CheckpointStatus } from '../../../../src/api/kinds.js';
import { loadCapture } from '../../../../src/cli/kubectl/load-capture.js';
import { podCapture } from '../../builders.js';
import { forbidden } from './scripted-api.js';
import { FakePlugin } from './surroundings.js';

const POD = { podName: 'web-0', podUID: 'u', nodeName: 'node-2', state: 'Succeeded' } as const;
const TIME = '2026-01-01T00:00:00Z';

function cluster(status: CheckpointStatus, capture: object | undefined = podCapture()): FakePlugin {
  const plugin = new FakePlugin();
  plugin.model.put(CHECKPOINTS, { metadata: { name: 'web', namespace: 'shop' }, spec: { podName: 'web-0' }, status });
  if (capture !== undefined)
    plugin.model.put(PODCAPTURES, { ...capture, metadata: { name: 'capture-1', namespace: 'shop' } });
  return plugin;
}

const says = (status: 'True' | 'False' | 'Unknown', reason: string, message: string): CheckpointStatus => ({
  conditions: [{ type: 'Succeeded', status, reason, message, lastTransitionTime: TIME }],
});

const CAPTURED = { ...says('True', 'Captured', ''), pods: [{ ...POD, captureName: 'capture-1' }] };

describe('loadCapture()', () => {
  test('a Checkpoint stands for its PodCapture', async () => {
    const plugin = cluster(CAPTURED);
    const loaded = await loadCapture(plugin.cluster, { kind: 'checkpoint', name: 'web' });
    expect(loaded).toMatchObject({
      ok: true,
      capture: { kind: 'PodCapture' },
      stored: { metadata: { name: 'capture-1' } },
      checkpoint: { metadata: { name: 'web' } },
    });
    expect(plugin.script.log).toEqual(['get checkpoints web', 'get podcaptures capture-1']);
  });

  test('a PodCapture needs no Checkpoint', async () => {
    const plugin = cluster(CAPTURED);
    const loaded = await loadCapture(plugin.cluster, { kind: 'podcapture', name: 'capture-1' });
    expect(loaded.ok && loaded.checkpoint).toBeUndefined();
    expect(plugin.script.log).toEqual(['get podcaptures capture-1']);
  });

  test.each([
    [
      says('False', 'PodNotFound', 'no pod web-0'),
      'Checkpoint web ended with PodNotFound before anything was captured (no pod web-0); see: kubectl stasis explain PodNotFound',
    ],
    [
      says('Unknown', 'NodeBusy', ''),
      'Checkpoint web has captured nothing yet: NodeBusy; see: kubectl stasis explain NodeBusy',
    ],
    [{}, 'Checkpoint web has captured nothing yet: Pending; see: kubectl stasis explain Pending'],
  ])('%j has no capture', async (status, message) => {
    const loaded = await loadCapture(cluster(status).cluster, { kind: 'checkpoint', name: 'web' });
    expect(loaded).toEqual({ ok: false, message });
  });

  test('a capture that has not ended', async () => {
    const plugin = cluster(CAPTURED, { kind: 'PodCapture', spec: {} });
    expect(await loadCapture(plugin.cluster, { kind: 'checkpoint', name: 'web' })).toEqual({
      ok: false,
      message: 'PodCapture capture-1 has not ended: its tree comes when the pod is let go',
    });
  });

  test.each([
    [
      'checkpoint',
      'other',
      'there is no Checkpoint "other" in namespace "shop"; to see those that there are: kubectl stasis list -n shop',
    ],
    [
      'podcapture',
      'other',
      'there is no PodCapture "other" in namespace "shop"; to see those that there are: kubectl get podcaptures.stasis.dev -n shop',
    ],
  ] as const)('a %s that does not exist', async (kind, name, message) => {
    expect(await loadCapture(cluster(CAPTURED).cluster, { kind, name })).toEqual({ ok: false, message });
  });

  test('what may not be read', async () => {
    const plugin = cluster(CAPTURED);
    plugin.script.fate = (call) => forbidden(call);
    expect(await loadCapture(plugin.cluster, { kind: 'checkpoint', name: 'web' })).toMatchObject({
      ok: false,
      message: expect.stringMatching(/^you may not get checkpoints\.stasis\.dev in namespace "shop"/),
    });
  });
});
