import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { renderTree } from '../../../src/cli/render-tree.js';
import { soundCapture } from '../../../src/cli/sound-capture.js';
import {
  completeContainer,
  completeRow,
  completeUnfrozenTask,
  condition,
  podCapture,
  processRow,
  timings,
} from '../builders.js';
import { actsOnTerminal, hostileForms } from './hostile.js';

const complete = podCapture({
  heldFrom: '2025-01-01T00:00:00.000000Z',
  heldUntil: '2025-01-01T00:00:01.000000Z',
  freezeSkewMicroseconds: 5,
  overrunMicroseconds: 7,
  truncated: true,
  artifact: { path: '/a', sizeBytes: 1, sha256: 'f'.repeat(64), command: 'kubectl exec pod' },
  conditions: [{ ...condition(), observedGeneration: 1 }, condition({ type: 'Released', status: 'False' })],
  tree: [
    completeRow(7),
    processRow({
      pid: 8,
      ppid: 7,
      cmdline: ['a', 'b'],
      cmdlineCut: { keptBytes: 1, lengthBytes: 2 },
      cmdlineBase64: 'YQ==',
    }),
    processRow({ pid: 9, cmdlineUnread: 'Gone', state: 'Zombie' }),
  ],
  containers: [completeContainer(), completeContainer()],
  unfrozen: [completeUnfrozenTask()],
  timings: timings({ pauseMicroseconds: 12, seizeMicroseconds: 12 }),
});

describe('soundCapture()', () => {
  test('keeps every field of a capture that Stasis wrote', () => {
    expect(soundCapture(complete)).toEqual(complete);
  });

  test('takes what has an unexpected type for missing, and keeps words that it does not know', () => {
    const { status } = soundCapture({
      status: {
        conditions: 'none',
        processes: '7',
        tree: [{ pid: 'x', comm: 3, state: 'Frozen', threads: [null, { tid: 4 }] }, 'row'],
        timings: { pauseMicroseconds: -1, seizeMicroseconds: 9 },
      },
    });
    expect(status.conditions).toEqual([]);
    expect(status.processes).toBe(0);
    expect(status.tree).toMatchObject([{ pid: 0, comm: '', state: 'Frozen', threads: [{ tid: 4, state: 'Alive' }] }]);
    expect(status.timings).toEqual(timings({ seizeMicroseconds: 9 }));
    expect(renderTree(soundCapture({ status }), { color: false })).toContain('  frozen');
  });

  test('makes every capture one that can be drawn, without a character that acts on the terminal', () => {
    const view = fc.record(
      {
        depth: fc.integer({ min: 1, max: 3 }),
        filter: fc.constantFrom('sh', '7', '\u001b'),
        threads: fc.constant(true),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.oneof(hostileForms(complete), fc.anything()), view, (object, chosen) => {
        const drawn = renderTree(soundCapture(object), { color: false, width: 80 }, { ...chosen, whole: 'export' });
        expect(actsOnTerminal(drawn)).toBe(false);
      }),
      { numRuns: 500 },
    );
  });
});
