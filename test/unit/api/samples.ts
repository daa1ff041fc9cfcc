/** Specs with every field set to something other than its default, for the tests of the rules. */
import { fieldAt, type Json, type Schema } from './crd.js';

export const MINIMAL: Json = { podName: 'web' };

export const FULL: Json = {
  podName: 'web-0.example',
  containers: ['app', 'sidecar'],
  freezer: 'None',
  timeoutSeconds: 20,
  startingDeadlineSeconds: 60,
  hold: { seconds: 3600, release: false, despiteProbes: true },
  maxPauseMilliseconds: 500,
  dryRun: true,
  include: ['Cmdline'],
  ttlSecondsAfterFinished: 60,
};

export const CAPTURE: Json = {
  nodeName: 'node-1',
  podName: 'web',
  podUID: '0f8fad5b-d9cb-469f-a165-70867728950e',
  containers: [
    { name: 'app', containerID: 'abc123' },
    { name: 'sidecar', containerID: 'def456' },
  ],
  freezer: 'Auto',
  timeoutSeconds: 10,
  hold: { seconds: 60, releaseReason: 'NodeDrained' },
  maxPauseMilliseconds: 500,
  dryRun: false,
  include: ['Cmdline'],
};

/** Another value that the schema allows at that path; undefined, which takes the field away, where there is no other. */
export function another(schema: Schema, path: string, value: unknown): unknown {
  const field = fieldAt(schema, path);
  if (Array.isArray(value)) return value.length > 1 ? value.slice(1) : undefined;
  if (field.enum !== undefined) return field.enum.find((one) => one !== value);
  if (typeof value === 'boolean') return !value;
  if (typeof value === 'number') return value === field.minimum ? value + 1 : value - 1;
  return `${String(value)}x`;
}
