/** The JSON paths that the API server evaluates: of columns and of selectable fields. */
import { property, type Schema } from './crd.js';

const TEXT: Schema = { type: 'string' };
/** The parts of ObjectMeta that a path may name. */
const METADATA: Schema = {
  type: 'object',
  properties: {
    name: TEXT,
    namespace: TEXT,
    uid: TEXT,
    creationTimestamp: { type: 'string', format: 'date-time' },
    labels: { type: 'object', additionalProperties: TEXT },
    annotations: { type: 'object', additionalProperties: TEXT },
    ownerReferences: {
      type: 'array',
      items: { type: 'object', properties: { apiVersion: TEXT, kind: TEXT, name: TEXT, uid: TEXT } },
    },
  },
};

/** One step: `.name`, `['name']`, `[0]`, `[*]`, or `[?(@.name=="text")]`. */
const STEP =
  /^(?:\.(?<name>\w+)|\['(?<quoted>(?:[^'\\]|\\.)+)'\]|\[(?<index>\d+|\*)\]|\[\?\(@(?<left>(?:\.\w+)+)==(?:"(?<right>[^"]*)"|(?<number>\d+))\)\])/;

/** Returns the schema of what a path leads to in objects of this schema. Throws when it leads nowhere. */
export function resolve(root: Schema, path: string): Schema {
  let schema: Schema = { ...root, properties: { ...root.properties, metadata: METADATA } };
  let rest = path;
  while (rest !== '') {
    const groups = STEP.exec(rest)?.groups;
    if (groups === undefined) throw new Error(`${path}: ${rest} is no step of a path`);
    schema = step(schema, groups);
    rest = rest.slice(STEP.exec(rest)?.[0].length);
  }
  return schema;
}

function step(
  schema: Schema,
  { name, quoted, left, right, number }: Readonly<Record<string, string | undefined>>,
): Schema {
  const key = name ?? quoted?.replace(/\\(.)/g, '$1');
  if (key !== undefined) return schema.additionalProperties ?? property(schema, key);
  const { items } = schema;
  if (items === undefined) throw new Error(`an index or a filter on ${schema.type}`);
  if (left !== undefined) compare(resolve(items, left), right, number);
  return items;
}

/** Throws unless a field of this schema can be equal to the value. */
function compare({ type, enum: values }: Schema, text: string | undefined, number: string | undefined): void {
  if (type !== (number === undefined ? 'string' : 'integer'))
    throw new Error(`a ${type} is compared with ${text ?? number}`);
  if (values?.includes(text) === false) throw new Error(`${text} is none of ${values.join(', ')}`);
}
