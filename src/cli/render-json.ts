/** Formats JSON for a terminal: every value is kept, and characters that a terminal would act on are escaped. Pure. */
import { escapeJson } from '../kube/safe-json.js';

const LONE_SURROGATE = /\p{Cs}/gu;

/** The value as JSON, indented by two spaces, ending in a newline. */
export function renderJson(value: unknown): string {
  return `${escapeJson(JSON.stringify(value, wellFormed, 2))}\n`;
}

/**
 * A replacer for JSON.stringify(): half of a surrogate pair becomes U+FFFD. Readers that keep text as UTF-8, such as
 * kubectl, refuse or replace such a half.
 */
export function wellFormed(_: unknown, value: unknown): unknown {
  return typeof value === 'string' ? value.replace(LONE_SURROGATE, '\ufffd') : value;
}
