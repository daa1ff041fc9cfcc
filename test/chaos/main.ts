/**
 * `make chaos`: harms the command, its guard, or both, at instants spread over the whole capture and at each fault point, and checks that nothing
 * is left behind. KILLS (1000) is the number of trials per kind. SECONDS limits the run. SEED repeats the plan of a run. KINDS names the kinds to
 * run. JOBS is the number of trials at a time, by default the number of processors.
 * The exit status is 1 when a bound is broken or anything is left behind.
 */
import { cpus } from 'node:os';

import { findHierarchy } from '../kernel/harness/hierarchy.js';
import { FAULT_POINTS } from '../../src/node-agent/capture/fault-points.js';
import { SHAPES } from './ground.js';
import { HARD_CASES } from './hard.js';
import { KINDS } from './kinds.js';
import { type Job, runJobs } from './jobs.js';
import { planBatches } from './plan.js';
import { seeded } from './random.js';
import { type Entry, renderRows, tally } from './tally.js';

const KILLS = Number(process.env['KILLS'] ?? 1000);
/** How often each hard case runs: it takes seconds, and has no instant that could be varied. */
const HARD_TIMES = Math.max(1, Math.round(KILLS / 100));
const SECONDS = Number(process.env['SECONDS'] ?? Number.POSITIVE_INFINITY);
const SEED = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
const JOBS = Number(process.env['JOBS'] ?? cpus().length);
const WANTED = process.env['KINDS']?.split(',');
const PROGRESS_MS = 10_000;
/** The extra time of the hard cases, in milliseconds: they run after SECONDS are over, and some of them shall run in any case. */
const HARD_EXTRA_MS = 120_000;

const versions = (['v1', 'v2'] as const).filter((version) => findHierarchy(version).ok);
const kinds = KINDS.filter(({ name }) => WANTED?.includes(name) !== false);
const hard = HARD_CASES.filter(({ name }) => WANTED?.includes(name) !== false);
const hardJobs = hard.flatMap(({ name }) =>
  versions.map((version): Job => ({ kind: 'hard', name, version, times: HARD_TIMES })),
);
const batches = planBatches(
  { kinds, shapes: SHAPES.length, versions, points: FAULT_POINTS, kills: KILLS },
  seeded(SEED),
).map((batch): Job => ({ kind: 'batch', batch }));
const began = performance.now();
const say = (text: string): void => void process.stdout.write(`${text}\n`);
say(`seed ${SEED}: ${kinds.length} kinds, ${KILLS} times each, on ${versions.join(' and ')}`);

const report = (all: readonly Entry[]): void => {
  const left = all.flatMap(({ outcome }) => outcome.left);
  const missed = all.filter(({ outcome }) => outcome.missed !== undefined);
  const elapsed = Math.round((performance.now() - began) / 1000);
  const late = all.filter((entry) => entry.outcome.late !== undefined);
  const last = left.length === 0 ? '' : `: ${left.at(-1)}`;
  say(
    `${elapsed} s: ${all.length} done, ${missed.length} missed, ${late.length} late, ${left.length} left behind${last}`,
  );
};
const options = { endsAt: began + SECONDS * 1000, progressEvery: PROGRESS_MS, onProgress: report };
const done = await runJobs(batches, { ...options, processes: JOBS });
// The hard cases run one at a time, because one case can use up the whole machine.
const doneHard = await runJobs(hardJobs, { ...options, endsAt: options.endsAt + HARD_EXTRA_MS, processes: 1 });
const entries = [...done.entries, ...doneHard.entries];
const failures = [...done.failures, ...doneHard.failures];
const rows = tally(
  entries,
  [...KINDS, ...HARD_CASES].map(({ row }) => row),
);
say(`\n${renderRows(rows)}`);
for (const { row, version, left, late, missed } of rows) {
  for (const what of left) say(`LEFT: ${row} (${version}): ${what}`);
  for (const what of late) say(`LATE: ${row} (${version}): ${what}`);
  if (missed.length > 0) say(`missed ${missed.length} times: ${row} (${version}): ${missed[0]}`);
}
for (const failure of failures) say(`FAILED: ${failure}`);
const bad =
  failures.length > 0 || rows.some(({ left, late, trials }) => left.length > 0 || late.length > 0 || trials === 0);
process.exitCode = bad ? 1 : 0;
