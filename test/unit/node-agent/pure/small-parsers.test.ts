import { describe, expect, test } from '@jest/globals';
import { parseStack } from '../../../../src/node-agent/pure/proc-stack.js';
import { FIRST_RELEASE_COST, nextReleaseCost, releaseEstimate } from '../../../../src/node-agent/pure/release-cost.js';
import { idInside, parseIdMap } from '../../../../src/node-agent/pure/uid-map.js';

describe('parseStack()', () => {
  test('gives the functions without addresses and offsets, the innermost first', () => {
    const text =
      '[<0>] request_wait_answer+0x13a/0x210\n[<0>] fuse_simple_request+0x1d0/0x2b0\n[<0>] entry_SYSCALL_64_after_hwframe+0x76/0x7e\n';
    expect(parseStack(text)).toEqual(['request_wait_answer', 'fuse_simple_request', 'entry_SYSCALL_64_after_hwframe']);
  });

  test('is bounded, and empty where the kernel shows nothing', () => {
    expect(parseStack('[<0>] deep+0x1/0x2\n'.repeat(60))).toHaveLength(16);
    expect(parseStack('')).toEqual([]);
    expect(parseStack('no frames here\n')).toEqual([]);
  });
});

describe('idInside()', () => {
  const map = parseIdMap('         0     100000      65536\n     70000     200000          1\n');

  test('maps an id of the node to the one that the container sees', () => {
    expect(idInside(map, 100_000)).toBe(0);
    expect(idInside(map, 100_033)).toBe(33);
    expect(idInside(map, 200_000)).toBe(70_000);
  });

  test('gives the overflow id where there is no mapping', () => {
    for (const id of [0, 99_999, 165_536, 200_001]) expect(idInside(map, id)).toBe(65_534);
    expect(idInside(parseIdMap('damaged\n1 2\n'), 0)).toBe(65_534);
  });
});

describe('nextReleaseCost()', () => {
  test('does not take the fixed cost of one task for the cost of each of many', () => {
    const after = nextReleaseCost(FIRST_RELEASE_COST, 1, 159);
    expect(releaseEstimate(after, 401)).toBeLessThan(10_000);
  });

  test('learns the cost per task from a capture of many, and forgets slowly', () => {
    let cost = nextReleaseCost(FIRST_RELEASE_COST, 400, 20_000);
    expect(cost.microsecondsPerTask).toBeCloseTo((20_000 - 300) / 400);
    for (let capture = 0; capture < 50; capture++) cost = nextReleaseCost(cost, 400, 2_700);
    expect(cost.microsecondsPerTask).toBeCloseTo(6);
  });

  test('learns nothing from a capture of nobody', () => {
    expect(nextReleaseCost(FIRST_RELEASE_COST, 0, 1_000)).toBe(FIRST_RELEASE_COST);
  });
});
