/**
 * CEL as the API server has it, for rules of a schema and for admission policies: compiling, which checks types, and
 * evaluating. What is missing is the cost budget; the tests on a real API server find a rule that is too expensive.
 */
import { Environment } from '@marcbachmann/cel-js';
import { isMap, type Schema } from './crd.js';

const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const FORMATS: Readonly<Record<string, RegExp>> = {
  dns1123Label: new RegExp(`^${LABEL}$`),
  dns1123Subdomain: new RegExp(`^${LABEL}(\\.${LABEL})*$`),
};

/** A named format, and the library that has it, as types of CEL. */
class FormatLibrary {
  readonly formats = Object.keys(FORMATS);
}
class NamedFormat {
  readonly pattern: RegExp;
  constructor(pattern: RegExp) {
    this.pattern = pattern;
  }
}

const INVALID = 'a lowercase RFC 1123 name must consist of lower case alphanumeric characters';

/** An environment with the libraries that Kubernetes adds to CEL, as far as the rules use them. */
export function environment(): Environment {
  const env = new Environment({ enableOptionalTypes: true });
  env.registerType('FormatLibrary', FormatLibrary);
  env.registerType('NamedFormat', NamedFormat);
  env.registerConstant('format', 'FormatLibrary', new FormatLibrary());
  for (const [name, pattern] of Object.entries(FORMATS))
    env.registerFunction({
      name,
      receiverType: 'FormatLibrary',
      returnType: 'NamedFormat',
      params: [],
      handler: () => new NamedFormat(pattern),
    });
  const optional = new Environment({ enableOptionalTypes: true });
  env.registerFunction({
    name: 'validate',
    receiverType: 'NamedFormat',
    returnType: 'optional<list<string>>',
    params: [{ name: 'text', type: 'string' }],
    handler: ({ pattern }: NamedFormat, text: string): unknown =>
      optional.evaluate(pattern.test(text) ? 'optional.none()' : `optional.of([${JSON.stringify(INVALID)}])`),
  });
  return env;
}

/** Declares the variables, all of them with the type of the schema. */
export function declare(env: Environment, schema: Schema, ...names: readonly string[]): void {
  const type = celType(env, schema, `T_${names[0]}`);
  for (const name of names) env.registerVariable(name, type);
}

/** Returns the CEL type of a schema. The types of objects are registered in the environment, with names from `name`. */
function celType(env: Environment, schema: Schema, name: string): string {
  const { type = '', format, properties, items, additionalProperties } = schema;
  if (type === 'array') return `list<${celType(env, items ?? {}, `${name}_item`)}>`;
  if (additionalProperties !== undefined) return `map<string, ${celType(env, additionalProperties, `${name}_value`)}>`;
  if (type === 'object') {
    const fields = Object.entries(properties ?? {}).map(([key, child]) => [key, celType(env, child, `${name}_${key}`)]);
    env.registerType(name, { fields: Object.fromEntries(fields) as Record<string, string> });
    return name;
  }
  if (type === 'string' && format === 'date-time') return 'google.protobuf.Timestamp';
  const simple = { string: 'string', integer: 'int', boolean: 'bool', number: 'double' }[type];
  if (simple === undefined) throw new Error(`CEL has no type for ${type}`);
  return simple;
}

/** JSON as CEL sees it. Whole numbers are int; a text is a timestamp only where the schema says so. */
export function celValue(value: unknown, schema?: Schema): unknown {
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : value;
  if (typeof value === 'string' && schema?.format === 'date-time') return new Date(value);
  if (Array.isArray(value)) return value.map((item) => celValue(item, schema?.items));
  if (!isMap(value)) return value;
  const entries = Object.entries(value).map(([key, child]) => {
    return [key, celValue(child, schema?.properties?.[key] ?? schema?.additionalProperties)] as const;
  });
  return schema?.additionalProperties === undefined ? Object.fromEntries(entries) : new Map(entries);
}

/**
 * Returns what the API server would say against the expression; undefined when it compiles and has that type.
 * `has()` does not make an undeclared field known there, but does in this library, so what is in it is checked apart.
 */
export function objection(env: Environment, expression: string, type: 'bool' | 'string'): string | undefined {
  const inside = [...expression.matchAll(/\bhas\(([\w.]+)\)/g)].map(([, path = '']) => path);
  for (const path of inside) {
    const { valid, error } = env.check(path);
    if (!valid) return `has(${path}): ${String(error?.message)}`;
  }
  const { valid, type: found, error } = env.check(expression);
  if (!valid) return String(error?.message);
  return found === type || found === 'dyn' ? undefined : `is of type ${found}, not ${type}`;
}
