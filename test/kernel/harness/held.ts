/** Waits for the hold of a command, of which nothing but the state of its tasks can be seen from outside. */
import { setTimeout as sleep } from 'node:timers/promises';

import { stateOf } from './tasks.js';
import { eventually } from './waiting.js';

/** From the start of a command until every task is in its stop, in milliseconds: a second, and many on a busy machine. */
const STOPPED_BOUND_MS = 60_000;
/** From the last stop until the tree is read and the hold has begun, in milliseconds: some, and more on a busy machine. */
const UNTIL_HOLD_MS = 500;

/** Waits until a command holds these tasks. A signal to the command before that would end a capture that is not complete. */
export async function heldByCommand(tids: readonly number[]): Promise<void> {
  await eventually('held', () => tids.every((tid) => stateOf(tid) === 't'), STOPPED_BOUND_MS);
  await sleep(UNTIL_HOLD_MS);
}
