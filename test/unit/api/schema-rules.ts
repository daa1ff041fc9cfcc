/** The rules of a schema (x-kubernetes-validations): each with its place, and what they say about a value. */
import type { Environment } from '@marcbachmann/cel-js';
import { celValue, declare, environment, objection } from './cel.js';
import { isMap, withDefaults, type Schema, type Validation } from './crd.js';

interface PlacedRule extends Validation {
  /** The path of the value that the rule is about, such as `.spec.podName`; the items of a list are `[]`. */
  readonly place: string;
  readonly schema: Schema;
  /** Whether the server has no old value to compare with: the value is in a list without keys. */
  readonly hasNoOld: boolean;
}

/** Every rule of the schema and of the schemas in it. */
export function rulesOf(schema: Schema, place = '', hasNoOld = false): readonly PlacedRule[] {
  const own = (schema['x-kubernetes-validations'] ?? []).map((rule) => ({ ...rule, place, schema, hasNoOld }));
  const { items } = schema;
  const isKeyed = schema['x-kubernetes-list-type'] === 'map';
  return [
    ...own,
    ...Object.entries(schema.properties ?? {}).flatMap(([name, child]) => rulesOf(child, `${place}.${name}`, hasNoOld)),
    ...(items === undefined ? [] : rulesOf(items, `${place}[]`, hasNoOld || !isKeyed)),
  ];
}

/** The reasons that a rule may give. */
const REASONS = ['FieldValueInvalid', 'FieldValueForbidden', 'FieldValueRequired', 'FieldValueDuplicate'];

/** Returns what the server would refuse about the rule itself. */
export function faultsOf({
  rule,
  message,
  messageExpression,
  fieldPath,
  reason,
  ...placed
}: PlacedRule): readonly string[] {
  const env = environment();
  declare(env, selfOf(placed), 'self', 'oldSelf');
  const found = [objection(env, rule, 'bool')];
  if (messageExpression !== undefined) found.push(objection(env, messageExpression, 'string'));
  if (placed.hasNoOld && isTransition(rule)) found.push('oldSelf is not known in a list without keys');
  if (message.includes('\n') || message.length > 2048) found.push('the message has a line break or is too long');
  if (reason !== undefined && !REASONS.includes(reason)) found.push(`reason ${reason} is none of the server's`);
  if (fieldPath !== undefined && !hasField(placed.schema, fieldPath))
    found.push(`fieldPath ${fieldPath} names no field`);
  return found.filter((one) => one !== undefined).map((one) => `${placed.place}: ${rule}: ${one}`);
}

function hasField(schema: Schema, fieldPath: string): boolean {
  const names = /^(?:\.\w+)+$/.test(fieldPath) ? fieldPath.slice(1).split('.') : [''];
  return names.reduce<Schema | undefined>((at, name) => at?.properties?.[name], schema) !== undefined;
}

/** Of the metadata, a rule of the whole object sees the names alone. */
function selfOf({ place, schema }: Pick<PlacedRule, 'place' | 'schema'>): Schema {
  if (place !== '') return schema;
  const name: Schema = { type: 'string' };
  const metadata: Schema = { type: 'object', properties: { name, generateName: name } };
  return { ...schema, properties: { ...schema.properties, metadata } };
}

function isTransition(expression: string): boolean {
  return expression.includes('oldSelf');
}

/**
 * Lists what the rules have against a new value, and against the change from an old one, each as `PATH: MESSAGE`. Both get
 * their defaults first.
 */
export function violations(schema: Schema, value: unknown, old?: unknown): readonly string[] {
  return look(schema, withDefaults(schema, value), withDefaults(schema, old), '');
}

function look(schema: Schema, value: unknown, old: unknown, path: string): readonly string[] {
  if (value === undefined || value === null) return [];
  const own = (schema['x-kubernetes-validations'] ?? []).flatMap((rule) => judge(rule, schema, value, old, path));
  const items = Array.isArray(value)
    ? value.flatMap((item, index) => look(schema.items ?? {}, item, undefined, `${path}[${index}]`))
    : [];
  const fields = Object.entries(schema.properties ?? {}).flatMap(([name, child]) =>
    look(child, isMap(value) ? value[name] : undefined, isMap(old) ? old[name] : undefined, `${path}.${name}`),
  );
  return [...own, ...items, ...fields];
}

const environments = new WeakMap<Schema, Environment>();

function environmentOf(schema: Schema): Environment {
  const known = environments.get(schema);
  if (known !== undefined) return known;
  const env = environment();
  declare(env, schema, 'self', 'oldSelf');
  environments.set(schema, env);
  return env;
}

function judge(
  { rule, message, messageExpression, fieldPath = '' }: Validation,
  schema: Schema,
  value: unknown,
  old: unknown,
  path: string,
): readonly string[] {
  const hasOld = old !== undefined && old !== null;
  if (isTransition(rule) && !hasOld) return [];
  const env = environmentOf(schema);
  const context = { self: celValue(value, schema), ...(hasOld ? { oldSelf: celValue(old, schema) } : {}) };
  if (env.evaluate(rule, context) === true) return [];
  const said = messageExpression === undefined ? message : String(env.evaluate(messageExpression, context));
  // The server drops a message with a line break in it, and says the other one.
  return [`${path}${fieldPath}: ${said.includes('\n') ? message : said}`];
}
