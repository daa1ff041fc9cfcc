/** A List as kubectl prints it, in pieces: thousands of objects would take hundreds of megabytes as one text. Pure. */
import { renderJson } from '../render-json.js';
import { renderYaml } from '../render-yaml.js';

/** The objects are given as JSON. Each piece ends with a newline, and has one object at most. */
export function* listPieces(objects: readonly string[], form: 'json' | 'yaml'): Generator<string> {
  if (form === 'json') yield* jsonPieces(objects);
  else yield* yamlPieces(objects);
}

function* jsonPieces(objects: readonly string[]): Generator<string> {
  if (objects.length === 0) {
    yield renderJson({ apiVersion: 'v1', items: [], kind: 'List', metadata: { resourceVersion: '' } });
    return;
  }
  yield '{\n  "apiVersion": "v1",\n  "items": [\n';
  for (const [index, object] of objects.entries()) {
    const text = renderJson(JSON.parse(object)).trimEnd();
    yield `${indent(text, '    ')}${index === objects.length - 1 ? '' : ','}\n`;
  }
  yield '  ],\n  "kind": "List",\n  "metadata": {\n    "resourceVersion": ""\n  }\n}\n';
}

function* yamlPieces(objects: readonly string[]): Generator<string> {
  yield objects.length === 0 ? 'apiVersion: "v1"\nitems: []\n' : 'apiVersion: "v1"\nitems:\n';
  for (const object of objects) {
    const text = renderYaml(JSON.parse(object) as object).trimEnd();
    yield `${indent(text, '  ').replace(/^ {2}/, '- ')}\n`;
  }
  yield 'kind: "List"\nmetadata:\n  resourceVersion: ""\n';
}

/** No value has a newline of its own: both forms write it as an escape. */
function indent(text: string, spaces: string): string {
  return text.replaceAll(/^/gm, spaces);
}
