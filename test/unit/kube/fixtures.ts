/** Objects, clocks and waiting for the tests of src/kube. */
import { setImmediate as turn } from 'node:timers/promises';
import type { Clock } from '../../../src/kube/clock.js';
import { systemClock } from '../../../src/kube/clock.js';
import type { KubeObject, Resource } from '../../../src/kube/types.js';

export interface Thing extends KubeObject {
  readonly spec?: { readonly color?: string };
  readonly status?: { readonly note?: string };
}

export const THINGS: Resource<Thing> = {
  group: 'example.dev',
  version: 'v1',
  plural: 'things',
  namespaced: true,
  kind: 'Thing',
};

export function thing(name: string, resourceVersion: string | number, more: Partial<Thing> = {}): Thing {
  return {
    apiVersion: 'example.dev/v1',
    kind: 'Thing',
    metadata: {
      namespace: 'team-a',
      name,
      uid: `uid-${name}`,
      resourceVersion: String(resourceVersion),
      creationTimestamp: '2026-01-01T00:00:00Z',
    },
    ...more,
  };
}

/** As the server writes a page: items without apiVersion and kind. */
export function page(resourceVersion: string | number, things: readonly Thing[], more?: string): object {
  return {
    kind: 'ThingList',
    apiVersion: 'example.dev/v1',
    metadata: { resourceVersion: String(resourceVersion), ...(more === undefined ? {} : { continue: more }) },
    items: things.map(({ metadata, spec }) => ({ metadata, spec })),
  };
}

interface Sleeper {
  readonly due: number;
  readonly wake: () => void;
}

/** Time that moves only when a test moves it. */
export class ManualClock implements Clock {
  #now = 1_000;
  /** What the wall shows beyond the monotonic time; a test may set it wrong. */
  skew = Date.UTC(2026, 0, 1);
  #sleepers: Sleeper[] = [];

  wall(): number {
    return this.#now + this.skew;
  }

  monotonic(): number {
    return this.#now;
  }

  sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted === true) {
        resolve();
        return;
      }
      const sleeper = { due: this.#now + Math.max(0, milliseconds), wake: () => resolve() };
      this.#sleepers.push(sleeper);
      signal?.addEventListener(
        'abort',
        () => {
          this.#sleepers = this.#sleepers.filter((each) => each !== sleeper);
          resolve();
        },
        { once: true },
      );
    });
  }

  /** Timers that would still fire. */
  get pending(): number {
    return this.#sleepers.length;
  }

  /** Moves on, waking sleepers in their order, and lets what they wake run. */
  async advance(milliseconds: number): Promise<void> {
    const end = this.#now + milliseconds;
    await settle();
    for (;;) {
      const next = this.#sleepers.filter(({ due }) => due <= end).sort((a, b) => a.due - b.due)[0];
      if (next === undefined) break;
      this.#sleepers = this.#sleepers.filter((each) => each !== next);
      this.#now = Math.max(this.#now, next.due);
      next.wake();
      await settle();
    }
    this.#now = end;
    await settle();
  }
}

/** Lets every promise that can go on do so. */
export async function settle(): Promise<void> {
  for (let turns = 0; turns < 5; turns += 1) await turn();
}

/** The real clock, so many times as fast. */
export function fastClock(factor: number): Clock {
  const real = systemClock();
  return {
    wall: () => real.wall(),
    monotonic: () => real.monotonic() * factor,
    sleep: (milliseconds, signal) => real.sleep(milliseconds / factor, signal),
  };
}

/** Waits until `condition` holds; fails after 3 s. */
export async function until(what: string, condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 3_000;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`in vain: ${what}`);
    await systemClock().sleep(2);
  }
}

/** Repeatable, from 0 to below 1. */
export function seeded(seed = 1): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}
