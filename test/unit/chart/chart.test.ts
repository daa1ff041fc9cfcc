/** The chart as it stands in the tree. What it renders is tested where there is a helm: test/cluster/chart.test.ts. */
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
  test('has the version of package.json, as its own and as that of its image', () => {
    const { version } = JSON.parse(read('package.json')) as Json;
    expect(chart).toMatchObject({ name: 'stasis', version, appVersion: version });
  });

  test('takes by default the image that `make image` makes', () => {
    const made = /^const REPOSITORY = '(.+)';$/m.exec(read('deploy/image/oci-layout.mjs'))?.[1];
    expect(values['image']).toMatchObject({ repository: made, tag: '', digest: '' });
  });

  test('has the CRDs of deploy/crds, to the byte', () => {
    expect(definitions('deploy/helm/files/crds')).toEqual(definitions('deploy/crds'));
  });

  test('has a schema that knows each value, and nothing that is no value', () => {
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

/** Said by what stands around them, or by Kubernetes. */
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

/** Where values.yaml and the schema name different things. */
function fields(path: string, value: unknown, described: Schema): string[] {
  if (described.properties === undefined) return [];
  const given = Object.keys(value as object);
  const known = Object.keys(described.properties).filter((name) => name !== 'global');
  const open = described.additionalProperties === false ? [] : [`${path || 'values'}: takes what it does not know`];
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
