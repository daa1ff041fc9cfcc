/** Finds what the API server would refuse in the status of a PodCapture, or store in more bytes than a status may have. */
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import type { PodCaptureStatus } from '../../../../src/api/kinds.js';
import { MAX_STATUS_BYTES } from '../../../../src/node-agent/service/status.js';
import { schemaViolations, type Schema } from './schema.js';

const CRD = parse(readFileSync('deploy/crds/podcaptures.yaml', 'utf8')) as {
  spec: { versions: [{ schema: { openAPIV3Schema: { properties: { status: Schema } } } }] };
};
export const SCHEMA = CRD.spec.versions[0].schema.openAPIV3Schema.properties.status;

/** The JSON as the API server writes it: encoding/json of Go escapes more than JSON.stringify() does. */
function asGo(text: string): string {
  return text
    .replace(/[<>&\u2028\u2029]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .replace(/\\(.)/g, (pair, second: string) => ({ b: '\\u0008', f: '\\u000c' })[second] ?? pair);
}

/** Lists what the server would refuse, or store as more than 32 KiB; empty for a status that is fine. */
export function refusals(status: PodCaptureStatus): string[] {
  const text = JSON.stringify(status);
  const bytes = Math.max(Buffer.byteLength(text), Buffer.byteLength(asGo(text)));
  const tooLarge = bytes > MAX_STATUS_BYTES ? [`${bytes} bytes`] : [];
  return [...tooLarge, ...schemaViolations(SCHEMA, JSON.parse(text))];
}
