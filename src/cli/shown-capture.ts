/** From the text of a PodCapture, whoever wrote it, to what can be printed. Pure. */
import { parse } from 'yaml';
import type { PodCapture, PodCaptureStatus } from '../api/podcapture.js';

export type ShownCapture =
  | { readonly ok: true; readonly capture: PodCapture }
  /** One line for a person. */
  | { readonly ok: false; readonly message: string };

/** What a capture that has not ended does not have yet. */
const NOT_YET: Pick<PodCaptureStatus, 'tree' | 'unfrozen' | 'containers' | 'stopped' | 'zombies' | 'joined'> = {
  tree: [],
  unfrozen: [],
  containers: [],
  stopped: 0,
  zombies: 0,
  joined: 0,
};

/** Takes JSON and YAML. The fields themselves are trusted: the API server has checked them. */
export function parseShown(text: string): ShownCapture {
  let value: unknown;
  try {
    value = parse(text);
  } catch (error) {
    const [line = 'unreadable'] = (error instanceof Error ? error.message : String(error)).split('\n');
    return { ok: false, message: `neither JSON nor YAML: ${line}` };
  }
  if (!isRecord(value)) return { ok: false, message: 'there is no object in it' };
  const { kind, metadata, status } = value;
  if (kind !== 'PodCapture')
    return {
      ok: false,
      message: `it is a ${typeof kind === 'string' ? kind : 'thing without a kind'}, not a PodCapture`,
    };
  const name = isRecord(metadata) ? String(metadata['name']) : 'without a name';
  if (!isRecord(status) || !Array.isArray(status['conditions']) || !isRecord(status['timings']))
    return { ok: false, message: `PodCapture ${name} has not ended: there is nothing to show yet` };
  return { ok: true, capture: { ...value, status: { ...NOT_YET, ...status } } as unknown as PodCapture };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
