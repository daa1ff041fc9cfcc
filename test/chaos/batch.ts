/** Carries out a batch of trials in this process, on grounds that it makes and removes. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

import { makeCgroup } from '../kernel/harness/cgroup.js';
import { cleanupAll } from '../kernel/harness/cleanup.js';
import { scratchDirectory } from '../kernel/harness/scratch.js';
import { startWorkload } from '../kernel/harness/workload.js';
import { type Ground, makeGround, SHAPES } from './ground.js';
import { KINDS } from './kinds.js';
import type { Batch, PlannedTrial } from './plan.js';
import { type Random, seeded } from './random.js';
import { since, until } from './scene.js';
import type { Entry } from './tally.js';
import { runTrial } from './trial.js';

/** How long a ground is used, in milliseconds. Its programs end after 120 s, and the longest trial takes 20 s. */
const GROUND_LIFE_MS = 70_000;
/** How often a trial is tried that finds no moment to strike. */
const ATTEMPTS = 3;
/** How long to wait for the end of a guard that was not seen because its command died too soon, in milliseconds. */
const TIDY_MS = 3000;

interface Place {
  readonly ground: Ground;
  readonly bystander: string;
  readonly state: string;
  readonly since: bigint;
}

/** Carries the batch out. Stops between two trials when `over` says so. */
export async function runBatch(batch: Batch, over: () => boolean, tell: (entry: Entry) => void): Promise<void> {
  const random = seeded(batch.seed);
  let place = await makePlace(batch);
  for (const trial of batch.trials) {
    if (over()) break;
    if (since(place.since) > GROUND_LIFE_MS) {
      cleanupAll();
      place = await makePlace(batch);
    }
    tell(await attempt(trial, place, random));
  }
  cleanupAll();
}

async function attempt(trial: PlannedTrial, place: Place, random: Random): Promise<Entry> {
  const kind = KINDS.find(({ name }) => name === trial.kind);
  if (kind === undefined) throw new Error(`there is no kind ${trial.kind}`);
  for (let count = 1; ; count++) {
    const outcome = await runTrial({ ...trial, ...place, kind, random });
    if (outcome.missed !== undefined && count < ATTEMPTS) continue;
    // A guard that was killed leaves its journal to the next guard. A guard that ends in any other way removes its journal.
    const isTidy = (): boolean => kind.name === 'guard' || journals(place.state).length === 0;
    const left = (await until(isTidy, TIDY_MS)) ? outcome.left : [...outcome.left, ...journals(place.state)];
    return { row: kind.row, version: place.ground.version, bound: kind.bound, outcome: { ...outcome, left } };
  }
}

function journals(state: string): string[] {
  try {
    return readdirSync(state)
      .filter((name) => name.endsWith('.journal'))
      .map((name) => `journal ${name} is left`);
  } catch {
    return [];
  }
}

async function makePlace(batch: Batch): Promise<Place> {
  const shape = SHAPES[batch.shape];
  if (shape === undefined) throw new Error(`there is no shape ${batch.shape}`);
  const ground = await makeGround(shape, batch.version);
  const bystander = makeCgroup(batch.version, 'bystander');
  if (!bystander.ok) throw new Error(bystander.reason);
  await startWorkload(bystander.cgroup, 'sleeper');
  const state = join(scratchDirectory(), 'state');
  return { ground, bystander: bystander.cgroup.directory, state, since: process.hrtime.bigint() };
}
