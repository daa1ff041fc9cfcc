/**
 * make chaos-cluster: runs every row of docs/safety.md that concerns a part of the cluster on real pods, and checks what is
 * left.
 *
 * TIMES (20): trials per row, on all of its nodes together. ROWS: a selection of rows by name, separated by commas. SEED:
 * repeats the instants of an earlier run. The exit status is 1 when a bound is exceeded or anything is left behind.
 */
import { seeded } from '../../chaos/random.js';
import { type Entry, renderRows, tally } from '../../chaos/tally.js';
import { openGround, testSites } from './ground.js';
import type { Row } from './row.js';
import { ROWS } from './rows.js';
import { runSeries } from './series.js';
import type { Version } from './site.js';

const TIMES = Number(process.env['TIMES'] ?? 20);
const SEED = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
const WANTED = process.env['ROWS']?.split(',');

const say = (text: string): void => void process.stdout.write(`${text}\n`);
const unknown = (WANTED ?? []).filter((name) => ROWS.every((row) => row.name !== name));
if (unknown.length > 0)
  throw new Error(`no row ${unknown.join(', ')}; there are ${ROWS.map(({ name }) => name).join(', ')}`);
const rows = ROWS.filter(({ name }) => WANTED?.includes(name) !== false);
const entries: Entry[] = [];
const random = seeded(SEED);
const began = performance.now();
say(`seed ${SEED}: ${rows.length} rows, ${TIMES} times each`);

const tell = (name: string) => (entry: Entry) => {
  entries.push(entry);
  const { milliseconds, held, left, late } = entry.outcome;
  const elapsed = Math.round((performance.now() - began) / 1000);
  say(
    `${elapsed} s: ${name} ${entry.version}: ${milliseconds.toFixed(1)} ms${held ? ', held' : ''}${late === undefined ? '' : '; LATE'}${left.map((what) => `; LEFT ${what}`).join('')}`,
  );
};
const failures: string[] = [];
for (const row of rows) {
  const versions = testSites().flatMap(({ version }) => (row.versions?.includes(version) === false ? [] : [version]));
  for (const version of versions) {
    try {
      await series(row, version, Math.ceil(TIMES / versions.length));
    } catch (error) {
      failures.push(`${row.name}, ${version}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}

const table = tally(
  entries,
  ROWS.map(({ row }) => row),
);
say(`\n${renderRows(table)}`);
for (const { row, version, left, late } of table) {
  for (const what of left) say(`LEFT: ${row} (${version}): ${what}`);
  for (const what of late) say(`LATE: ${row} (${version}): ${what}`);
}
for (const failure of failures) say(`FAILED: ${failure}`);
const bad = table.some(({ left, late, trials }) => left.length > 0 || late.length > 0 || trials === 0);
process.exitCode = bad || failures.length > 0 ? 1 : 0;

async function series(row: Row, version: Version, times: number): Promise<void> {
  const ground = await openGround(version);
  try {
    await runSeries(row, ground, times, random, tell(row.name));
  } finally {
    await ground.world.close();
  }
}
