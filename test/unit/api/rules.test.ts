/** Checks the schemas of both kinds without a cluster. test/cluster/crd-*.test.ts does so on a real API server. */
import { describe, expect, test } from '@jest/globals';
import {
  defaultsOf,
  fieldAt,
  KINDS,
  leaves,
  schemaOf,
  specOf,
  valueAt,
  versionOf,
  withValue,
  type Json,
  type Schema,
  type Kind,
} from './crd.js';
import { resolve } from './json-path.js';
import { type Schema as StatusSchema, schemaViolations } from '../node-agent/service/schema.js';
import { another, CAPTURE, FULL } from './samples.js';
import { faultsOf, rulesOf, violations } from './schema-rules.js';

const sample: Readonly<Record<Kind, Json>> = { Checkpoint: FULL, PodCapture: CAPTURE };
/** The fields of a spec that may change, each with the reason. */
const CHANGEABLE: Readonly<Record<Kind, Readonly<Record<string, string>>>> = {
  Checkpoint: {
    'hold.release': 'lets the pod go; false after true changes nothing',
    ttlSecondsAfterFinished: 'as on a Job',
  },
  PodCapture: {},
};
/** Fields that are refused, whatever their value. */
const RESERVED = ['podSelector.matchLabels'];

function changed(kind: Kind, path: string, value: unknown): readonly string[] {
  return violations(specOf(kind), withValue(sample[kind], path, value), sample[kind]);
}

/** A PodCapture with that status. */
function object(status?: object): Json {
  return { spec: CAPTURE, ...(status === undefined ? {} : { status }) };
}

function ended(status: string, reason: string): object {
  return { claimedBy: 'agent-1', conditions: [{ type: 'Succeeded', status, reason }] };
}

const text = { type: 'string' };

/** The faults of the rules in a schema with these properties. */
function faultsIn(properties: object): readonly string[] {
  return rulesOf({ type: 'object', properties } as Schema).flatMap(faultsOf);
}

/** The faults of a rule about an object with a text `a` and a whole number `n`. */
function faults(rule: string): readonly string[] {
  const properties = { a: text, n: { type: 'integer' } };
  return faultsIn({ spec: { type: 'object', properties, 'x-kubernetes-validations': [{ rule, message: 'm' }] } });
}

describe.each(KINDS)('the schema of a %s', (kind) => {
  const schema = schemaOf(kind);
  const spec = specOf(kind);
  const fields = leaves(spec).filter((path) => !RESERVED.includes(path));

  test('rulesOf() finds rules, and every rule compiles', () => {
    const rules = rulesOf(schema);
    expect(rules.length).toBeGreaterThan(5);
    expect(rules.flatMap(faultsOf)).toEqual([]);
  });

  test('schemaViolations() has nothing against the defaults', () => {
    const found = defaultsOf(schema).flatMap(({ place, schema: field }) =>
      schemaViolations(field as StatusSchema, field.default, place),
    );
    expect(found).toEqual([]);
  });

  test('resolve() follows the path of every column and of every selectable field', () => {
    const { additionalPrinterColumns, selectableFields } = versionOf(kind);
    expect(
      additionalPrinterColumns.map(({ jsonPath }) => {
        const { type, format } = resolve(schema, jsonPath);
        return format === 'date-time' && jsonPath.endsWith('Timestamp') ? 'date' : type;
      }),
    ).toEqual(additionalPrinterColumns.map(({ type }) => type));
    for (const { jsonPath } of selectableFields) {
      expect(jsonPath).toMatch(/^(\.\w+)+$/);
      expect(['string', 'integer', 'boolean']).toContain(resolve(schema, jsonPath).type);
    }
  });

  test('violations() has nothing against the sample, which sets every field', () => {
    expect(fields.filter((path) => valueAt(sample[kind], path) === undefined)).toEqual([]);
    expect(violations(spec, sample[kind])).toEqual([]);
    expect(violations(spec, sample[kind], sample[kind])).toEqual([]);
  });

  test.each(fields)('violations() refuses another value of %s, or the field may change', (path) => {
    const value = another(spec, path, valueAt(sample[kind], path));
    expect(value).not.toEqual(valueAt(sample[kind], path));
    expect(changed(kind, path, value).length > 0).toBe(CHANGEABLE[kind][path] === undefined);
  });

  // What is required or has a default cannot be absent.
  const optional = fields.filter((path) => {
    const parent = path.includes('.') ? fieldAt(spec, path.slice(0, path.lastIndexOf('.'))) : spec;
    const isRequired = parent.required?.includes(path.split('.').at(-1) ?? '') === true;
    return !isRequired && fieldAt(spec, path).default === undefined;
  });
  test.each(optional)('violations() refuses to take %s away or to add it, or the field may change', (path) => {
    const without = withValue(sample[kind], path, undefined);
    const mayChange = CHANGEABLE[kind][path] !== undefined;
    expect(violations(spec, without, sample[kind]).length > 0).toBe(!mayChange);
    // The reason of a release is added once. A spec that is refused by itself never was.
    const mayAdd = mayChange || path === 'hold.releaseReason';
    const refused = [...violations(spec, without), ...violations(spec, sample[kind], without)];
    expect(refused.length > 0).toBe(!mayAdd);
  });

  test('violations() refuses to add a hold and to take a hold away', () => {
    const without = withValue(sample[kind], 'hold', undefined);
    const refused = [expect.stringMatching(/^\.hold: hold can neither be added nor removed/)];
    expect(violations(spec, without, sample[kind])).toEqual(refused);
    expect(violations(spec, sample[kind], without)).toEqual(refused);
  });
});

