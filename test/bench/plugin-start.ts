/**
 * Measures how long the kubectl plugin takes to start: `node build/test/bench/plugin-start.js [ROUNDS]`, after `make plugin`. Each
 * round runs `node -e 0` and the plugin, one after the other, so that the ratio means something on a noisy machine too. Processor time
 * says more than the clock where other programs run.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { REPOSITORY } from '../kernel/harness/programs.js';

const PLUGIN = join(REPOSITORY, 'build/plugin/kubectl-stasis');
const PROGRAMS = [
  ['node -e 0', ['-e', '0']],
  ['kubectl-stasis --version', [PLUGIN, '--version']],
  ['kubectl-stasis --help', [PLUGIN, '--help']],
  ["kubectl-stasis __complete ''", [PLUGIN, '__complete', '']],
  ['kubectl-stasis tree x --kubeconfig nowhere', [PLUGIN, 'tree', 'x', '--kubeconfig', 'nowhere']],
] as const;

const rounds = Number(process.argv[2] ?? 20);
const measured = PROGRAMS.map(([name, args]) => ({ name, args, wall: [] as number[], cpu: [] as number[] }));

/** Returns the time of one run in milliseconds. */
function runOnce(args: readonly string[]): { wall: number; cpu: number } {
  const since = performance.now();
  // times(1p) of the shell has the processor time of its children: `0m0.05s 0m0.01s` for user and system.
  const script = '"$@" > /dev/null 2>&1; times';
  const { stdout } = spawnSync('sh', ['-c', script, 'sh', process.execPath, ...args], { encoding: 'utf8' });
  const wall = performance.now() - since;
  const [, children = ''] = stdout.split('\n');
  const seconds = [...children.matchAll(/(\d+)m([\d.]+)s/g)].map(
    ([, minutes, rest]) => Number(minutes) * 60 + Number(rest),
  );
  return { wall, cpu: 1000 * seconds.reduce((sum, each) => sum + each, 0) };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

// A first round fills the caches of the disk.
for (const { args } of measured) runOnce(args);
for (let round = 0; round < rounds; round++)
  for (const { args, wall, cpu } of measured) {
    const ran = runOnce(args);
    wall.push(ran.wall);
    cpu.push(ran.cpu);
  }

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const bare = measured[0]?.cpu ?? [];
say(`Node ${process.versions.node}; ${rounds} rounds, alternating.\n`);
say('| command | median | fastest | processor time, median | against `node -e 0` |');
say('|---|---|---|---|---|');
for (const { name, wall, cpu } of measured) {
  const cells = [median(wall), Math.min(...wall), median(cpu)].map((each) => `${each.toFixed(0)} ms`);
  say(`| \`${name}\` | ${cells.join(' | ')} | ${(median(cpu) / median(bare)).toFixed(2)} |`);
}
