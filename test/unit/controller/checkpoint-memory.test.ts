import { expect, test } from '@jest/globals';
import { CheckpointMemory } from '../../../src/controller/checkpoint-memory.js';

test('CheckpointMemory keeps the facts of each Checkpoint until it has ended or is gone', () => {
  const memory = new CheckpointMemory();
  memory.note('a', { denied: 1 });
  memory.note('a', { shown: 2 });
  memory.note('b', { dispatched: 3 });
  memory.note('c', { dispatched: 4 });
  expect([memory.of('a'), memory.of('b'), memory.of('x')]).toEqual([{ denied: 1, shown: 2 }, { dispatched: 3 }, {}]);
  memory.forget('b');
  // A Checkpoint without finalizer that is deleted while it runs has no end.
  memory.keepOnly((uid) => uid === 'a');
  expect([memory.size, memory.of('c')]).toEqual([1, {}]);
});
