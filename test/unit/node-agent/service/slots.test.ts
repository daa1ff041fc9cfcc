import { describe, expect, test } from '@jest/globals';
import { busyWith, type Occupant, type RunPhase } from '../../../../src/node-agent/service/slots.js';
import { podCapture } from './fixtures.js';

const LIMITS = { captures: 4, holds: 2, reports: 3 };
const HOLD = podCapture(9, { hold: { seconds: 60 } });

function occupants(count: number, phase: RunPhase, more: Partial<Occupant> = {}): Occupant[] {
  return Array.from({ length: count }, (_, index) => ({
    namespace: 'default',
    name: `c${index + 1}`,
    phase,
    holds: false,
    ...more,
  }));
}

describe('busyWith()', () => {
  test('lets captures run beside holds, which take no slot', () => {
    const running = [...occupants(3, 'capturing'), ...occupants(2, 'holding', { holds: true })];
    expect(busyWith(podCapture(9), running, LIMITS)).toBeUndefined();
    expect(busyWith(podCapture(9), [...running, ...occupants(1, 'claiming')], LIMITS)?.message).toMatch(
      /^the node agent carries/,
    );
  });

  test('counts the captures that are going to hold, and keeps only holds waiting', () => {
    const running = [...occupants(1, 'holding', { holds: true }), ...occupants(1, 'claiming', { holds: true })];
    expect(busyWith(HOLD, running.slice(1), LIMITS)).toBeUndefined();
    expect(busyWith(HOLD, running, LIMITS)?.message).toBe(
      'the node agent holds as many pods as it may at a time (2): default/c1, default/c1',
    );
    expect(busyWith(podCapture(9), running, LIMITS)).toBeUndefined();
    expect(busyWith(HOLD, occupants(2, 'reporting', { holds: true }), LIMITS)).toBeUndefined();
  });

  test('keeps no capture waiting for a hold that it will not have: it is released already, or a dry run', () => {
    const holding = occupants(2, 'holding', { holds: true });
    const released = podCapture(9, { hold: { seconds: 60, releaseReason: 'ReleaseRequested' } });
    const dryRun = podCapture(9, { hold: { seconds: 60 }, dryRun: true });
    expect([HOLD, released, dryRun].map((object) => busyWith(object, holding, LIMITS)?.kind)).toEqual([
      'holds',
      undefined,
      undefined,
    ]);
  });

  test('keeps only the captures of a namespace waiting when the server refuses the ends of that namespace', () => {
    const own = occupants(3, 'reporting', { isRefused: true });
    const foreign = occupants(3, 'reporting', { isRefused: true, namespace: 'other' });
    expect(busyWith(podCapture(9), own, LIMITS)?.kind).toBe('reports');
    expect(busyWith(podCapture(9), foreign, LIMITS)).toBeUndefined();
  });

  test('waits while too many ends are not reported', () => {
    expect(busyWith(podCapture(9), occupants(3, 'reporting'), LIMITS)?.message).toBe(
      'the node agent waits until the API server has accepted the ends of 3 captures',
    );
  });

  test('names at most four captures of the same namespace, and counts the others without naming them', () => {
    const limits = { ...LIMITS, captures: 1 };
    const own = occupants(6, 'capturing');
    const foreign = occupants(3, 'capturing', { namespace: 'secret', name: 'project-x' });
    const texts = [own.slice(0, 2), own, [...own, ...foreign], foreign].map(
      (running) => busyWith(podCapture(9), running, limits)?.message.split('(1): ')[1],
    );
    expect(texts).toEqual([
      'default/c1, default/c2',
      'default/c1, default/c2, default/c3, default/c4 and 2 more',
      'default/c1, default/c2, default/c3, default/c4 and 2 more and 3 of other namespaces',
      '3 of other namespaces',
    ]);
  });
});
