/** Renders an object as YAML that every reader understands alike. Pure. */
import { Document } from 'yaml';
import { escapeEach, hexEscape } from '../kube/safe-json.js';
import { wellFormed } from './render-json.js';

/**
 * Every string is quoted, as in KYAML of Kubernetes. Readers disagree about bare words: to kubectl, which reads YAML 1.1,
 * `yes` is a boolean and `0o7` a number; to PyYAML a timestamp is a date. A quoted word is a string to all of them. Keys
 * are names of fields or of labels; a key that is not a plain word is quoted, too.
 */
export function renderYaml(value: object): string {
  // By default, an array that occurs twice is written once, and referred to by an alias.
  const document = new Document(value, wellFormed, { aliasDuplicateObjects: false });
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
