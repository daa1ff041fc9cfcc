import { describe, expect, test } from '@jest/globals';
import type { PodCapture } from '../../../../src/api/kinds.js';
import { Captures } from '../../../../src/node-agent/service/captures.js';
import type { CapturesParts } from '../../../../src/node-agent/service/captures-parts.js';
import { ManualClock } from '../../kube/fixtures.js';
import { ME, podCapture } from './fixtures.js';

describe('Captures', () => {
  test('vanished() looks once however many captures vanish in one moment, and not at those that have ended', async () => {
    const condition = { type: 'Succeeded', status: 'True' as const, reason: 'Captured', message: '' };
    const conditions = [{ ...condition, lastTransitionTime: '2026-01-01T00:00:00Z' }];
    const objects = Array.from({ length: 1000 }, (_, number) =>
      podCapture(number, {}, { status: { claimedBy: 'another', conditions } }),
    );
    let [looks, compared] = [0, 0];
    // The order by age is asked for only where a next step may follow.
    const watched = objects.map((object) => ({
      ...object,
      get metadata(): PodCapture['metadata'] {
        compared += 1;
        return object.metadata;
      },
    }));
    const parts = {
      me: ME,
      clock: new ManualClock(),
      random: () => 0.5,
      maxConcurrentCaptures: 4,
      maxConcurrentHolds: 8,
      isCutOff: () => false,
      artifacts: { remove: async () => await Promise.resolve() },
      list: () => {
        looks += 1;
        return watched;
      },
    };
    const captures = new Captures(parts as unknown as CapturesParts);
    for (const object of objects) captures.vanished(object);
    await Promise.resolve();
    expect([looks, compared]).toEqual([1, objects.length]);
  });
});
