/**
 * `make bench`: compares Stasis with a bare C program that does the same stages, in one run. Prints Markdown, and with WRITE=1 also writes the
 * Markdown into docs/performance.md. ROUNDS (20) is the number of rounds per row.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, release } from 'node:os';
import { join } from 'node:path';
import { distribution } from '../../src/node-agent/pure/summary.js';
import { findHierarchy } from '../kernel/harness/hierarchy.js';
import { REPOSITORY } from '../kernel/harness/programs.js';
import { alternate, firsts, repeat, type Round, type Shape, type Version } from './measure.js';
import { holdingPercent } from './hold.js';
import { peakMemory } from './memory.js';
import { BUSY_LOOPS, starts, type Start } from './start.js';

const ROUNDS = Number(process.env['ROUNDS'] ?? 20);
const SHAPES: readonly Shape[] = [
  { name: '1 task', program: 'sleeper', args: [] },
  { name: '401 tasks: 8 processes of 50 threads', program: 'tree', args: [8, 50] },
  { name: '4,001 tasks: 40 processes of 100 threads', program: 'tree', args: [40, 100] },
  { name: '4,001 tasks: 4,000 processes of 1 thread', program: 'tree', args: [4000, 1] },
];
const MIDDLE: Shape = { name: '401 tasks', program: 'tree', args: [8, 50] };
const ZOMBIES = 500;
const MARKERS = /(<!-- bench -->\n)[^]*(<!-- \/bench -->)/;

const lines: string[] = [];
const say = (line: string): void => {
  lines.push(line);
  process.stdout.write(`${line}\n`);
};

const versions = (['v1', 'v2'] as const).filter((version) => findHierarchy(version).ok);
say(
  `Linux ${release()}, Node ${process.versions.node}, ${new Date().toISOString().slice(0, 10)}; medians of ${ROUNDS} rounds, alternating.`,
);
say('');
say('| tasks | hierarchy | C: until stopped | Stasis | ratio | C: pause | Stasis | ratio |');
say('|---|---|---|---|---|---|---|---|');
for (const shape of SHAPES) for (const version of versions) say(await row(shape, version));
say('');
say('| what | hierarchy | figure |');
say('|---|---|---|');
for (const version of versions) for (const line of await others(version)) say(line);
say('');

if (process.env['WRITE'] === '1') {
  const file = join(REPOSITORY, 'docs/performance.md');
  writeFileSync(file, readFileSync(file, 'utf8').replace(MARKERS, `$1\n${lines.join('\n')}\n$2`));
}

async function row(shape: Shape, version: Version): Promise<string> {
  const { c, stasis } = await alternate(version, shape, ROUNDS);
  const cells = (['untilStopped', 'pause'] as const).flatMap((figure) => {
    const [bare, own] = [median(c, figure), median(stasis, figure)];
    return [milliseconds(bare), milliseconds(own), `**${(own / bare).toFixed(2)}**`];
  });
  return `| ${shape.name} | ${version} | ${cells.join(' | ')} |`;
}

async function others(version: Version): Promise<string[]> {
  const tail = distribution((await repeat(version, MIDDLE, 200)).map((round) => round.pause));
  const { first, warm } = await firsts(version, MIDDLE, 10);
  const [cold, hot] = [median(first, 'pause'), median(warm, 'pause')];
  const peak = await peakMemory(version);
  const holding = await holdingPercent(version);
  const [none, many] = [await zombies(version, 0), await zombies(version, ZOMBIES)];
  const { quiet, busy } = await starts(version, ROUNDS);
  return [
    `| the command on 1 task, from start to output; its pause | ${version} | ${startFigures(quiet)} |`,
    `| the same beside ${BUSY_LOOPS} busy loops on ${availableParallelism()} CPUs | ${version} | ${startFigures(busy)} |`,
    `| pause of 200 captures of 401 tasks: median, p99, ratio | ${version} | ${milliseconds(tail.median)}, ${milliseconds(tail.p99)}, **${(tail.p99 / tail.median).toFixed(2)}** |`,
    `| first capture of a process (median of 10), warm median, ratio | ${version} | ${milliseconds(cold)}, ${milliseconds(hot)}, **${(cold / hot).toFixed(2)}** |`,
    `| what ${ZOMBIES} zombies add to the pause of 1 task | ${version} | **${milliseconds(many - none)}** |`,
    `| a hold of ${peak.threads} threads: share of one core | ${version} | **${holding.toFixed(1)} %** |`,
    `| the command on ${peak.threads} threads: pause, peak memory | ${version} | ${milliseconds(peak.pauseMicroseconds)}, **${peak.peakMegabytes.toFixed(0)} MB** |`,
  ];
}

async function zombies(version: Version, count: number): Promise<number> {
  const shape = { name: `${count} zombies`, program: 'zombies', args: [count] };
  return median(await repeat(version, shape, ROUNDS), 'pause');
}

function startFigures(runs: readonly Start[]): string {
  const time = distribution(runs.map(({ milliseconds: ms }) => ms * 1000)).median;
  const pause = distribution(runs.map(({ pauseMicroseconds }) => pauseMicroseconds)).median;
  return `**${(time / 1e6).toFixed(2)} s**; ${milliseconds(pause)}`;
}

function median(rounds: readonly Round[], figure: keyof Round): number {
  return distribution(rounds.map((round) => round[figure])).median;
}

function milliseconds(microseconds: number): string {
  return `${(microseconds / 1000).toFixed(microseconds < 10_000 ? 2 : 1)} ms`;
}
