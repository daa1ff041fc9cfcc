import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { PODCAPTURES } from '../../../../src/api/kinds.js';
import { checkpointRow } from '../../../../src/cli/kubectl/checkpoint-row.js';
import { showsBlocks } from '../../../../src/cli/kubectl/locale.js';
import { bar, renderBars, renderComparison, type Measured } from '../../../../src/cli/kubectl/render-timings.js';
import { actsOnTerminal, hostileForms } from '../hostile.js';
import { checkpoint, sampleTimings, store } from './checkpoints.js';
import { FakePlugin } from './surroundings.js';

const measured: Measured = {
  name: 'web-0-a',
  pod: 'web-0',
  node: 'node-a',
  reason: 'Captured',
  succeeded: true,
  timings: sampleTimings({ holdMicroseconds: 10_000_000, pauseMicroseconds: 10_010_028 }),
  maxPauseMicroseconds: 9_000,
  overrunMicroseconds: 1_028,
};

describe('renderBars()', () => {
  test('draws each phase to scale, and the hold apart', () => {
    expect(renderBars(measured, { color: false, width: 80, blocks: true })).toBe(`\
web-0-a: Captured, pod web-0 on node-a

cgroup freeze   1.204ms   12%  █████▉
seize           2.011ms   20%  █████████▉
cgroup thaw        20µs   <1%  ▏
stop              800µs    8%  ███▉
collect         5.120ms   51%  █████████████████████████
release           873µs    9%  ████▎

resolve           412µs  before the pause; the pod ran
freezing        9.155ms  until the tree was read
pause          10.028ms  what the capture cost the pod, without the hold
hold            10.000s  after it was read; not drawn to scale
together        10.010s  how long the pod stood still
budget          9.000ms  --max-pause; the pause took 111% of it
overrun         1.028ms  of the pause beyond its budget
`);
  });

  test('does without percentages and sentences on a narrow terminal, and without blocks elsewhere', () => {
    const narrow = renderBars(measured, { color: false, width: 36, blocks: false });
    expect(narrow.split('\n').slice(2, 9)).toEqual([
      'cgroup freeze   1.204ms  #',
      'seize           2.011ms  ##',
      'cgroup thaw        20µs  |',
      'stop              800µs  #',
      'collect         5.120ms  ######',
      'release           873µs  #',
      '',
    ]);
    expect(narrow).toContain('\npause          10.028ms\n');
    expect(renderBars(measured, { color: false, width: 24, blocks: true })).not.toContain('█');
  });

  test('says when nothing was timed', () => {
    const none = { ...measured, timings: sampleTimings(), reason: 'PodNotRunning', succeeded: false };
    const zero = Object.fromEntries(
      Object.keys(none.timings).map((field) => [field, 0]),
    ) as unknown as Measured['timings'];
    expect(renderBars({ ...none, timings: zero }, { color: false, blocks: true })).toBe(
      'web-0-a: PodNotRunning, pod web-0 on node-a\n\nNothing was timed: the pod was not touched.\n',
    );
  });
});

test('bar() is to scale in eighths of a column, and a thin mark where it would be less', () => {
  expect([1, 0.5, 1 / 16, 1e-9, 0, Number.NaN, 7].map((part) => bar(part, 8, true))).toEqual([
    '████████',
    '████',
    '▌',
    '▏',
    '',
    '',
    '████████',
  ]);
  expect([1, 0.5, 0.01].map((part) => bar(part, 8, false))).toEqual(['########', '####', '|']);
});

test('renderComparison() has a column for each capture', () => {
  const other = { ...measured, name: 'web-0-b', reason: 'FreezeTimeout', succeeded: false, timings: sampleTimings() };
  const { maxPauseMicroseconds: _budget, overrunMicroseconds: _overrun, ...plain } = other;
  expect(renderComparison([measured, plain], { color: false })).toBe(`\
PHASE           web-0-a        web-0-b
resolve           412µs          412µs
cgroup freeze   1.204ms        1.204ms
seize           2.011ms        2.011ms
cgroup thaw        20µs           20µs
stop              800µs          800µs
collect         5.120ms        5.120ms
release           873µs          873µs
freezing        9.155ms        9.155ms
pause          10.028ms       10.028ms
hold            10.000s              -
budget          9.000ms              -
overrun         1.028ms              -
result         Captured  FreezeTimeout
`);
});

