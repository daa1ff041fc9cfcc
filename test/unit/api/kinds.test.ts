import { execFileSync } from 'node:child_process';
import { describe, expect, test } from '@jest/globals';
import { CHECKPOINTS, GROUP, heartbeatLeaseName, PODCAPTURES, VERSION } from '../../../src/api/kinds.js';
import { onlyDeclared, type ContainerCapture, type ThreadRow } from '../../../src/api/podcapture.js';
import { FINAL_REASONS, PROGRESS_REASONS, REASONS } from '../../../src/api/reasons.js';
import { DEFINITIONS, fieldAt, KINDS, schemaOf, specOf, type Schema } from './crd.js';

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

/** The values of every enum in the schema, with their paths. */
function enums(schema: Schema, path: string): readonly string[] {
  return [
    ...(schema.enum ?? []).map((one) => `${path}: ${String(one)}`),
    ...Object.entries(schema.properties ?? {}).flatMap(([name, child]) => enums(child, `${path}.${name}`)),
    ...(schema.items === undefined ? [] : enums(schema.items, `${path}[]`)),
  ];
}

describe('the custom resource definitions', () => {
  test('have the types that were generated from them', () => {
    expect(() =>
      execFileSync(process.execPath, ['scripts/generate-types.mjs', '--check'], { stdio: 'pipe' }),
    ).not.toThrow();
  });

  test('are of the group, version and plurals that the code asks for', () => {
    expect(
      Object.values(DEFINITIONS).map(({ spec }) => [
        spec.group,
        spec.versions[0].name,
        spec.names.plural,
        spec.names.kind,
      ]),
    ).toEqual([CHECKPOINTS, PODCAPTURES].map(({ plural, kind }) => [GROUP, VERSION, plural, kind]));
  });

  test('have short names that suggest nothing else', () => {
    expect(KINDS.map((kind) => DEFINITIONS[kind].spec.names.shortNames)).toEqual([['ckpt'], ['podcap']]);
  });

  test('bound and describe every field', () => {
    expect(KINDS.flatMap((kind) => objections(schemaOf(kind), ''))).toEqual([]);
  });

  test('have enum values in one style: each begins with a capital', () => {
    expect(
      KINDS.flatMap((kind) => enums(schemaOf(kind), kind)).filter((one) => !/: [A-Z][A-Za-z0-9]*$/.test(one)),
    ).toEqual([]);
  });

  test('accept every reason of the closed list', () => {
    for (const reason of REASONS) expect(reason).toMatch(/^[A-Z][A-Za-z]{0,63}$/);
    const released = fieldAt(specOf('PodCapture'), 'hold.releaseReason').enum ?? [];
    expect(released.filter((reason) => !REASONS.some((one) => one === reason))).toEqual([]);
  });

  test('have a default status with reasons of progress, and nothing that has ended', () => {
    const { conditions } = fieldAt(schemaOf('Checkpoint'), 'status').default as {
      readonly conditions: readonly { readonly type: string; readonly status: string; readonly reason: string }[];
    };
    expect(conditions.map(({ type, status }) => `${type}=${status}`)).toEqual([
      'Succeeded=Unknown',
      'Finished=False',
      'Reconciling=True',
    ]);
    for (const { reason } of conditions) expect(PROGRESS_REASONS).toContain(reason);
    for (const { reason } of conditions) expect(FINAL_REASONS).not.toContain(reason);
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
