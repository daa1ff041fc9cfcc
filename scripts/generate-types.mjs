// Generates src/api/generated/*.ts from the CRDs. With --check it writes nothing, and fails when the files differ.
import { readFile, writeFile } from 'node:fs/promises';
import { compile } from 'json-schema-to-typescript';
import { format, resolveConfig } from 'prettier';
import { parse } from 'yaml';

const KINDS = [
  { crd: 'deploy/crds/checkpoints.yaml', out: 'src/api/generated/checkpoint.ts' },
  { crd: 'deploy/crds/podcaptures.yaml', out: 'src/api/generated/podcapture.ts' },
];

const check = process.argv.includes('--check');
let drifted = false;
for (const { crd, out } of KINDS) {
  const file = new URL(`../${out}`, import.meta.url);
  const types = await generate(crd, out);
  if (!check) await writeFile(file, types);
  else if ((await readFile(file, 'utf8').catch(() => '')) !== types) {
    drifted = true;
    console.error(`${out} differs from ${crd}: run npm run generate`);
  }
}
process.exitCode = drifted ? 1 : 0;

async function generate(crd, out) {
  const { spec } = parse(await readFile(new URL(`../${crd}`, import.meta.url), 'utf8'));
  const schema = spec.versions[0].schema.openAPIV3Schema;
  const definitions = {};
  name(schema, definitions);
  Object.assign(schema.properties, {
    apiVersion: { const: `${spec.group}/${spec.versions[0].name}` },
    kind: { const: spec.names.kind },
    metadata: { tsType: 'ObjectMeta' },
  });
  schema.required = ['apiVersion', 'kind', 'metadata', ...schema.required];
  const source = await compile({ ...schema, definitions }, schema.title, {
    additionalProperties: false,
    bannerComment: `// Generated from ${crd} by npm run generate.\nimport type { ObjectMeta } from '../object-meta.js';`,
    format: false,
    ignoreMinAndMaxItems: true,
  });
  return await format(source, { ...(await resolveConfig(out)), filepath: out });
}

/**
 * Turns each schema with a title into a type of that name, once. Schemas with the same title must be equal except for
 * their descriptions, which describe the field that has the schema.
 */
function name(schema, definitions) {
  for (const [key, child] of children(schema)) {
    name(child, definitions);
    if (child.title === undefined) continue;
    const known = definitions[child.title];
    if (known !== undefined && shapeOf(known) !== shapeOf(child))
      throw new Error(`two schemas are called ${child.title}`);
    definitions[child.title] = known ?? child;
    const reference = { $ref: `#/definitions/${child.title}` };
    if (key === undefined) schema.items = reference;
    else schema.properties[key] = reference;
  }
}

function shapeOf({ description: _, ...schema }) {
  return JSON.stringify(schema);
}

function children(schema) {
  const properties = Object.entries(schema.properties ?? {});
  return schema.items === undefined ? properties : [...properties, [undefined, schema.items]];
}
