/** Takes a PodCapture out of what anybody may have written, and renders it. Pure. */
import type { PodCapture, PodCaptureStatus } from '../api/podcapture.js';
import { quoteValue } from './render-escape.js';
import type { RenderOptions } from './render-line.js';
import { TIMING_FIELDS } from './render-phases.js';
import { renderTree } from './render-tree.js';

export type ShownCapture =
  | { readonly ok: true; readonly capture: PodCapture }
  /** One line for people. */
  | { readonly ok: false; readonly message: string };

export type RenderedCapture =
  | { readonly ok: true; readonly text: string }
  /** One line for people. */
  | { readonly ok: false; readonly message: string };

const NO_TIMINGS = Object.fromEntries(TIMING_FIELDS.map((field) => [field, 0]));

/** The fields that a capture does not have before it has ended. */
const NOT_YET: Pick<PodCaptureStatus, 'tree' | 'unfrozen' | 'containers' | 'stopped' | 'zombies' | 'joined'> = {
  tree: [],
  unfrozen: [],
  containers: [],
  stopped: 0,
  zombies: 0,
  joined: 0,
};

/** Takes a PodCapture out of an object that anybody may have written, and fills in what a capture lacks that has not ended as a whole. */
export function shownCapture(value: unknown): ShownCapture {
  const object = isRecord(value) ? onlyItem(value) : value;
  if (!isRecord(object)) return { ok: false, message: 'there is no object in it' };
  const { kind, metadata, status } = object;
  if (kind !== 'PodCapture') return { ok: false, message: notACapture(object) };
  const name = isRecord(metadata) ? String(metadata['name']) : 'without a name';
  if (!isRecord(status) || !Array.isArray(status['conditions']) || !isRecord(status['timings']))
    return { ok: false, message: `PodCapture ${name} has not ended: its tree comes when the pod is let go` };
  if (!status['conditions'].every(isCondition))
    return { ok: false, message: `PodCapture ${name} has a condition that is none` };
  const timings = { ...NO_TIMINGS, ...status['timings'] };
  return { ok: true, capture: { ...object, status: { ...NOT_YET, ...status, timings } } as unknown as PodCapture };
}

/** `kubectl get -l ... -o json` prints a List, also of one object. */
function onlyItem(value: Readonly<Record<string, unknown>>): unknown {
  const { kind, items } = value;
  return kind === 'List' && Array.isArray(items) && items.length === 1 ? items[0] : value;
}

function notACapture({ kind, items, status }: Readonly<Record<string, unknown>>): string {
  if (kind === 'List' && Array.isArray(items)) return `it is a List of ${items.length} objects; give one PodCapture`;
  const pods = kind === 'Checkpoint' && isRecord(status) ? status['pods'] : undefined;
  const first: unknown = Array.isArray(pods) ? pods[0] : undefined;
  if (isRecord(first) && typeof first['captureName'] === 'string')
    return `it is a Checkpoint; its PodCapture is ${quoteValue(first['captureName'])}`;
  return typeof kind === 'string' ? `it is a ${kind}, not a PodCapture` : 'it has no kind, and is not a PodCapture';
}

/** Draws the tree. The capture may come from anybody, so that a field may have a type that Stasis never writes. */
export function renderShown(capture: PodCapture, options: RenderOptions): RenderedCapture {
  try {
    return { ok: true, text: renderTree(capture, options) };
  } catch (error) {
    return { ok: false, message: `it is a PodCapture that Stasis did not write: ${firstLine(error)}` };
  }
}

export function firstLine(error: unknown): string {
  const [line = 'unreadable'] = (error instanceof Error ? error.message : String(error)).split('\n');
  return line;
}

function isCondition(value: unknown): boolean {
  return isRecord(value) && ['type', 'status', 'reason', 'message'].every((field) => typeof value[field] === 'string');
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
