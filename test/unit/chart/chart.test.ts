/** Tests of the chart's files. test/cluster/chart.test.ts tests what helm renders from them. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { REPOSITORY } from '../../kernel/harness/programs.js';

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

  test('has what `npm run generate` makes: copies, and a table that explains each value of values.yaml', () => {
    const ran = spawnSync(process.execPath, ['scripts/generate-chart.mjs', '--check'], {
      cwd: REPOSITORY,
      encoding: 'utf8',
    });
    expect({ status: ran.status, stderr: ran.stderr }).toEqual({ status: 0, stderr: '' });
  });

  test('names the image of its own version for Artifact Hub', () => {
    const annotations = chart['annotations'] as Readonly<Record<string, string>>;
    const { repository } = values['image'] as Readonly<Record<string, string>>;
    expect(parse(annotations['artifacthub.io/images'] ?? '')).toMatchObject([
      { image: `${repository}:${String(chart['version'])}` },
    ]);
    const kinds = parse(annotations['artifacthub.io/crds'] ?? '') as readonly { readonly name: string }[];
    expect(kinds.map(({ name }) => `${name.split('.')[0]}.yaml`)).toEqual(Object.keys(definitions('deploy/crds')));
    for (const path of ['icon.svg', 'values.schema.json']) expect(read('deploy/helm', path)).not.toBe('');
  });
});

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: unknown;
}

const WITHOUT_DEFAULT = [
  // Only a parent chart sets it, and the chart itself does not read it.
  '.enabled',
  // It has moved, and a template refuses it with the new name. By the schema, helm could not say that.
  '.controller.excludedNamespaces',
];

/** Lists the keys that only values.yaml or only the schema has. */
function fields(path: string, value: unknown, described: Schema): string[] {
  if (described.properties === undefined) return [];
  const given = Object.keys(value as object);
  const known = Object.keys(described.properties).filter((name) => !WITHOUT_DEFAULT.includes(`${path}.${name}`));
  const open =
    described.additionalProperties === false || path === '.global' ? [] : [`${path || 'values'}: allows unknown keys`];
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
