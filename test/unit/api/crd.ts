/** The two custom resource definitions, read from deploy/crds, and what the tests need to know of their schemas. */
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

export interface Validation {
  readonly rule: string;
  readonly message: string;
  readonly messageExpression?: string;
  readonly fieldPath?: string;
  readonly reason?: string;
}

export interface Schema {
  readonly type?: string;
  readonly title?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly format?: string;
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly maxProperties?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly additionalProperties?: Schema;
  readonly 'x-kubernetes-list-type'?: string;
  readonly 'x-kubernetes-validations'?: readonly Validation[];
}

export interface Column {
  readonly name: string;
  readonly type: string;
  readonly jsonPath: string;
  readonly description?: string;
}

interface Version {
  readonly name: string;
  readonly schema: { readonly openAPIV3Schema: Schema };
  readonly selectableFields: readonly { readonly jsonPath: string }[];
  readonly additionalPrinterColumns: readonly Column[];
}

interface Definition {
  readonly spec: {
    readonly group: string;
    readonly names: { readonly plural: string; readonly kind: string; readonly shortNames: readonly string[] };
    readonly versions: readonly [Version];
  };
}

function read(plural: string): Definition {
  return parse(readFileSync(`deploy/crds/${plural}.yaml`, 'utf8')) as Definition;
}

export const DEFINITIONS = { Checkpoint: read('checkpoints'), PodCapture: read('podcaptures') } as const;
export type Kind = keyof typeof DEFINITIONS;
export const KINDS: readonly Kind[] = ['Checkpoint', 'PodCapture'];

export function versionOf(kind: Kind): Version {
  return DEFINITIONS[kind].spec.versions[0];
}

/** The schema of the kind's objects. */
export function schemaOf(kind: Kind): Schema {
  return versionOf(kind).schema.openAPIV3Schema;
}

export function specOf(kind: Kind): Schema {
  return property(schemaOf(kind), 'spec');
}

export function property({ properties }: Schema, name: string): Schema {
  const found = properties?.[name];
  if (found === undefined) throw new Error(`the schema has no property ${name}`);
  return found;
}

/** The paths of all fields that have no fields themselves, such as `hold.seconds`. A list counts as one field. */
export function leaves({ properties = {} }: Schema, path = ''): readonly string[] {
  return Object.entries(properties).flatMap(([name, child]) => {
    const at = path === '' ? name : `${path}.${name}`;
    return child.properties === undefined ? [at] : leaves(child, at);
  });
}

/** The schema of the field at a path of {@link leaves}. */
export function fieldAt(schema: Schema, path: string): Schema {
  return path.split('.').reduce(property, schema);
}

/** Every default in the schema, with its place and the schema of the field. */
export function defaultsOf(schema: Schema, place = ''): readonly { place: string; schema: Schema }[] {
  return [
    ...(schema.default === undefined ? [] : [{ place, schema }]),
    ...Object.entries(schema.properties ?? {}).flatMap(([name, child]) => defaultsOf(child, `${place}.${name}`)),
    ...(schema.items === undefined ? [] : defaultsOf(schema.items, `${place}[]`)),
  ];
}

export type Json = Readonly<Record<string, unknown>>;

export function valueAt(object: Json, path: string): unknown {
  return path.split('.').reduce<unknown>((value, name) => (isMap(value) ? value[name] : undefined), object);
}

/** A copy of the object with that value at that path; undefined takes the field away. Missing parents are made. */
export function withValue(object: Json, path: string, value: unknown): Json {
  const [name = '', ...rest] = path.split('.');
  const { [name]: old, ...others } = object;
  if (rest.length > 0) return { ...others, [name]: withValue(isMap(old) ? old : {}, rest.join('.'), value) };
  return value === undefined ? others : { ...others, [name]: value };
}

export function isMap(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Fills in the defaults, as the API server does before it validates: never of a field whose parent is absent. */
export function withDefaults(schema: Schema, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => withDefaults(schema.items ?? {}, item));
  if (!isMap(value)) return value;
  const filled = Object.entries(schema.properties ?? {}).flatMap(([name, child]) => {
    const given = value[name] ?? child.default;
    return given === undefined ? [] : [[name, withDefaults(child, given)] as const];
  });
  return { ...value, ...Object.fromEntries(filled) };
}
