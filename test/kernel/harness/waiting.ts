import { setTimeout as sleep } from 'node:timers/promises';

/** The time between two looks, in milliseconds. The harness waits for events that take some milliseconds. */
const LOOK_MS = 2;

/** How many times as long everything takes here as on a machine of its own. Greater on an emulated machine. */
const PATIENCE = Number(process.env['STASIS_TEST_PATIENCE'] ?? 1);

/** Waits until `condition` holds. Throws an error that names `what` when the condition does not hold after `boundMs`. */
export async function eventually(what: string, condition: () => boolean, boundMs = 2000): Promise<void> {
  const end = performance.now() + boundMs * PATIENCE;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`not within ${boundMs} ms: ${what}`);
    await sleep(LOOK_MS);
  }
}

/** Waits in the same way without giving up the thread, for clean-up in an 'exit' hook. Returns whether the condition holds. */
export function blockUntil(condition: () => boolean, boundMs: number): boolean {
  const end = performance.now() + boundMs;
  const never = new Int32Array(new SharedArrayBuffer(4));
  while (!condition()) {
    if (performance.now() > end) return false;
    Atomics.wait(never, 0, 0, LOOK_MS);
  }
  return true;
}
