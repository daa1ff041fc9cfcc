import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { CHECKPOINTS, GROUP, heartbeatLeaseName, PODCAPTURES, VERSION } from '../../../src/api/kinds.js';
import { onlyDeclared, type ContainerCapture, type ThreadRow } from '../../../src/api/podcapture.js';
import { REASONS } from '../../../src/api/reasons.js';

interface Definition {
  readonly spec: {
    readonly group: string;
    readonly names: { readonly plural: string; readonly kind: string };
    readonly versions: readonly { readonly name: string; readonly schema: { readonly openAPIV3Schema: Schema } }[];
  };
}

interface Schema {
  readonly type?: string;
  readonly title?: string;
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly format?: string;
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly maxProperties?: number;
  readonly minimum?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly additionalProperties?: Schema;
  readonly 'x-kubernetes-list-type'?: string;
}

const definitions = ['checkpoints', 'podcaptures'].map(
  (plural) => parse(readFileSync(`deploy/crds/${plural}.yaml`, 'utf8')) as Definition,
);

/** Returns what a reviewer of the API would object to in each field. `path` is the field's path for the messages. */
function objections(schema: Schema, path: string): string[] {
  const found: string[] = [];
  if (schema.type === 'string' && schema.enum === undefined && schema.maxLength === undefined)
    found.push(`${path}: no maxLength`);
  if (schema.type === 'integer' && (schema.minimum === undefined || schema.format === undefined))
    found.push(`${path}: no minimum or format`);
  if (schema.type === 'array' && (schema.maxItems === undefined || schema['x-kubernetes-list-type'] === undefined))
    found.push(`${path}: no maxItems or list type`);
  if (schema.additionalProperties !== undefined && schema.maxProperties === undefined)
    found.push(`${path}: no maxProperties`);
  for (const [name, child] of Object.entries(schema.properties ?? {})) {
    const at = `${path}.${name}`;
    if (at.endsWith('.metadata') || ['.apiVersion', '.kind'].includes(at)) continue;
    if (child.description === undefined) found.push(`${at}: no description`);
    found.push(...objections(child, at));
  }
  if (schema.items !== undefined) found.push(...objections(schema.items, `${path}[]`));
  return found;
}

describe('the custom resource definitions', () => {
  test('have the types that were generated from them', () => {
    expect(() =>
      execFileSync(process.execPath, ['scripts/generate-types.mjs', '--check'], { stdio: 'pipe' }),
    ).not.toThrow();
  });

  test('are of the group, version and plurals that the code asks for', () => {
    expect(
      definitions.map(({ spec }) => [spec.group, spec.versions[0]?.name, spec.names.plural, spec.names.kind]),
    ).toEqual([CHECKPOINTS, PODCAPTURES].map(({ plural, kind }) => [GROUP, VERSION, plural, kind]));
  });

  test('bound and describe every field', () => {
    const found = definitions.flatMap(({ spec }) => objections(spec.versions[0]?.schema.openAPIV3Schema ?? {}, ''));
    expect(found).toEqual([]);
  });

  test('accept every reason of the closed list', () => {
    for (const reason of REASONS) expect(reason).toMatch(/^[A-Z][A-Za-z]{0,63}$/);
  });
});

describe('onlyDeclared()', () => {
  test('does not compile where a report has a field that the schema does not declare, also by a spread', () => {
    const thread = onlyDeclared<ThreadRow>();
    const mood = process.pid > 0 ? { mood: 'good' } : {};
    // @ts-expect-error The schema has no field mood.
    expect(thread({ tid: 1, comm: 'sh', state: 'Alive', mood: 'good' })).toHaveProperty('mood');
    // @ts-expect-error The schema has no field mood.
    expect(thread({ tid: 1, comm: 'sh', state: 'Alive', ...mood })).toHaveProperty('mood');
    // @ts-expect-error The schema requires comm.
    expect(thread({ tid: 1, state: 'Alive' })).toHaveProperty('tid');
    const freezer: ContainerCapture['freezer'] = 'None';
    expect([freezer, thread({ tid: 1, comm: 'sh', state: 'Alive' })]).toEqual([
      'None',
      { tid: 1, comm: 'sh', state: 'Alive' },
    ]);
  });
});

describe('heartbeatLeaseName()', () => {
  test('is the name that the admission policy computes from the node name', () => {
    expect(heartbeatLeaseName('worker-1')).toBe('stasis-node-worker-1');
  });
});
