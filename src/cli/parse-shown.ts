/** Reads the text of a PodCapture, which anybody may have written. The library of YAML takes 30 ms to load. Pure. */
import { parse } from 'yaml';
import { firstLine, shownCapture, type ShownCapture } from './shown-capture.js';

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
  return shownCapture(value);
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
