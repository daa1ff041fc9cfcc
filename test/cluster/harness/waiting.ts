import { setTimeout as sleep } from 'node:timers/promises';

const LOOK_MS = 10;

/** Waits until `condition` holds. After `boundMs` it throws an error that names `what`. */
export async function eventually(
  what: string,
  condition: () => boolean | Promise<boolean>,
  boundMs: number,
  lookMs = LOOK_MS,
): Promise<void> {
  const end = performance.now() + boundMs;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`not within ${boundMs} ms: ${what}`);
    await sleep(lookMs);
  }
}
