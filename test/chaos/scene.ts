/** The parts that all kinds of trials share: the scene, and functions that wait. */
import { setTimeout as sleep } from 'node:timers/promises';

import type { Ground } from './ground.js';
import type { Random } from './random.js';
import type { Victim } from './victim.js';

export interface Scene {
  readonly ground: Ground;
  readonly victim: Victim;
  /** The guard that the victim had when it was struck. */
  readonly guard: number;
  readonly random: Random;
  readonly state: string;
  /** Another cgroup, for the next command. */
  readonly bystander: string;
  /** The victim has stopped itself at a fault point. */
  readonly aimed: boolean;
}

/** The time between two looks, in milliseconds. At 1 ms the looks take 5 % of one CPU. */
const LOOK_MS = 1;

export function now(): bigint {
  return process.hrtime.bigint();
}

/** Returns the milliseconds since `then`. */
export function since(then: bigint): number {
  return Number(now() - then) / 1e6;
}

/** Waits until the condition holds, for at most `boundMs`. Returns whether the condition holds. */
export async function until(condition: () => boolean, boundMs: number): Promise<boolean> {
  const start = now();
  while (!condition()) {
    if (since(start) > boundMs) return false;
    await sleep(LOOK_MS);
  }
  return true;
}

/** Waits precisely to a hundredth of a millisecond, so that the instants of harm do not fall on the ticks of a timer. */
export function exactly(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}
