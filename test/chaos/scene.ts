/** What the kinds of trials share: the scene, and waiting that reads a clock of its own. */
import { setTimeout as sleep } from 'node:timers/promises';

import { type Ground, rehearsalsOf } from './ground.js';
import type { Random } from './random.js';
import type { Victim } from './victim.js';

export interface Scene {
  readonly ground: Ground;
  readonly victim: Victim;
  /** The guard that the victim had when it was struck. */
  readonly guard: number;
  readonly random: Random;
  readonly state: string;
  /** Another cgroup, for a command that is started afterwards. */
  readonly bystander: string;
  /** The victim has stopped itself at a fault point. */
  readonly aimed: boolean;
}

/** Between two looks. Of one CPU this costs 5 %. */
const LOOK_MS = 1;

export function now(): bigint {
  return process.hrtime.bigint();
}

/** Milliseconds since then. */
export function since(then: bigint): number {
  return Number(now() - then) / 1e6;
}

/** Waits until it holds, or so long. Returns whether it does. */
export async function until(condition: () => boolean, boundMs: number): Promise<boolean> {
  const start = now();
  while (!condition()) {
    if (since(start) > boundMs) return false;
    await sleep(LOOK_MS);
  }
  return true;
}

/** So long, to a hundredth of a millisecond: the instants must not fall on the ticks of a timer. */
export function exactly(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

/** Everything that a victim holds: in the ground, and in what it rehearses on. */
export function standing({ ground, victim }: Pick<Scene, 'ground' | 'victim'>, after: bigint): string[] {
  const held = ground.standing(after);
  return held.length > 0 ? held : rehearsalsOf(victim.pid);
}