describe('the rules of a PodCapture', () => {
  const capture = schemaOf('PodCapture');

  test('violations() accepts the reason of a release once', () => {
    const spec = specOf('PodCapture');
    const held = withValue(CAPTURE, 'hold.releaseReason', undefined);
    const taken = [expect.stringMatching(/^\.hold\.releaseReason: a release is never taken back$/)];
    expect(violations(spec, CAPTURE, held)).toEqual([]);
    expect(violations(spec, CAPTURE, CAPTURE)).toEqual([]);
    expect(violations(spec, held, CAPTURE)).toEqual(taken);
    expect(violations(spec, withValue(CAPTURE, 'hold.releaseReason', 'PodNotFound'), CAPTURE)).toEqual(taken);
  });

  test('violations() accepts one claim, and no status that is taken away', () => {
    const claimed = object({ claimedBy: 'agent-1' });
    const forGood = [expect.stringMatching(/^\.status\.claimedBy: claimed already, and a claim is for good$/)];
    expect(violations(capture, claimed, object())).toEqual([]);
    expect(violations(capture, claimed, claimed)).toEqual([]);
    expect(violations(capture, object({ claimedBy: 'agent-2' }), claimed)).toEqual(forGood);
    expect(violations(capture, object({}), claimed)).toEqual(forGood);
    expect(violations(capture, object(), claimed)).toEqual([': status cannot be taken away']);
  });

  test('violations() keeps the status and the reason of the end', () => {
    const end = object(ended('False', 'NodeAgentLost'));
    const stays = [expect.stringMatching(/^\.status\.conditions: it has ended, and what has ended stays ended$/)];
    expect(violations(capture, end, object(ended('Unknown', 'Capturing')))).toEqual([]);
    expect(violations(capture, end, end)).toEqual([]);
    for (const status of [ended('True', 'Captured'), ended('Unknown', 'Holding'), { claimedBy: 'agent-1' }])
      expect(violations(capture, object(status), end)).toEqual(stays);
    expect(violations(capture, object({ claimedBy: 'agent-1', conditions: [] }), end)).toEqual(stays);
  });
});

/** The places of all whole numbers for which JavaScript or the API server would have to guess a bound. */
function unbounded(schema: Schema, place = ''): readonly string[] {
  const own = schema.type === 'integer' && schema.maximum === undefined ? [place] : [];
  const tooLarge = schema.type === 'integer' && Number(schema.maximum) > Number.MAX_SAFE_INTEGER ? [place] : [];
  const children = Object.entries(schema.properties ?? {}).flatMap(([name, child]) =>
    unbounded(child, `${place}.${name}`),
  );
  const more = [schema.items, schema.additionalProperties].flatMap((child) =>
    child === undefined ? [] : unbounded(child, `${place}[]`),
  );
  return [...own, ...tooLarge, ...children, ...more];
}

test('every whole number of both kinds has a maximum that survives JavaScript and JSON', () => {
  expect(KINDS.flatMap((kind) => unbounded(schemaOf(kind), kind))).toEqual([]);
  expect(unbounded({ type: 'object', properties: { n: { type: 'integer' } } })).toEqual(['.n']);
});

describe('rulesOf() and faultsOf()', () => {
  test.each([
    ['self.b == 1', /No such key: b/],
    ['has(self.b)', /has\(self\.b\): No such key: b/],
    ['self.a == 1', /no such overload: string == int/],
    ['self.a', /is of type string, not bool/],
    ['self.a ==', /./],
  ])('faultsOf() refuses the rule %s', (rule, message) => {
    expect(faults(rule)).toEqual([expect.stringMatching(message)]);
  });

  test('faultsOf() refuses oldSelf in a list without keys, and a fieldPath that leads nowhere', () => {
    const item = { ...text, 'x-kubernetes-validations': [{ rule: 'self == oldSelf', message: 'm' }] };
    const list = (kind: string): object => ({ type: 'array', items: item, 'x-kubernetes-list-type': kind });
    expect(faultsIn({ list: list('atomic') })).toEqual([expect.stringMatching(/oldSelf is not known/)]);
    expect(faultsIn({ list: list('map') })).toEqual([]);
    const lost = [{ rule: 'true', message: 'm', fieldPath: '.b' }];
    expect(faultsIn({ o: { type: 'object', properties: { a: text }, 'x-kubernetes-validations': lost } })).toEqual([
      expect.stringMatching(/fieldPath \.b names no field/),
    ]);
  });
});

describe('resolve()', () => {
  const schema = schemaOf('Checkpoint');
  test.each([
    ['.status.pods[0].pause', 'string'],
    [".metadata.labels['stasis\\.dev/pod']", 'string'],
    ["['spec']['podName']", 'string'],
    ['.status.conditions[?(@.type=="Succeeded")].reason', 'string'],
    ['.metadata.ownerReferences[0].name', 'string'],
  ])('resolve() follows %s', (path, type) => {
    expect(resolve(schema, path).type).toBe(type);
  });

  test.each([
    '.spec.podname',
    '.status.pods.pause',
    '.spec[0]',
    '.status.conditions[?(@.typ=="Succeeded")].reason',
    '.status.conditions[?(@.status=="Perhaps")].reason',
    '.status.pods[?(@.processes=="3")].pause',
    '.status.pods[-1]',
    'spec',
  ])('resolve() refuses %s', (path) => {
    expect(() => resolve(schema, path)).toThrow(
      /has no property|an index or a filter|is no step|is compared with|is none of/,
    );
  });
});
