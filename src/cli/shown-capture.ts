/** Reads the text of a PodCapture, which anybody may have written, and renders it. Pure. */
import { parse } from 'yaml';
import type { PodCapture, PodCaptureStatus } from '../api/podcapture.js';
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

/** Length of the longest YAML that is read, in characters. 4 MiB of one-letter words take 2 minutes and 2 GB of memory (yaml 2.9). */
const MAX_YAML = 4 << 20;

/** Parses JSON or YAML. */
export function parseShown(text: string): ShownCapture {
  let value: unknown;
  try {
    value = readJson(text) ?? readYaml(text);
  } catch (error) {
    return { ok: false, message: `neither JSON nor YAML: ${firstLine(error)}` };
  }
  if (!isRecord(value)) return { ok: false, message: 'there is no object in it' };
  const { kind, metadata, status } = value;
  if (kind !== 'PodCapture')
    return {
      ok: false,
      message:
        typeof kind === 'string' ? `it is a ${kind}, not a PodCapture` : 'it has no kind, and is not a PodCapture',
    };
  const name = isRecord(metadata) ? String(metadata['name']) : 'without a name';
  if (!isRecord(status) || !Array.isArray(status['conditions']) || !isRecord(status['timings']))
    return { ok: false, message: `PodCapture ${name} has not ended: there is nothing to show yet` };
  if (!status['conditions'].every(isCondition))
    return { ok: false, message: `PodCapture ${name} has a condition that is none` };
  const timings = { ...NO_TIMINGS, ...status['timings'] };
  return { ok: true, capture: { ...value, status: { ...NOT_YET, ...status, timings } } as unknown as PodCapture };
}

/** Draws the tree. The capture may come from anybody, so that a field may have a type that Stasis never writes. */
export function renderShown(capture: PodCapture, options: RenderOptions): RenderedCapture {
  try {
    return { ok: true, text: renderTree(capture, options) };
  } catch (error) {
    return { ok: false, message: `it is a PodCapture that Stasis did not write: ${firstLine(error)}` };
  }
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function readYaml(text: string): unknown {
  if (text.length > MAX_YAML)
    throw new Error(`${text.length} characters are too many to be read as YAML; give it as JSON`);
  // By default the library prints a warning about an unknown tag or version, with a stack trace.
  return parse(text, { logLevel: 'error' });
}

function firstLine(error: unknown): string {
  const [line = 'unreadable'] = (error instanceof Error ? error.message : String(error)).split('\n');
  return line;
}

function isCondition(value: unknown): boolean {
  return isRecord(value) && ['type', 'status', 'reason', 'message'].every((field) => typeof value[field] === 'string');
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
