/** Lines of styled text. Pure. */
import { clip, displayWidth, escapeText } from './render-escape.js';

/** How to render: colour is for a terminal; with a width, longer lines are cut to so many columns. */
export interface RenderOptions {
  readonly color: boolean;
  readonly width?: number;
}

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow';

/** A piece of a line. Its text may be hostile: {@link renderLine} escapes it. */
export interface Span {
  readonly text: string;
  readonly style?: Style;
}

/** SGR parameters (ECMA-48, 8.3.117). The red is bold too: it must be seen. */
const SGR: Readonly<Record<Style, string>> = { bold: '1', dim: '2', red: '1;31', green: '32', yellow: '33' };

/** Makes a {@link Span}. */
export function span(text: string, style?: Style): Span {
  return style === undefined ? { text } : { text, style };
}

/** Columns that the spans take together. */
export function spansWidth(spans: readonly Span[]): number {
  return spans.reduce((sum, each) => sum + displayWidth(escapeText(each.text)), 0);
}

/**
 * Renders one line, without its newline. This is the only way from a {@link Span} to the output, and it escapes every
 * one, so that no renderer can forget to.
 */
export function renderLine(spans: readonly Span[], options: RenderOptions): string {
  let left = options.width ?? Number.POSITIVE_INFINITY;
  let line = '';
  for (const { text, style } of spans) {
    const escaped = escapeText(text);
    const shown = clip(escaped, left);
    line += options.color && style !== undefined && shown !== '' ? `\u001b[${SGR[style]}m${shown}\u001b[0m` : shown;
    if (shown !== escaped) return line;
    left -= displayWidth(shown);
  }
  return line;
}