test('the renderers take whatever a Checkpoint is, and print no character that acts on a terminal', () => {
  const sample = checkpoint({ name: 'a', spec: { maxPauseMilliseconds: 5 } });
  fc.assert(
    fc.property(hostileForms(sample), fc.integer({ min: 1, max: 200 }), fc.boolean(), (object, width, blocks) => {
      const { timings = sampleTimings(), outcome, ...row } = checkpointRow(object);
      const one = { ...row, timings, succeeded: outcome === 'succeeded' };
      expect(actsOnTerminal(renderBars(one, { color: false, width, blocks }))).toBe(false);
      expect(actsOnTerminal(renderComparison([one, one], { color: false }))).toBe(false);
    }),
  );
});

test('showsBlocks() follows the locale', () => {
  expect(showsBlocks({ LANG: 'C.UTF-8' })).toBe(true);
  expect(showsBlocks({ LC_ALL: '', LC_CTYPE: 'en_US.utf8', LANG: 'C' })).toBe(true);
  expect(showsBlocks({ LC_ALL: 'C', LANG: 'en_US.UTF-8' })).toBe(false);
  expect(showsBlocks({})).toBe(false);
});

describe('kubectl stasis timings', () => {
  test('prints bars, with blocks where the locale has them', async () => {
    const plugin = new FakePlugin({ environment: { LANG: 'de_DE.UTF-8' } });
    store(plugin, { name: 'web-0-a' });
    expect(await plugin.run(['timings', 'ckpt/web-0-a'])).toBe(0);
    expect(plugin.stdout).toContain('█');
    expect(plugin.script.log).toEqual(['get checkpoints web-0-a']);
  });

  test('reads the PodCapture for the overrun where there was a budget', async () => {
    const plugin = new FakePlugin();
    store(plugin, { name: 'web-0-a', spec: { maxPauseMilliseconds: 9 } });
    plugin.model.put(PODCAPTURES, {
      metadata: { namespace: 'shop', name: 'web-0-a-0f8fad5bd9' },
      spec: { podName: 'web-0', nodeName: 'node-a' },
      status: { overrunMicroseconds: 1028, timings: sampleTimings(), conditions: [] },
    });
    expect(await plugin.run(['timings', 'web-0-a', '-o', 'json'])).toBe(0);
    expect(JSON.parse(plugin.stdout)).toMatchObject({
      name: 'web-0-a',
      reason: 'Captured',
      pauseMicroseconds: 10_028,
      pauseWithoutHoldMicroseconds: 10_028,
      maxPauseMicroseconds: 9_000,
      overrunMicroseconds: 1_028,
    });
    const other = new FakePlugin();
    store(other, { name: 'web-0-a', spec: { maxPauseMilliseconds: 9 } });
    expect(await other.run(['timings', 'web-0-a'])).toBe(0);
    expect(other.stdout).toContain('budget');
  });

  test('prints what it can, and fails where one cannot be read', async () => {
    const plugin = new FakePlugin();
    store(plugin, { name: 'web-0-a' });
    store(plugin, { name: 'web-0-b', status: 'Unknown', reason: 'PodBusy', pod: { timings: undefined as never } });
    expect(await plugin.run(['timings', 'web-0-a', 'web-0-b', 'web-0-c'])).toBe(1);
    expect(plugin.stdout).toContain('PHASE           web-0-a\n');
    expect(plugin.stderr).toEqual([
      'error: Checkpoint web-0-b has not ended (PodBusy); see: kubectl stasis explain PodBusy',
      'error: there is no Checkpoint "web-0-c" in namespace "shop"; to see those that there are: kubectl stasis list -n shop',
    ]);
  });

  test('wants a name', async () => {
    const plugin = new FakePlugin();
    expect(await plugin.run(['timings'])).toBe(2);
    expect(plugin.stderr).toEqual(['error: the name of a Checkpoint is missing; to see them: kubectl stasis list']);
  });
});
