/**
 * `make soak`: one command makes SOAK (10000) captures of a changing set of cgroups. At the end, the command and its guard may have no more memory,
 * descriptors, threads and dead children than when they were warm.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { join } from 'node:path';

import { type Cgroup, makeCgroup } from '../kernel/harness/cgroup.js';
import { cleanupAll } from '../kernel/harness/cleanup.js';
import { findHierarchy } from '../kernel/harness/hierarchy.js';
import { scratchDirectory } from '../kernel/harness/scratch.js';
import { startWorkload, type Workload } from '../kernel/harness/workload.js';
import { type Holdings, holdingsOf, highest, render } from './holdings.js';
import { since, now, until } from './scene.js';
import { startVictim, type Victim } from './victim.js';

const CAPTURES = Number(process.env['SOAK'] ?? 10_000);
/** How many cgroups exist at a time. The oldest is removed when a new one is made. */
const CGROUPS = 6;
const CHANGE_EVERY_MS = 400;
const PROGRESS_MS = 10_000;
const START_BOUND_MS = 60_000;
/** The share of the run that counts as warming up, and the share after it that is compared with the same share at the end. */
const WARM = 0.2;
const COMPARED = 0.2;

const PROGRAMS: readonly (readonly [string, readonly number[]])[] = [
  ['tree', [3, 4]],
  ['sleeper', []],
  ['clone-storm', [2]],
  ['fork-storm', [2]],
];

/**
 * How much each resource may grow. The memory of the command grows because the command keeps the timings of each capture for the summary of
 * `--repeat`, less than 1 KB per capture, and because the size of V8's heap varies by some megabytes. No other count may grow.
 */
const MAY_GROW = { kilobytes: 16_000 + CAPTURES, descriptors: 0, threads: 0, zombies: 0 } as const;
const GUARD_MAY_GROW = { kilobytes: 0, descriptors: 0, threads: 0, zombies: 0 } as const;

interface Sample {
  readonly command: Holdings;
  readonly guard: Holdings;
}

const versions = (['v1', 'v2'] as const).filter((version) => findHierarchy(version).ok);
for (const version of versions) {
  try {
    await soak(version);
  } finally {
    cleanupAll();
  }
}

async function soak(version: 'v1' | 'v2'): Promise<void> {
  const made = makeCgroup(version, 'soak');
  if (!made.ok) throw new Error(made.reason);
  const stays = await startWorkload(made.cgroup, 'sleeper');
  const victim = startVictim({
    cgroup: made.cgroup.directory,
    state: join(scratchDirectory(), 'state'),
    hold: false,
    repeat: CAPTURES,
  });
  const samples: Sample[] = [];
  const isHeld = (): boolean => made.cgroup.freezeState() !== 'THAWED';
  if (!(await until(() => isHeld() || victim.ended(), START_BOUND_MS)))
    throw new Error(`it captures nothing: ${victim.stderr()}`);
  const changed = await change(made.cgroup, victim, samples);
  stays.stop();
  report(version, changed, victim, samples);
}

/** Makes and removes cgroups until the victim has ended. Returns how many cgroups there were. */
async function change(parent: Cgroup, victim: Victim, samples: Sample[]): Promise<number> {
  const living: { cgroup: Cgroup; workload: Workload }[] = [];
  const began = now();
  let said = 0;
  let count = 0;
  while (!victim.ended()) {
    const [program, args] = PROGRAMS[count % PROGRAMS.length] ?? ['sleeper', []];
    const cgroup = parent.child(`c${count}`);
    living.push({ cgroup, workload: await startWorkload(cgroup, program, args) });
    count += 1;
    const oldest = living.length > CGROUPS ? living.shift() : undefined;
    oldest?.workload.stop();
    oldest?.cgroup.remove();
    const [command, guard] = [holdingsOf(victim.pid), holdingsOf(victim.guard() ?? 0)];
    if (command !== undefined && guard !== undefined) samples.push({ command, guard });
    if (since(began) - said > PROGRESS_MS) {
      said = since(began);
      process.stdout.write(`${Math.round(said / 1000)} s: ${count} cgroups, ${render(samples.at(-1)?.command)}\n`);
    }
    await sleep(CHANGE_EVERY_MS);
  }
  return count;
}

function report(version: string, changed: number, victim: Victim, samples: readonly Sample[]): void {
  const part = (from: number): readonly Sample[] =>
    samples.slice(Math.floor(samples.length * from), Math.ceil(samples.length * (from + COMPARED)));
  const [first, last] = [part(WARM), part(1 - COMPARED)];
  process.stdout.write(`\n${version}: ${CAPTURES} captures, ${changed} cgroups, exit status ${victim.status()}\n`);
  if (victim.status() !== 0) {
    process.exitCode = 1;
    process.stdout.write(`FAILED: ${victim.stderr()}\n`);
  }
  compare(
    'command',
    highest(first.map(({ command }) => command)),
    highest(last.map(({ command }) => command)),
    MAY_GROW,
  );
  compare('guard', highest(first.map(({ guard }) => guard)), highest(last.map(({ guard }) => guard)), GUARD_MAY_GROW);
}

function compare(who: string, first: Holdings, last: Holdings, may: Holdings): void {
  process.stdout.write(`  ${who}: first ${render(first)}; last ${render(last)}\n`);
  for (const field of ['kilobytes', 'descriptors', 'threads', 'zombies'] as const) {
    if (last[field] - first[field] <= may[field]) continue;
    process.exitCode = 1;
    process.stdout.write(`FAILED: ${who}: ${field} grew from ${first[field]} to ${last[field]}\n`);
  }
}
