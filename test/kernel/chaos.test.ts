/** A short form of `make chaos`: each row of the promise in docs/safety.md, on every workload and with both freezers. */
import { cpus } from 'node:os';

import { describe, expect, test } from '@jest/globals';

import { FAULT_POINTS } from '../../src/node-agent/capture/fault-points.js';
import { SHAPES } from '../chaos/ground.js';
import { HARD_CASES } from '../chaos/hard.js';
import { type Job, runJobs } from '../chaos/jobs.js';
import { KINDS } from '../chaos/kinds.js';
import { planBatches } from '../chaos/plan.js';
import { seeded } from '../chaos/random.js';
import { renderRows, tally } from '../chaos/tally.js';
import { anyVersion, describeOn } from './harness/requirements.js';
import { findHierarchy } from './harness/hierarchy.js';

const KILLS = Number(process.env['STASIS_CHAOS_KILLS'] ?? 12);
const LONG = 300_000;
/** The factor by which a bound may be exceeded here, because a test machine may be busy. `make chaos` checks the bounds themselves. */
const BUSY = 3;
const versions = (['v1', 'v2'] as const).filter((version) => findHierarchy(version).ok);

/** Runs the jobs and checks their results. Prints the seed, so that a failure can be repeated: SEED=… KINDS=… make chaos. */
async function expectRuns(row: string, seed: number, jobs: readonly Job[]): Promise<void> {
  const { entries, failures } = await runJobs(jobs, { processes: cpus().length, endsAt: Infinity });
  const rows = tally(entries, [row]);
  process.stdout.write(`seed ${seed}\n${renderRows(rows)}`);
  expect(failures).toEqual([]);
  expect(rows.flatMap(({ left }) => left)).toEqual([]);
  expect(rows.flatMap(({ missed }) => missed)).toEqual([]);
  for (const { worst, bound } of rows) expect(worst).toBeLessThan(BUSY * bound);
  expect(rows.length).toBeGreaterThan(0);
}

describeOn(anyVersion(), 'stasis checkpoint leaves nothing frozen, traced or running behind', () => {
  for (const kind of KINDS) {
    test(
      `when ${kind.row}`,
      async () => {
        const seed = Date.now() % 1_000_000;
        const request = { kinds: [kind], shapes: SHAPES.length, versions, points: FAULT_POINTS, kills: KILLS };
        await expectRuns(
          kind.row,
          seed,
          planBatches(request, seeded(seed)).map((batch): Job => ({ kind: 'batch', batch })),
        );
      },
      LONG,
    );
  }

  for (const { name, row, versions: able } of HARD_CASES) {
    test(
      `when ${row}`,
      async () => {
        const here = versions.filter((version) => able.includes(version));
        await expectRuns(
          row,
          0,
          here.map((version): Job => ({ kind: 'hard', name, version, times: 1 })),
        );
      },
      LONG,
    );
  }
});

describe('planBatches()', () => {
  test('plans each kind as often as requested, on every ground', () => {
    const request = {
      kinds: KINDS,
      shapes: SHAPES.length,
      versions: ['v1', 'v2'],
      points: FAULT_POINTS,
      kills: 24,
    } as const;
    const batches = planBatches(request, seeded(1));
    const trials = batches.flatMap((batch) => batch.trials);
    expect(KINDS.map(({ name }) => trials.filter(({ kind }) => kind === name).length)).toEqual(KINDS.map(() => 24));
    expect(new Set(batches.map(({ shape, version }) => `${shape} ${version}`)).size).toBe(2 * SHAPES.length);
    expect(planBatches(request, seeded(1))).toEqual(batches);
  });
});
