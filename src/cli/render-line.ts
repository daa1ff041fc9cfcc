/** Renders lines of styled text. Pure. */
import { clip, displayWidth, escapeText } from './render-escape.js';

/** `color` is meant for terminals. With a `width`, lines are cut to that many columns. */
export interface RenderOptions {
  readonly color: boolean;
  readonly width?: number;
}

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow';

/** A piece of a line. `text` may be hostile, because {@link renderLine} escapes it. */
export interface Span {
  readonly text: string;
  readonly style?: Style;
}

/** The SGR parameters of each style (ECMA-48, 8.3.117). Red is also bold, so that nobody overlooks it. */
const SGR: Readonly<Record<Style, string>> = { bold: '1', dim: '2', red: '1;31', green: '32', yellow: '33' };

export function span(text: string, style?: Style): Span {
  return style === undefined ? { text } : { text, style };
}

/** The number of columns that the spans take together. */
export function spansWidth(spans: readonly Span[]): number {
  return spans.reduce((sum, each) => sum + displayWidth(escapeText(each.text)), 0);
}

/**
 * Renders one line, without a newline. Every {@link Span} reaches the output through this function, which escapes it,
 * so no renderer can forget to escape a text.
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
