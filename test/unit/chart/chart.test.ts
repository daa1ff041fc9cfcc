/** Tests of the chart's files. test/cluster/chart.test.ts tests what helm renders from them. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { REPOSITORY } from '../../kernel/harness/programs.js';

const CHART = join(REPOSITORY, 'deploy/helm');
const read = (...path: string[]): string => readFileSync(join(REPOSITORY, ...path), 'utf8');

type Json = Readonly<Record<string, unknown>>;
const chart = parse(read('deploy/helm/Chart.yaml')) as Json;
const values = parse(read('deploy/helm/values.yaml')) as Json;
const schema = JSON.parse(read('deploy/helm/values.schema.json')) as Json;

function definitions(folder: string): Record<string, string> {
  return Object.fromEntries(
    readdirSync(join(REPOSITORY, folder))
      .filter((file) => file.endsWith('.yaml'))
      .map((file) => [file, read(folder, file)]),
  );
}

describe('the chart', () => {
  test('has the version of package.json, for the chart and for its image', () => {
    const { version } = JSON.parse(read('package.json')) as Json;
    expect(chart).toMatchObject({ name: 'stasis', version, appVersion: version });
  });

  test('uses by default the image that `make image` builds', () => {
    const made = /^const REPOSITORY = '(.+)';$/m.exec(read('deploy/image/oci-layout.mjs'))?.[1];
    expect(values['image']).toMatchObject({ repository: made, tag: '', digest: '' });
  });

  test('has byte-for-byte copies of the CRDs in deploy/crds', () => {
    expect(definitions('deploy/helm/files/crds')).toEqual(definitions('deploy/crds'));
  });

  test('has a schema with exactly the keys of values.yaml', () => {
    expect(fields('', values, schema)).toEqual([]);
  });

  test('explains each value in a comment above it', () => {
    const lines = readFileSync(join(CHART, 'values.yaml'), 'utf8').split('\n');
    const bare = lines.filter((line, index) => {
      const [, indent, key] = /^( *)([A-Za-z]+):/.exec(line) ?? [];
      if (indent === undefined || key === undefined) return false;
      const above = lines.slice(0, index).toReversed();
      const opens = line.endsWith(':') && /^ +/.test(lines[index + 1] ?? '');
      return !(above[0] ?? '').startsWith(`${indent}#`) && !opens && !SELF_EVIDENT.has(`${indent}${key}`);
    });
    expect(bare).toEqual([]);
  });
});

/** Keys that need no comment: the lines around them, or the documentation of Kubernetes, explain them. */
const SELF_EVIDENT = new Set([
  '  repository',
  '  pullPolicy',
  'podAnnotations',
  '    requests',
  '    limits',
  '  priorityClassName',
  '  tolerations',
  '  affinity',
  '    enabled',
  '    interval',
]);

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: unknown;
}

/** Lists the keys that only values.yaml or only the schema has. */
function fields(path: string, value: unknown, described: Schema): string[] {
  if (described.properties === undefined) return [];
  const given = Object.keys(value as object);
  const known = Object.keys(described.properties).filter((name) => name !== 'global');
  const open = described.additionalProperties === false ? [] : [`${path || 'values'}: allows unknown keys`];
  return [
    ...open,
    ...given.filter((name) => !known.includes(name)).map((name) => `${path}.${name}: not in the schema`),
    ...known.filter((name) => !given.includes(name)).map((name) => `${path}.${name}: not in values.yaml`),
    ...known.flatMap((name) => {
      const child = described.properties?.[name];
      return child === undefined || !given.includes(name)
        ? []
        : fields(`${path}.${name}`, (value as Json)[name], child);
    }),
  ];
}
