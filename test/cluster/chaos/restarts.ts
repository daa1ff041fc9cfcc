/** kubelet, containerd or the API server goes away for a while. The capture continues to its end. */
import { setTimeout as sleep } from 'node:timers/promises';

import type { Checkpoint } from '../../../src/api/kinds.js';
import { now } from '../../chaos/scene.js';
import type { Row, Scene } from './row.js';

const SECOND = 1000;
/** Longer than a restart of kubelet takes. */
const HOLD_SECONDS = 6;
const AWAY_MS = 2000;
/** Tolerance for the hold, which ends by a timer of whole milliseconds. 41 µs too little were observed. */
const CLOCKS_MICROSECONDS = 1000;
const CAPTURED = { held: ['Captured'], short: ['Captured'] };

export const restartedKubelet = restarted('kubelet');
export const restartedContainerd = restarted('containerd');

export const apiServerAway: Row = {
  name: 'apiserver',
  row: 'the API server is away: the capture ends in time, and is reported when it is back',
  bound: SECOND,
  moments: ['hold', 'hold', 'hold', 'anywhere'],
  holdSeconds: HOLD_SECONDS,
  reasons: CAPTURED,
  harm: endOfHold,
  during: async ({ cluster }) => await cluster.apiserver.kill(),
  restore: async ({ cluster }) => {
    await sleep(AWAY_MS);
    await cluster.apiserver.start();
    await cluster.ready();
  },
  check: heldToTheEnd,
};

function restarted(name: 'kubelet' | 'containerd'): Row {
  return {
    name,
    row: `${name} restarts during a hold: it goes on to its end`,
    bound: SECOND,
    moments: ['hold'],
    holdSeconds: HOLD_SECONDS,
    reasons: CAPTURED,
    harm: endOfHold,
    during: async ({ site }) => await site.node.restart(name),
    restore: async ({ cluster }) => await cluster.ready(),
    check: heldToTheEnd,
  };
}

/** Lateness is measured from this moment. */
async function endOfHold({ heldAt, holdSeconds }: Scene): Promise<bigint> {
  return await Promise.resolve((heldAt ?? now()) + BigInt(holdSeconds) * 1_000_000_000n);
}

async function heldToTheEnd({ holdSeconds }: Scene, { status }: Checkpoint): Promise<readonly string[]> {
  const held = status?.pods?.[0]?.timings?.holdMicroseconds ?? 0;
  return await Promise.resolve(
    held >= holdSeconds * 1e6 - CLOCKS_MICROSECONDS ? [] : [`it was held for ${held} µs of ${holdSeconds} s`],
  );
}
