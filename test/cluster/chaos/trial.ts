/**
 * One trial: it creates a Checkpoint of the target, does the harm, and checks everything until the pod runs as before
 * and works again.
 */
import { setTimeout as sleep } from 'node:timers/promises';

import type { Checkpoint } from '../../../src/api/kinds.js';
import type { Random } from '../../chaos/random.js';
import { exactly, now, since, until } from '../../chaos/scene.js';
import { lateness, type Outcome } from '../../chaos/trial.js';
import { succeeded } from '../e2e/world.js';
import { readyAgent } from './agent.js';
import type { Ground, Moment, Row, Scene } from './row.js';
import { isClosed, standingOn } from './site.js';
import type { Target } from './target.js';

/** How long beyond its bound a trial is observed, to tell how late the release was. */
const PATIENCE_MS = 20_000;
const HELD_WITHIN_MS = 20_000;
/** Time from the request until a short capture has ended; some 100 ms on a quiet machine. */
const LIFE_MS = 250;
/** With the target's sixty tasks a freezer is closed for about this long. */
const WINDOW_MS = 2;
const HOLD_SPREAD_MS = 300;
/** A second look this long after the pod was released: every process that could still freeze it has run by then. */
const SECOND_LOOK_MS = 60;
/** Far beyond every bound. */
const HOLD_SECONDS = 600;
const TIMEOUT_SECONDS = 5;
/** One beat may have been in progress when the harm was done. */
const BEATS = 2;

export interface Plan {
  readonly row: Row;
  readonly ground: Ground;
  readonly target: Target;
  readonly random: Random;
  readonly moment: Moment;
  /** Name of the Checkpoint, different for each trial. */
  readonly name: string;
}

/** Never throws: failures of the trial itself are listed among the things that are left. */
export async function runTrial(plan: Plan): Promise<Outcome> {
  const { row, ground, moment, name } = plan;
  const { world, site } = ground;
  const left: string[] = [];
  const attempt = async (what: string, work: () => Promise<readonly string[]>): Promise<void> => {
    try {
      left.push(...(await work()));
    } catch (error) {
      left.push(`${what}: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  let scene: Scene | undefined;
  let seen: Seen = { milliseconds: 0, held: false, left: [] };
  await attempt('before', async () => {
    const agent = await readyAgent(world, site);
    await row.prepare?.(ground);
    const holdSeconds = moment === 'hold' ? (row.holdSeconds ?? HOLD_SECONDS) : 0;
    const hold = holdSeconds === 0 ? {} : { hold: { seconds: holdSeconds } };
    await world.create(name, { podName: 'target', ...hold, timeoutSeconds: row.timeoutSeconds ?? TIMEOUT_SECONDS });
    const heldAt = await momentOf(plan);
    scene = { ...ground, ...plan, agent, holdSeconds, heldAt };
    seen = await strike(row, scene);
    return seen.left;
  });
  const struck = scene;
  if (struck !== undefined) await attempt('mending', async () => (await row.mend?.(struck), []));
  await attempt('restoring', async () => (await row.restore?.(ground), []));
  if (struck !== undefined) {
    await attempt('its end', async () => await endOf(row, struck, name, seen.held));
  }
  await attempt('afterwards', async () => await aftermath(plan));
  const told = (what: string): string => `${row.name}, ${site.version}, ${moment}: ${what}`;
  const { milliseconds, held } = seen;
  const late = lateness(milliseconds, row.bound);
  return { milliseconds, held, left: left.map(told), ...(late === undefined ? {} : { late: told(late) }) };
}

/** Waits for the instant of the harm. Returns when the pod was first seen held, if it was. */
async function momentOf({ moment, target, random }: Plan): Promise<bigint | undefined> {
  if (moment === 'anywhere') {
    exactly(random.between(0, LIFE_MS));
    return undefined;
  }
  if (moment === 'hold') {
    if (!(await until(() => target.standing().length > 0, HELD_WITHIN_MS))) throw new Error('the pod was never held');
    const heldAt = now();
    await sleep(random.between(0, HOLD_SPREAD_MS));
    return heldAt;
  }
  // The freezer is polled without a pause, because its window can be shorter than a turn of the event loop.
  const begun = now();
  while (!target.closable.some(isClosed)) if (since(begun) > LIFE_MS * 4) return undefined;
  const heldAt = now();
  const wait = random.between(0, WINDOW_MS);
  while (since(heldAt) < wait);
  return heldAt;
}

interface Seen {
  readonly milliseconds: number;
  readonly held: boolean;
  readonly left: readonly string[];
}

async function strike(row: Row, scene: Scene): Promise<Seen> {
  const { target } = scene;
  const held = scene.moment === 'hold' || target.closable.some(isClosed) || target.standing().length > 0;
  const beats = target.beats();
  const at = await row.harm(scene);
  // If `during` fails, the error is thrown where its end is awaited.
  const during = row.during?.(scene);
  during?.catch(() => undefined);
  const standing = (): string[] => {
    const holds = target.standing();
    if (holds.length > 0 || row.endsPod === true) return holds;
    return target.beats() >= beats + BEATS ? [] : ['the heart does not beat'];
  };
  let last: string[] = [];
  const patience = row.bound + PATIENCE_MS + (row.holdSeconds ?? 0) * 1000;
  const free = await until(() => (last = standing()).length === 0, patience);
  const milliseconds = Math.max(0, since(at));
  await during;
  return { milliseconds, held, left: free ? [] : last };
}

async function endOf(row: Row, scene: Scene, name: string, held: boolean): Promise<readonly string[]> {
  if (row.reasons === undefined) return [];
  const checkpoint = await scene.world.ended(name);
  const reason = succeeded(checkpoint)?.reason ?? 'none';
  // A capture with a hold was certainly held to the end. A short capture may just have released its pod.
  const allowed =
    scene.moment === 'hold' ? row.reasons.held : [...row.reasons.short, ...(held ? row.reasons.held : [])];
  const said = allowed.includes(reason) ? [] : [`the Checkpoint ended as ${reason}: ${succeeded(checkpoint)?.message}`];
  const captures = (await scene.world.captures(checkpoint)).length;
  const once = captures === 1 ? [] : [`the Checkpoint has ${captures} PodCaptures`];
  return [...said, ...once, ...((await row.check?.(scene, checkpoint)) ?? [])];
}

/** Checks that the agent is back and captures again with an ordinary Checkpoint, which leaves nothing either. */
async function aftermath({ ground, row, name, target }: Plan): Promise<string[]> {
  const { world, site, sites } = ground;
  await readyAgent(world, site);
  const again = `${name}-again`;
  if (row.endsPod === undefined) {
    await world.create(again, { podName: 'target' });
    const reason = succeeded(await world.ended(again))?.reason;
    if (reason !== 'Captured') return [`an ordinary Checkpoint ended as ${reason}`];
  }
  await clear(world);
  const look = (): string[] => [...sites.flatMap(standingOn), ...target.standing()];
  await until(() => look().length === 0, 1000);
  await sleep(SECOND_LOOK_MS);
  return look().map((what) => `${what} at the second look`);
}

/** Removes the Checkpoints of the trial, so that a thousand trials do not accumulate objects. */
async function clear(world: Ground['world']): Promise<void> {
  const found: readonly Checkpoint[] = await world.checkpoints();
  for (const { metadata } of found) await world.removeCheckpoint(metadata.name);
  for (const { metadata } of found) await world.expectGone(metadata.name);
}
