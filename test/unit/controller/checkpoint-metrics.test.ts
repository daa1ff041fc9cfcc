import { describe, expect, test } from '@jest/globals';
import { Registry } from 'prom-client';
import type { Checkpoint } from '../../../src/api/kinds.js';
import { FINAL_REASONS } from '../../../src/api/reasons.js';
import { checkpointMetrics } from '../../../src/controller/checkpoint-metrics.js';
import { timings } from '../builders.js';
import { checkpoint, NOW } from './builders.js';

function at(
  name: string,
  reason: string | undefined,
  seconds: number,
  pause?: { total: number; hold: number },
): Checkpoint {
  const status = FINAL_REASONS.some((known) => known === reason) ? ('True' as const) : ('Unknown' as const);
  const condition = { type: 'Succeeded', status, reason: reason ?? '', message: '', lastTransitionTime: '' };
  const measured = timings({ pauseMicroseconds: pause?.total ?? 0, holdMicroseconds: pause?.hold ?? 0 });
  const row = {
    podName: `pod-${name}`,
    podUID: 'u',
    nodeName: 'node-1',
    state: 'Succeeded' as const,
    timings: measured,
  };
  return checkpoint({
    metadata: { name, creationTimestamp: new Date(NOW - 1000 * seconds).toISOString() },
    ...(reason === undefined
      ? {}
      : { status: { conditions: [condition], ...(pause === undefined ? {} : { pods: [row] }) } }),
  });
}

async function scrape(...checkpoints: readonly Checkpoint[]): Promise<string> {
  const registry = new Registry();
  checkpointMetrics({ registry, checkpoints: () => checkpoints, wall: () => NOW });
  return await registry.metrics();
}

describe('checkpointMetrics()', () => {
  test('has a series for every state and every reason to wait, without any Checkpoint', async () => {
    const text = await scrape();
    for (const state of ['Pending', 'PodBusy', 'Holding', 'Captured', 'InternalError'])
      expect(text).toContain(`stasis_checkpoints{state="${state}"} 0\n`);
    for (const reason of ['Pending', 'PodBusy', 'NodeBusy', 'Dispatched'])
      expect(text).toContain(`stasis_checkpoint_oldest_waiting_seconds{reason="${reason}"} 0\n`);
    expect(text).not.toContain('stasis_slowest_pause_seconds{');
  });

  test('counts states, and knows the age of the oldest Checkpoint that waits', async () => {
    const text = await scrape(
      at('a', undefined, 3),
      at('b', 'PodBusy', 60),
      at('c', 'PodBusy', 70),
      at('d', 'Captured', 900),
    );
    expect(text).toContain('stasis_checkpoints{state="PodBusy"} 2\n');
    expect(text).toContain('stasis_checkpoints{state="Captured"} 1\n');
    expect(text).toContain('stasis_checkpoint_oldest_waiting_seconds{reason="PodBusy"} 70\n');
    expect(text).toContain('stasis_checkpoint_oldest_waiting_seconds{reason="Pending"} 3\n');
    expect(text).toContain('stasis_checkpoint_oldest_waiting_seconds{reason="Dispatched"} 0\n');
  });

  test('names the ten longest pauses, without the hold', async () => {
    const paused = Array.from({ length: 12 }, (_, index) =>
      at(`p${index}`, 'Captured', 1, { total: 1000 * (index + 1), hold: 0 }),
    );
    const text = await scrape(
      ...paused,
      at('held', 'Captured', 1, { total: 60_000_500, hold: 60_000_000 }),
      at('dry', 'DryRunPassed', 1, { total: 0, hold: 0 }),
    );
    const lines = text.split('\n').filter((line) => line.startsWith('stasis_slowest_pause_seconds{'));
    expect(lines).toHaveLength(10);
    expect(lines[0]).toBe(
      'stasis_slowest_pause_seconds{checkpoint_namespace="shop",checkpoint="p11",pod_name="pod-p11",node_name="node-1"} 0.012',
    );
    expect(text).not.toContain('"held"');
    expect(text).not.toContain('"p1"');
  });
});
