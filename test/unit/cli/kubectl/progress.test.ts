import { describe, expect, test } from '@jest/globals';
import type { Checkpoint, CheckpointStatus } from '../../../../src/api/kinds.js';
import { progressLine } from '../../../../src/cli/kubectl/progress.js';

const checkpoint = (status?: CheckpointStatus): Checkpoint =>
  ({
    metadata: { name: 'web' },
    spec: { podName: 'web-0' },
    ...(status === undefined ? {} : { status }),
  }) as Checkpoint;

const succeeded = (status: 'True' | 'False' | 'Unknown', reason: string, message: string, nodeName = 'node-2') =>
  checkpoint({
    conditions: [{ type: 'Succeeded', status, reason, message, lastTransitionTime: '2026-01-01T00:00:00Z' }],
    pods: [{ podName: 'web-0', podUID: 'u', nodeName, state: 'Waiting' }],
  });

const BUSY = succeeded('Unknown', 'NodeBusy', 'node-2 carries out 4 captures. It may carry out 4; wait.');

describe('progressLine()', () => {
  test.each([
    [checkpoint(), undefined, 'web: Pending'],
    [checkpoint({}), 1_000, 'web: Pending (1s)'],
    [BUSY, undefined, 'web: NodeBusy on node-2'],
    [BUSY, 999, 'web: NodeBusy on node-2'],
    [BUSY, 2_999, 'web: NodeBusy on node-2 (2s)'],
    [BUSY, 3_000, 'web: NodeBusy on node-2 (3s): node-2 carries out 4 captures'],
    [succeeded('Unknown', 'Dispatched', 'no full stop', ''), 61_000, 'web: Dispatched (61s): no full stop'],
    [succeeded('Unknown', 'Dispatched', ''), 61_000, 'web: Dispatched on node-2 (61s)'],
    [succeeded('True', 'Captured', 'all is well.'), 61_000, 'web: Captured on node-2'],
    [succeeded('False', 'PodNotFound', 'no pod.'), 61_000, 'web: PodNotFound on node-2'],
  ])('%#', (given, waited, line) => expect(progressLine(given, waited)).toBe(line));
});
