/** What must be true of a Checkpoint that has ended. For tests alone: `make chaos-cluster` runs without Jest. */
import { expect } from '@jest/globals';
import type { Checkpoint } from '../../../src/api/kinds.js';
import { condition, succeeded, type World } from './world.js';

/**
 * Waits until the Checkpoint has ended because its hold was cut short by that cause, or by one of those. Expects that its
 * status and a Warning Event say so, and that what was read is kept, except where nobody survived: rows of processes that
 * have ended by the release are left out.
 */
export async function expectCutShort(
  world: World,
  name: string,
  cause: string | readonly string[],
  asked: number,
  survivors: 'some' | 'none' = 'some',
): Promise<Checkpoint> {
  const checkpoint = await world.ended(name);
  expect(succeeded(checkpoint)).toMatchObject({ status: 'False', reason: 'HoldCutShort' });
  expect(succeeded(checkpoint)?.message).toMatch(new RegExp(`^held for [0-9.]+ s of ${asked} s: `));
  expect(condition(checkpoint, 'Held')?.status).toBe('False');
  expect([cause].flat()).toContain(condition(checkpoint, 'Held')?.reason);
  expect(condition(checkpoint, 'Released')?.status).toBe('True');
  expect(condition(checkpoint, 'Finished')).toMatchObject({ status: 'True', reason: 'HoldCutShort' });
  expect(condition(checkpoint, 'Stalled')?.status).toBe('True');
  const [row] = checkpoint.status?.pods ?? [];
  expect(row).toMatchObject({ state: 'Failed', reason: 'HoldCutShort' });
  const least = survivors === 'some' ? 1 : 0;
  expect(row?.processes).toBeGreaterThanOrEqual(least);
  expect(row?.timings?.holdMicroseconds).toBeLessThan(asked * 1e6);
  expect(await world.warned(name, 'HoldCutShort')).toContain('held for ');
  const [capture] = await world.captures(checkpoint);
  expect(capture?.status?.tree?.length).toBeGreaterThanOrEqual(least);
  return checkpoint;
}

/**
 * Waits until the Checkpoint was refused with that reason, and expects that nothing was dispatched or touched. `seconds`
 * is how long that may take.
 */
export async function expectRefused(
  world: World,
  name: string,
  reason: string,
  message: RegExp,
  seconds?: number,
): Promise<Checkpoint> {
  const checkpoint = await world.ended(name, seconds);
  expect(succeeded(checkpoint)).toMatchObject({ status: 'False', reason });
  expect(succeeded(checkpoint)?.message).toMatch(message);
  expect(condition(checkpoint, 'Released')).toMatchObject({ status: 'True', reason: 'NothingTouched' });
  expect(condition(checkpoint, 'Finished')).toMatchObject({ status: 'True', reason });
  expect(condition(checkpoint, 'Dispatched')?.status).toBe('False');
  expect(await world.captures(checkpoint)).toEqual([]);
  expect(checkpoint.status?.completionTime).toBeDefined();
  return checkpoint;
}
