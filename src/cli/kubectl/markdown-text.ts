/** Renders the Markdown of docs/errors.md as text for a terminal: paragraphs, lists, code and tables, wrapped to a width. Pure. */
import { displayWidth, escapeText } from '../render-escape.js';
import { renderLine, span, type RenderOptions, type Span, type Style } from '../render-line.js';

/** Lines longer than this are hard to read, however wide the terminal is. */
const WIDEST = 100;
const NARROWEST = 30;

/** A code span, a link, strong text, or emphasis. A code span comes first, because nothing inside of it is a mark. */
const MARK = /(`[^`]+`)|\[([^\]]+)\]\([^)]*\)|\*\*([^*]+)\*\*|\*([^*\s][^*]*)\*/;

/** Renders the text, each line ended by a newline. The options' width is that of the terminal; without one it is 80. */
export function renderMarkdown(markdown: string, options: RenderOptions): string {
  const width = Math.max(NARROWEST, Math.min(options.width ?? 80, WIDEST));
  const lines = blocksOf(markdown).flatMap((block) => renderBlock(block, width, options.color));
  return lines.map((line) => `${renderLine(line, { color: options.color })}\n`).join('');
}

/** The text without its marks, on one line. */
export function plainText(markdown: string): string {
  return inline(markdown.replaceAll(/\s+/g, ' '), false)
    .map(({ text }) => text)
    .join('')
    .trim();
}

type Block =
  | { readonly kind: 'blank' }
  | { readonly kind: 'verbatim'; readonly text: string }
  /** `first` stands before the first line, and as many spaces before the others. */
  | { readonly kind: 'text'; readonly first: string; readonly text: string };

function blocksOf(markdown: string): Block[] {
  const blocks: Block[] = [];
  let fenced = false;
  let open: { first: string; text: string } | undefined;
  const close = (): void => {
    if (open !== undefined) blocks.push({ kind: 'text', ...open });
    open = undefined;
  };
  for (const line of markdown.split('\n')) {
    if (/^\s*```/.test(line)) {
      close();
      fenced = !fenced;
    } else if (fenced || line.startsWith('|')) {
      close();
      blocks.push({ kind: 'verbatim', text: fenced ? `    ${line}` : line });
    } else if (line.trim() === '') {
      close();
      blocks.push({ kind: 'blank' });
    } else {
      const [, indent = '', text = ''] = /^(\s*)- (.*)$/.exec(line) ?? [];
      if (text !== '' || open === undefined) {
        close();
        open = text === '' ? { first: '', text: line.trim() } : { first: `${indent}- `, text };
      } else open.text += ` ${line.trim()}`;
    }
  }
  close();
  return blocks;
}

function renderBlock(block: Block, width: number, color: boolean): Span[][] {
  switch (block.kind) {
    case 'blank':
      return [[]];
    case 'verbatim':
      return [[span(block.text)]];
    case 'text':
      return wrap(inline(block.text, color), block.first, width);
    default:
      return block satisfies never;
  }
}

/** The pieces of a text. Where there is no colour, a code span keeps its backticks. */
function inline(text: string, color: boolean): Span[] {
  const pieces: Span[] = [];
  let rest = text;
  for (let found = MARK.exec(rest); found !== null; found = MARK.exec(rest)) {
    const [whole, code, link, strong, emphasis] = found;
    if (found.index > 0) pieces.push(span(rest.slice(0, found.index)));
    if (code !== undefined) pieces.push(color ? span(code.slice(1, -1), 'bold') : span(code));
    else if (link !== undefined) pieces.push(...inline(link, color));
    else pieces.push(strong === undefined ? span(emphasis ?? '') : span(strong, 'bold'));
    rest = rest.slice(found.index + whole.length);
  }
  return rest === '' ? pieces : [...pieces, span(rest)];
}

/** Breaks the pieces at spaces. A word that is wider than the line has a line of its own. */
function wrap(pieces: readonly Span[], first: string, width: number): Span[][] {
  const lines: Span[][] = [];
  let line: Span[] = [span(first)];
  let used = first.length;
  for (const word of wordsOf(pieces)) {
    const needs = word.reduce((sum, { text }) => sum + displayWidth(escapeText(text)), 0);
    const begins = used === first.length;
    if (!begins && used + 1 + needs > width) {
      lines.push(line);
      line = [span(' '.repeat(first.length)), ...word];
      used = first.length + needs;
    } else {
      line.push(...(begins ? [] : [span(' ')]), ...word);
      used += needs + (begins ? 0 : 1);
    }
  }
  return [...lines, line];
}

/** A word may have several styles, such as `Held` in bold and the colon after it. */
function wordsOf(pieces: readonly Span[]): Span[][] {
  const words: Span[][] = [];
  let word: Span[] = [];
  for (const { text, style } of pieces) {
    for (const part of text.split(/( +)/)) {
      if (part === '') continue;
      if (part.startsWith(' ')) {
        if (word.length > 0) words.push(word);
        word = [];
      } else word.push(styled(part, style));
    }
  }
  return word.length === 0 ? words : [...words, word];
}

function styled(text: string, style: Style | undefined): Span {
  return style === undefined ? { text } : { text, style };
}
