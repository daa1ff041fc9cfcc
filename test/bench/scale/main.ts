/**
 * `make bench-scale`: a large cluster of hollow nodes under load, and what the controller, its agents and the API server need
 * for it. Prints Markdown and writes it, with all figures as JSON, to build/bench-scale, where the figures of earlier runs are
 * kept; with WRITE=1 also into docs/performance.md. The settings are in settings.ts.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { REPOSITORY } from '../../kernel/harness/programs.js';
import { fillArchive, startWithArchive } from './archive.js';
import { burst } from './burst.js';
import { lookForLeaks, takeAway } from './leaks.js';
import { release } from './release.js';
import { removal } from './removal.js';
import { report, writers, type Results } from './report.js';
import { settingsFrom, type Part } from './settings.js';
import { openSite, type Site } from './site.js';
import { steady } from './steady.js';
import { tenant } from './tenant.js';

const MARKERS = /(<!-- bench-scale -->\n)[^]*(<!-- \/bench-scale -->)/;
const FOLDER = join(REPOSITORY, 'build/bench-scale');
/** The parts beside the load do not depend on the number of nodes. They run on the largest cluster of at most so many. */
const PARTS_ON = 100;

const settings = settingsFrom(process.env);
const began = performance.now();
const partsOn = Math.max(...settings.sizes.filter((size) => size <= PARTS_ON), Math.min(...settings.sizes));
mkdirSync(FOLDER, { recursive: true });
for (const nodes of settings.sizes) await onCluster(nodes);
const all = measuredSoFar();
const lines = report(all, {
  date: new Date().toISOString().slice(0, 10),
  node: process.versions.node,
  processors: availableParallelism(),
});
const most = all.at(-1);
const by = most === undefined ? [] : ['', '| write | each Checkpoint |', '|---|---|', ...writers(most)];
const page = [...lines, ...(by.length > 4 ? by : [])].join('\n');
process.stdout.write(`${page}\n`);
writeFileSync(join(FOLDER, 'report.md'), `${page}\n`);
if (process.env['WRITE'] === '1') {
  const file = join(REPOSITORY, 'docs/performance.md');
  writeFileSync(file, readFileSync(file, 'utf8').replace(MARKERS, `$1\n${page}\n\n$2`));
}

async function onCluster(nodes: number): Promise<void> {
  const site = await openSite(nodes, settings, say);
  const results: Results = known(nodes) ?? { nodes };
  results.kubernetes = versionOf(site);
  const run = async (part: Part, what: string, work: () => Promise<void>): Promise<void> => {
    if (!settings.parts.includes(part) || (part !== 'load' && nodes !== partsOn)) return;
    say(what);
    try {
      await work();
    } catch (error) {
      // What the other parts measured is not lost.
      process.exitCode = 1;
      process.stderr.write(`${what}: ${error instanceof Error ? error.stack : String(error)}\n`);
    }
    writeFileSync(fileOf(nodes), JSON.stringify(results, undefined, 2));
  };
  try {
    await run('load', `${settings.burst} Checkpoints at once`, async () => {
      results.burst = await burst(site);
    });
    await run('load', `${settings.perMinute} Checkpoints a minute for ${settings.minutes} min`, async () => {
      const taken = settings.leaks ? await takeAway(site) : undefined;
      results.steady = await steady(site);
      if (taken === undefined) return;
      say('what remains of the nodes that are gone');
      results.leaks = await lookForLeaks(site, taken);
    });
    await run('tenant', `${settings.queue} Checkpoints of one pod`, async () => {
      results.tenant = await tenant(site);
    });
    await run('release', `${settings.releaseHolds} holds while connections are closed`, async () => {
      results.release = await release(site);
    });
    await run('archive', `${settings.archive} finished PodCaptures`, async () => {
      await site.controllers.stop();
      const bytesEach = await fillArchive(site);
      say('a controller starts with them');
      results.archive = await startWithArchive(site, bytesEach);
    });
    await run('uninstall', 'helm uninstall', async () => {
      results.removal = await removal(site);
    });
  } finally {
    await site.close();
  }
}

function fileOf(nodes: number): string {
  return join(FOLDER, `${nodes}.json`);
}

/** What this run or an earlier one measured with that many nodes. A part that is run again replaces its former figures. */
function known(nodes: number): Results | undefined {
  return existsSync(fileOf(nodes)) ? (JSON.parse(readFileSync(fileOf(nodes), 'utf8')) as Results) : undefined;
}

function measuredSoFar(): Results[] {
  const sizes = readdirSync(FOLDER).flatMap((name) => /^(\d+)\.json$/.exec(name)?.[1] ?? []);
  return sizes
    .map(Number)
    .sort((a, b) => a - b)
    .flatMap((nodes) => known(nodes) ?? []);
}

function versionOf({ cluster }: Site): string {
  const { command, env } = cluster.tool('kubectl');
  const printed = execFileSync(command, ['version', '-o', 'json'], { env: { ...process.env, ...env } });
  const { serverVersion } = JSON.parse(printed.toString()) as {
    readonly serverVersion: { readonly gitVersion: string };
  };
  return serverVersion.gitVersion.replace(/^v/, '');
}

function say(text: string): void {
  process.stderr.write(`==> ${((performance.now() - began) / 1000).toFixed(0).padStart(5)} s  ${text}\n`);
}
