import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { checkpointRow } from '../../../../src/cli/kubectl/checkpoint-row.js';
import { groupPauses, GROUPINGS, pauseOf, type Pause } from '../../../../src/cli/kubectl/pause-statistics.js';
import { renderGroups, renderSlowest } from '../../../../src/cli/kubectl/render-top.js';
import { actsOnTerminal, hostileForms } from '../hostile.js';
import { checkpoint, sampleTimings, store } from './checkpoints.js';
import { FakePlugin } from './surroundings.js';

function filled(): FakePlugin {
  const plugin = new FakePlugin();
  plugin.clock.skew = Date.parse('2026-01-01T12:05:00Z') - plugin.clock.monotonic();
  const slow = { timings: sampleTimings({ pauseMicroseconds: 5_050_000, holdMicroseconds: 5_000_000 }) };
  const untouched = { timings: sampleTimings({ pauseMicroseconds: 0, freezingMicroseconds: 0 }), nodeName: '' };
  store(
    plugin,
    { name: 'web-0-a' },
    { name: 'web-0-b', created: '2026-01-01T12:04:00Z', pod: slow },
    { name: 'web-1-a', podName: 'web-1', status: 'False', reason: 'PodNotRunning', pod: untouched },
    { name: 'web-1-b', podName: 'web-1', status: 'Unknown', reason: 'Capturing' },
    { name: 'db-0-a', namespace: 'data', podName: 'db-0', pod: { nodeName: 'node-b' } },
  );
  return plugin;
}

async function printed(...argv: string[]): Promise<string> {
  const plugin = filled();
  expect(await plugin.run(['top', ...argv])).toBe(0);
  return [plugin.stdout, ...plugin.stderr].join('');
}

const said = async (...argv: string[]): Promise<string[]> => {
  const plugin = new FakePlugin();
  expect(await plugin.run(['top', ...argv])).toBe(0);
  return plugin.stderr;
};

describe('kubectl stasis top', () => {
  test('prints the slowest pauses without their holds, the slowest first', async () => {
    expect(await printed()).toBe(`\
   PAUSE  FREEZING    HOLD  NAME     POD    NODE    STATE     AGE
50.000ms   9.155ms  5.000s  web-0-b  web-0  node-a  Captured  60s
10.028ms   9.155ms       -  web-0-a  web-0  node-a  Captured  5m
`);
    expect(await printed('-A', '--limit', '1')).toBe(`\
   PAUSE  FREEZING    HOLD  NAMESPACE  NAME     POD    NODE    STATE     AGE
50.000ms   9.155ms  5.000s  shop       web-0-b  web-0  node-a  Captured  60s
1 of 3 are shown; for more: --limit 3`);
    expect(await printed('--since', '2m')).not.toContain('web-0-a');
  });

  test('prints the figures by node, by namespace and by pod', async () => {
    expect(await printed('-A', '--by', 'node')).toBe(`\
NODE    COUNT  FAILED    MEDIAN       P99       MAX
node-a      2       0  10.028ms  50.000ms  50.000ms
node-b      1       0  10.028ms  10.028ms  10.028ms
-           1       1         -         -         -
`);
    expect(await printed('-A', '--by', 'namespace')).toBe(`\
NAMESPACE  COUNT  FAILED    MEDIAN       P99       MAX
shop           3       1  10.028ms  50.000ms  50.000ms
data           1       0  10.028ms  10.028ms  10.028ms
`);
    expect(await printed('--by', 'pod')).toBe(`\
NAMESPACE/POD  COUNT  FAILED    MEDIAN       P99       MAX
shop/web-0         2       0  10.028ms  50.000ms  50.000ms
shop/web-1         1       1         -         -         -
`);
  });

  test('prints objects for scripts', async () => {
    expect(JSON.parse(await printed('--limit', '1', '-o', 'json'))).toEqual([
      {
        namespace: 'shop',
        name: 'web-0-b',
        pod: 'web-0',
        node: 'node-a',
        reason: 'Captured',
        endTime: '2026-01-01T12:04:00.000Z',
        pauseWithoutHoldMicroseconds: 50_000,
        freezingMicroseconds: 9155,
        holdMicroseconds: 5_000_000,
      },
    ]);
    const groups = [
      {
        node: 'node-a',
        count: 2,
        failed: 0,
        medianMicroseconds: 10_028,
        p99Microseconds: 50_000,
        maxMicroseconds: 50_000,
      },
      { node: '', count: 1, failed: 1 },
    ];
    expect(JSON.parse(await printed('--by', 'node', '-o', 'json'))).toEqual(groups);
    const plugin = new FakePlugin();
    expect(await plugin.run(['top', '-o', 'json'])).toBe(0);
    expect([plugin.stdout, plugin.stderr]).toEqual(['[]\n', []]);
  });

  test('says when there is nothing, and what to do', async () => {
    expect(await said()).toEqual([
      'No Checkpoint has paused a pod in namespace "shop"; to see them all: kubectl stasis list',
    ]);
    expect(await said('-A', '--by', 'node', '--since', '7d')).toEqual([
      'No Checkpoint has ended in any namespace within this time; leave --since out',
    ]);
  });

  test('refuses what means nothing', async () => {
    const plugin = new FakePlugin();
    expect(await plugin.run(['top', '--since', '48h'])).toBe(2);
    expect(await plugin.run(['top', '--since', '0d'])).toBe(2);
    expect(await plugin.run(['top', '--by', 'user'])).toBe(2);
    expect(plugin.stderr).toEqual([
      'error: --since: "48h" is longer than 24h; give days, such as 7d',
      'error: --since: "0d" is no time at all',
      'error: --by: "user" is not one of: checkpoint, pod, node, namespace',
    ]);
  });
});

const pause = (microseconds: number): Pause => ({
  namespace: 'shop',
  name: String(microseconds),
  pod: 'web-0',
  node: 'node-a',
  reason: 'Captured',
  failed: false,
  ended: 0,
  freezing: 0,
  pause: microseconds,
  hold: 0,
});

test('groupPauses() takes the nearest rank for median and p99', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => pause(index + 1));
  expect(groupPauses(hundred, 'node')).toEqual([
    { key: 'node-a', count: 100, failed: 0, figures: { median: 50, p99: 99, max: 100 } },
  ]);
  expect(groupPauses([pause(7)], 'pod')).toEqual([
    { key: 'shop/web-0', count: 1, failed: 0, figures: { median: 7, p99: 7, max: 7 } },
  ]);
});

test('top takes whatever a Checkpoint is, and prints no character that acts on a terminal', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(hostileForms(checkpoint({ name: 'a' })), fc.anything()), { maxLength: 3 }),
      (objects) => {
        const pauses = objects.flatMap((object) => pauseOf(checkpointRow(object)) ?? []);
        const text = [
          renderSlowest(pauses, { allNamespaces: true, now: 0 }, { color: false }),
          ...GROUPINGS.map((by) => renderGroups(groupPauses(pauses, by), by, { color: false })),
        ].join('');
        expect(actsOnTerminal(text)).toBe(false);
      },
    ),
  );
});
