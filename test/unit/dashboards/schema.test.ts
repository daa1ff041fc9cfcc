/** The JSON of the dashboards against Grafana's schema: the compiler reads each file as a value of the type of schema.ts. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { REPOSITORY } from '../../kernel/harness/programs.js';
import { RENDERED } from './rendered.js';

/** In milliseconds: each test starts the compiler. */
jest.setTimeout(60_000);

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(REPOSITORY, 'build/schema-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

/** The first thing that the compiler says about each of these values; undefined: nothing. */
function mistakes(dashboards: readonly unknown[]): (string | undefined)[] {
  const files = dashboards.map((dashboard, index) => {
    const name = join(folder, `d${index}.ts`);
    const value = JSON.stringify(dashboard, null, 1);
    const path = '../../test/unit/dashboards/schema.ts';
    writeFileSync(name, `import type { PlainDashboard } from '${path}';\nexport const d: PlainDashboard = ${value};\n`);
    return name;
  });
  const options = ['--noEmit', '--strict', '--skipLibCheck', '--allowImportingTsExtensions', '--ignoreConfig'];
  const modules = ['--module', 'nodenext', '--target', 'es2023', '--types', 'node'];
  const args = [join(REPOSITORY, 'node_modules/typescript/bin/tsc'), ...options, ...modules, ...files];
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', cwd: REPOSITORY });
  expect(stderr).toBe('');
  const said = stdout.split('\n');
  expect(said.filter((line) => /error TS/.test(line) && !/\/d\d\.ts\(/.test(line))).toEqual([]);
  return dashboards.map((_, index) => said.find((line) => line.includes(`/d${index}.ts(`)));
}

test('the dashboards fit the schema of Grafana', () => {
  expect(mistakes(RENDERED)).toEqual(RENDERED.map(() => undefined));
});

test('the schema knows no field of a wrong name, no wrong value of an enum, and no option of another panel', () => {
  const text = JSON.stringify(RENDERED[0]);
  const wrong = [
    ['"noValue"', '"noValues"'],
    ['"legendFormat"', '"legend"'],
    ['"drawStyle":"bars"', '"drawStyle":"columns"'],
    ['"graphTooltip":1', '"graphTooltip":7'],
    ['"graphMode"', '"cellHeight"'],
  ].map(([right = '', changed = '']) => {
    expect(text).toContain(right);
    return JSON.parse(text.replace(right, changed)) as unknown;
  });
  expect(mistakes(wrong)).toEqual(wrong.map(() => expect.stringContaining('error TS')));
});
