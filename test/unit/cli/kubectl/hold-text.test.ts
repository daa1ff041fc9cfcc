import { describe, expect, test } from '@jest/globals';
import type { Checkpoint, CheckpointStatus } from '../../../../src/api/kinds.js';
import { probeFacts, probeLines, type ProbeFacts } from '../../../../src/cli/kubectl/hold-probes.js';
import { clockTime, heldLine, letGoLine, spanText } from '../../../../src/cli/kubectl/hold-text.js';
import { pod, running } from '../../controller/builders.js';

const FROM = Date.parse('2026-11-27T09:30:12.345678Z');
const at = (milliseconds: number): string => clockTime(FROM + milliseconds);

const checkpoint = (status: CheckpointStatus): Checkpoint =>
  ({ metadata: { name: 'h' }, spec: { podName: 'web', hold: { seconds: 600 } }, status }) as Checkpoint;

const HELD = checkpoint({ heldFrom: '2026-11-27T09:30:12.345678Z', holdUntil: '2026-11-27T09:40:12.345678Z' });

describe('spanText()', () => {
  test.each([
    [0, 0, '0s'],
    [1_499, 0, '1s'],
    [12_345, 1, '12.3s'],
    [59_949, 1, '59.9s'],
    [59_950, 1, '1m'],
    [59_500, 0, '1m'],
    [61_000, 1, '1m 1s'],
    [600_000, 0, '10m'],
    [3_600_000, 0, '1h'],
    [3_723_000, 0, '1h 2m 3s'],
  ])('%d ms with %d decimals is %s', (milliseconds, decimals, text) => {
    expect(spanText(milliseconds, decimals)).toBe(text);
  });
});

describe('heldLine()', () => {
  test.each([
    [HELD, 1_000, `pod/web is held since ${at(0)}, until ${at(600_000)} (9m 59s left)`],
    [HELD, -2_000, `pod/web is held since ${at(0)}, until ${at(600_000)} (10m left)`],
    [
      HELD,
      -90_000,
      `pod/web is held since ${at(0)}, until ${at(600_000)}, by the clock of its node, which is 1m 30s ahead of this one`,
    ],
    [
      HELD,
      900_000,
      `pod/web is held since ${at(0)}, until ${at(600_000)}, by the clock of its node, which is 15m behind this one`,
    ],
    [checkpoint({}), 0, 'pod/web is held, for at most 10m'],
  ])('%#', (given, now, line) => expect(heldLine(given, FROM + now)).toBe(line));
});

const over = (reason: string, heldUntil?: string): Checkpoint =>
  checkpoint({
    ...(heldUntil === undefined ? {} : { heldFrom: '2026-11-27T09:30:12.345678Z', heldUntil }),
    conditions: [{ type: 'Held', status: 'False', reason, message: '', lastTransitionTime: '2026-11-27T09:30:12Z' }],
  });

describe('letGoLine()', () => {
  test.each([
    [over('ReleaseRequested', '2026-11-27T09:30:24.645678Z'), 'pod/web was held for 12.3s, and runs again'],
    [over('HoldElapsed', '2026-11-27T09:40:12.345678Z'), 'pod/web was held for 10m, and runs again'],
    [over('NodeDrained', '2026-11-27T09:30:13.345678Z'), 'pod/web was held for 1.0s (NodeDrained), and runs again'],
    [over('PodNotFound'), 'pod/web runs, and was never held as a whole (PodNotFound)'],
  ])('%#', (given, line) => expect(letGoLine(given)).toBe(line));
});

describe('probeLines()', () => {
  const limit = { seconds: 20, container: 'app', kind: 'liveness probe', because: '' } as const;
  test.each<[ProbeFacts, number, string[]]>([
    [{ unready: [] }, 600, ['It has no probe that would fail meanwhile.']],
    [
      { unready: ['app'] },
      600,
      [
        'Its readiness probe (container app) will fail: it is taken out of its Services, and comes back when it is let go.',
      ],
    ],
    [
      { unready: ['app', 'log'], limit },
      20,
      [
        'Its readiness probes (containers app, log) will fail: it is taken out of its Services, and comes back when it is let go.',
        'No container is restarted: the liveness probe of container app would have kubelet do that after 21s, and the hold is shorter.',
      ],
    ],
    [
      { unready: [], limit: { ...limit, because: '(its port 80 is answered by the held container proxy)' } },
      600,
      [
        'kubelet restarts container app after 21s, by the liveness probe of container app (its port 80 is answered by the held container proxy); that ends the hold before its time.',
      ],
    ],
  ])('%#', (facts, seconds, lines) => expect(probeLines(facts, seconds)).toEqual(lines));

  test('probeFacts() reads them from the pod', () => {
    const containers = [
      { name: 'app', livenessProbe: {}, readinessProbe: {} },
      { name: 'log', readinessProbe: {} },
    ];
    const given = pod({
      spec: { containers },
      status: { containerStatuses: [running('app', 'a1'), running('log', 'a2')] },
    });
    expect(probeFacts(given, undefined, FROM)).toEqual({ unready: ['app', 'log'], limit });
    expect(probeFacts(given, ['log'], FROM)).toEqual({ unready: ['log'] });
  });
});
