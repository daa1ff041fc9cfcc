/** The three forms in which a capture is printed. */
import { Document } from 'yaml';
import type { PodCapture } from '../api/podcapture.js';
import type { CheckpointOptions } from './checkpoint-arguments.js';
import { escapeEach, hexEscape, renderJson, wellFormed } from './render-json.js';
import type { RenderOptions } from './render-line.js';
import { renderTree } from './render-tree.js';

/**
 * Formats a capture, ending in a newline. `json` and `yaml` carry every value as it is, but write what must not reach a
 * terminal raw (escape sequences in a process's name) in their own escapes, which every parser reads back. Colour and
 * width are for `tree` only.
 */
export function formatCapture(
  capture: PodCapture,
  output: CheckpointOptions['output'],
  options: RenderOptions,
): string {
  if (output === 'tree') return renderTree(capture, options);
  return output === 'json' ? renderJson(capture) : formatYaml(capture);
}

/**
 * Every string is quoted, as in KYAML of Kubernetes. Readers disagree about bare words: to kubectl, which reads YAML 1.1,
 * `yes` is a boolean and `0o7` a number; to PyYAML a timestamp is a date. A quoted word is a string to all of them. Keys
 * are names of our fields, and need no quotes.
 */
function formatYaml(capture: PodCapture): string {
  // By default, an array that occurs twice is written once, and referred to by an alias.
  const document = new Document(capture, wellFormed, { aliasDuplicateObjects: false });
  const text = document.toString({
    defaultStringType: 'QUOTE_DOUBLE',
    defaultKeyType: 'PLAIN',
    lineWidth: 0,
    doubleQuotedMinMultiLineLength: Number.MAX_SAFE_INTEGER,
  });
  // The escaped characters include those that YAML forbids even in quotes, such as U+FFFE (YAML 1.1, section 5.1).
  return escapeEach(text, escapeUtf32);
}

/** YAML 1.2.2, section 5.7: an escape is one character, so a character beyond U+FFFF needs \U. */
function escapeUtf32(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return code > 0xffff ? hexEscape('\\U', code, 8) : hexEscape('\\u', code, 4);
}
