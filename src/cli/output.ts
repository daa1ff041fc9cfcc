/** The three forms in which a capture is printed. */
import { Document, Scalar, visit } from 'yaml';
import type { PodCapture } from '../api/podcapture.js';
import type { CheckpointOptions } from './checkpoint-arguments.js';
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
  return output === 'json' ? formatJson(capture) : formatYaml(capture);
}

/** JSON.stringify escapes U+0000 to U+001F and lone surrogates; left are C1, bidirectional overrides and the like. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;
const UNSAFE_EACH = /(?!\n)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** RFC 8259, section 7: beyond U+FFFF a pair of escapes. All such characters stand inside strings. */
function formatJson(capture: PodCapture): string {
  const text = JSON.stringify(capture, undefined, 2).replace(UNSAFE_EACH, (character) =>
    Array.from({ length: character.length }, (_, index) => hex('\\u', character.charCodeAt(index), 4)).join(''),
  );
  return `${text}\n`;
}

function formatYaml(capture: PodCapture): string {
  // Without this, an array that occurs twice would be written once and referred to by an alias.
  const document = new Document(capture, { aliasDuplicateObjects: false });
  visit(document, {
    Scalar(_, scalar) {
      if (typeof scalar.value === 'string' && UNSAFE.test(scalar.value)) scalar.type = Scalar.QUOTE_DOUBLE;
    },
  });
  // YAML 1.2.2, section 5.7: a \u escape is one character, so those beyond U+FFFF need \U.
  return document
    .toString({ lineWidth: 0, doubleQuotedMinMultiLineLength: Number.MAX_SAFE_INTEGER })
    .replace(UNSAFE_EACH, (character) => {
      const code = character.codePointAt(0) ?? 0;
      return code > 0xffff ? hex('\\U', code, 8) : hex('\\u', code, 4);
    });
}

function hex(prefix: string, code: number, digits: number): string {
  return `${prefix}${code.toString(16).padStart(digits, '0')}`;
}
