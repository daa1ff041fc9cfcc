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

/** A page of a list as the server writes it: its items have no apiVersion and kind. */
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

/** A clock that moves only when the test moves it. */
export class ManualClock implements Clock {
  #now = 1_000;
  /** Difference between the wall clock and the monotonic clock. A test may set it to a wrong value. */
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

  /** Number of timers that have not fired. */
  get pending(): number {
    return this.#sleepers.length;
  }

  /** Milliseconds until the next timer fires. Undefined where there is none. */
  get nextIn(): number | undefined {
    return this.#sleepers.length === 0 ? undefined : Math.min(...this.#sleepers.map(({ due }) => due)) - this.#now;
  }

  /** Moves the clock forward, wakes the sleepers in their order, and lets the woken code run. */
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

/** Lets every promise that can continue do so. */
export async function settle(): Promise<void> {
  for (let turns = 0; turns < 5; turns += 1) await turn();
}

/** The real clock, faster by the given factor. */
export function fastClock(factor: number): Clock {
  const real = systemClock();
  return {
    wall: () => real.wall(),
    monotonic: () => real.monotonic() * factor,
    sleep: (milliseconds, signal) => real.sleep(milliseconds / factor, signal),
  };
}

/** Waits until `condition` holds. Fails after the given time in milliseconds. */
export async function until(what: string, condition: () => boolean, within = 3_000): Promise<void> {
  const deadline = performance.now() + within;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`timed out: ${what}`);
    await systemClock().sleep(2);
  }
}

/** A repeatable sequence of numbers from 0 to below 1. */
export function seeded(seed = 1): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}
