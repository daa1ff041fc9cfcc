/**
 * Tests the chart with the values of deploy/helm/ci, which set every value at least once, against the renderings in
 * test/golden/chart. Needs no cluster. UPDATE_GOLDEN=1 writes the renderings anew.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, jest, test } from '@jest/globals';
import { parse, parseDocument, stringify } from 'yaml';
import { parseArguments } from '../../src/cli/arguments.js';
import { REPOSITORY } from '../kernel/harness/programs.js';
import { CHART, documents, HELMS, helmOf, pods, type Rendered } from './rendered-chart.js';
import { withLookups } from './lookups.js';

jest.setTimeout(1_800_000);

const CI = join(CHART, 'ci');
const GOLDEN = join(REPOSITORY, 'test/golden/chart');
const FILES = readdirSync(CI).filter((file) => file.endsWith('-values.yaml'));
/** Only a tool that cannot run hooks needs it, and Helm itself refuses it. test/cluster/chart-uninstall.test.ts tests it. */
const ON_DEMAND = 'uninstall.now';
/** Whether `helm template` renders as Helm installs (with a cluster) or as other tools do. */
const WAYS = ['by helm', 'template'] as const;

type Leaf = readonly [path: string, value: unknown];

/** The keys that a file sets. A list, and a map that is empty by default, count as one. */
function leaves(values: unknown, defaults: unknown, path = ''): readonly Leaf[] {
  const inner = isMap(values) && isMap(defaults) && Object.keys(defaults).length > 0;
  if (!inner) return path === '' ? [] : [[path, values]];
  return Object.entries(values).flatMap(([key, value]) =>
    leaves(value, defaults[key], path === '' ? key : `${path}.${key}`),
  );
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const defaults = parse(readFileSync(join(CHART, 'values.yaml'), 'utf8')) as unknown;

async function rendering(
  which: (typeof HELMS)[number],
  way: (typeof WAYS)[number],
  ...args: readonly string[]
): Promise<readonly Rendered[]> {
  const common = ['template', 'stasis', CHART, '-n', 'stasis-system', '--kube-version', '1.34.4'];
  return await withLookups({}, async (lookups) =>
    documents(await helmOf(which, ...common, ...(way === 'by helm' ? lookups : []), ...args)),
  );
}

/** The objects without what is different each time, and without the text of files that have tests of their own. */
function normal(rendered: readonly Rendered[]): string {
  const objects = rendered.map((object) => {
    const { kind, metadata } = object;
    if (kind === 'CustomResourceDefinition') return { ...object, spec: '(deploy/crds)' };
    if (kind === 'PrometheusRule') return { ...object, spec: '(deploy/alerts)' };
    if (kind === 'ConfigMap' && metadata.name.includes('-dashboard-'))
      return { ...object, data: '(deploy/dashboards)' };
    if (/-metrics-(tls|ca)$/.test(metadata.name)) return { ...object, data: '(made)' };
    return object;
  });
  const texts = objects.map((object) => stringify(object, { lineWidth: 0, aliasDuplicateObjects: false }));
  return texts
    .sort()
    .join('---\n')
    .replace(/- \|\n(\s+)\/\/ Run by `helm test`(.|\n)*?\n(?=\s+- --\n)/, '- (files/test.mjs)\n');
}

describe.each(FILES)('%s', (file) => {
  const path = join(CI, file);

  test.each(HELMS)('is linted without complaint by %s', async (which) => {
    const ran = await helmOf(which, 'lint', '--strict', CHART, '-f', path);
    expect(ran).toMatchObject({ status: 0, stdout: expect.stringContaining('1 chart(s) linted, 0 chart(s) failed') });
    expect(ran.stdout).not.toMatch(/WARNING|ERROR/);
  });

  test.each(WAYS)('is rendered (%s) as test/golden/chart says, by Helm 3 and 4', async (way) => {
    const golden = join(GOLDEN, `${file.replace('-values.yaml', '')}-${way.replace(' ', '-')}.yaml`);
    const made = normal(await rendering('helm', way, '-f', path));
    if (process.env['UPDATE_GOLDEN'] === '1') {
      mkdirSync(GOLDEN, { recursive: true });
      writeFileSync(golden, made);
    }
    expect(made).toBe(readFileSync(golden, 'utf8'));
    expect(normal(await rendering('helm4', way, '-f', path))).toBe(made);
  });

  test('passes arguments that the product accepts, and each environment variable once', async () => {
    for (const { containers } of pods(await rendering('helm', 'by helm', '-f', path)))
      for (const { name, args, env } of containers) {
        expect(parseArguments(args, '0')).toMatchObject({ kind: name });
        expect(new Set(env.map((variable) => variable.name)).size).toBe(env.length);
      }
  });

  test('has no value without an effect', async () => {
    const set = leaves(parse(readFileSync(path, 'utf8')), defaults);
    const whole = await Promise.all(WAYS.map((way) => rendering('helm', way, '-f', path)));
    const idle: string[] = [];
    for (const [leaf] of set) {
      const without = parseDocument(readFileSync(path, 'utf8'));
      without.deleteIn(leaf.split('.'));
      const values = JSON.stringify(without.toJS());
      const rendered = await Promise.all(WAYS.map((way) => unset(way, values)));
      if (WAYS.every((_, at) => rendered[at] !== undefined && normal(rendered[at]) === normal(whole[at] ?? [])))
        idle.push(leaf);
    }
    expect(idle).toEqual([]);
  });
});

/** Undefined when the chart refuses the values: what was taken away is needed by another value. */
async function unset(way: (typeof WAYS)[number], values: string): Promise<readonly Rendered[] | undefined> {
  const merged = Object.entries(JSON.parse(values) as object).flatMap(([key, value]) => [
    '--set-json',
    `${key}=${JSON.stringify(value)}`,
  ]);
  try {
    return await rendering('helm', way, ...merged);
  } catch {
    return undefined;
  }
}

test('deploy/helm/ci sets each value of the chart', () => {
  const set = new Set(
    FILES.flatMap((file) => leaves(parse(readFileSync(join(CI, file), 'utf8')), defaults)).map(([path]) => path),
  );
  const all = leaves(defaults, defaults).map(([path]) => path);
  expect(all.length).toBeGreaterThan(100);
  // A part of a map is enough, as of a securityContext: the chart does not look into it.
  const missing = all.filter((path) => path !== ON_DEMAND && ![...set].some((one) => related(one, path)));
  expect(missing).toEqual([]);
});

const OPAQUE = /^(controller|nodeAgent|uninstall|tests)\.([a-zA-Z]*([cC]ontext|Probe|[rR]esources))\b|instanceSelector/;

function related(set: string, path: string): boolean {
  const part = OPAQUE.exec(path)?.[0];
  return set === path || (part !== undefined && set.startsWith(part));
}
