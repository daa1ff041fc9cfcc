/** The parts of a markdown file that the tests of the documents look at. Pure. */

/** A fenced block of code. */
export interface Fence {
  /** The line of the opening fence, from 1. */
  readonly line: number;
  /** The first word after the fence; empty without one. */
  readonly language: string;
  /** The lines between the fences, without the indentation of the opening fence. */
  readonly lines: readonly string[];
  /** The text of the HTML comment on the line before the block. */
  readonly comment: string | undefined;
}

const OPENING = /^( *)(`{3,}|~{3,})\s*([^\s`]*)[^`]*$/;
const COMMENT_LINE = /^ *<!--(.*?)--> *$/;

export function fencesOf(text: string): Fence[] {
  const lines = text.split('\n');
  const fences: Fence[] = [];
  for (let at = 0; at < lines.length; at++) {
    const [, indent = '', marker = '', language = ''] = OPENING.exec(lines[at] ?? '') ?? [];
    if (marker === '') continue;
    const end = lines.findIndex((line, index) => index > at && isClosing(line, marker));
    const last = end === -1 ? lines.length : end;
    fences.push({
      line: at + 1,
      language,
      lines: lines.slice(at + 1, last).map((line) => (line.startsWith(indent) ? line.slice(indent.length) : line)),
      comment: COMMENT_LINE.exec(lines[at - 1] ?? '')?.[1]?.trim(),
    });
    at = last;
  }
  return fences;
}

function isClosing(line: string, marker: string): boolean {
  const trimmed = line.trim();
  return trimmed.startsWith(marker) && trimmed.replaceAll(marker.charAt(0), '') === '';
}

/** Returns the text with blank lines in place of fenced blocks, so that the numbers of the lines stay. */
export function withoutFences(text: string): string {
  const lines = text.split('\n');
  for (const { line, lines: inside } of fencesOf(text)) lines.fill('', line - 1, line + inside.length + 1);
  return lines.join('\n');
}

function blank(part: string): string {
  return part.replaceAll(/[^\n]/g, ' ');
}

/** Returns the text that readers see as text: without blocks and spans of code, and without comments. */
export function proseOf(text: string): string {
  return withoutFences(text)
    .replaceAll(/<!--[^]*?-->/g, blank)
    .replaceAll(/(?<!`)(`+)(?!`)([^]*?[^`])\1(?!`)/g, (span, ticks: string, inside: string) =>
      /\n\s*\n/.test(inside) ? span : ticks + blank(inside) + ticks,
    );
}

/** Returns the headings in their order, as they are written. */
export function headingsOf(text: string): string[] {
  const lines = withoutFences(text)
    .replaceAll(/<!--[^]*?-->/g, (comment) => comment.replaceAll(/[^\n]/g, ''))
    .split('\n');
  return lines.flatMap((line, at) => {
    const heading = /^ {0,3}#{1,6}[ \t]+(.*?)[ \t]*#*[ \t]*$/.exec(line)?.[1];
    if (heading !== undefined) return [heading];
    return /^ {0,3}(=+|-+)\s*$/.test(lines[at + 1] ?? '') && /^ {0,3}[^\s|>#*+-]/.test(line) ? [line.trim()] : [];
  });
}

/** Returns the anchors of a document: those that GitHub makes of its headings, and those that it names itself in HTML. */
export function anchorsOf(text: string): Set<string> {
  const anchors = new Set<string>();
  const used = new Map<string, number>();
  for (const heading of headingsOf(text)) {
    const slug = slugOf(heading);
    let anchor = slug;
    while (used.has(anchor)) {
      used.set(slug, (used.get(slug) ?? 0) + 1);
      anchor = `${slug}-${used.get(slug)}`;
    }
    used.set(anchor, 0);
    anchors.add(anchor);
  }
  for (const [, , name = ''] of withoutFences(text).matchAll(/<[a-z]\w*\b[^>]*?\b(?:id|name)=(["'])(.*?)\1/gi))
    anchors.add(name);
  return anchors;
}

/** GitHub's rule: the text that is shown, in lower case, without punctuation, and a hyphen for each space. */
export function slugOf(heading: string): string {
  return heading
    .replaceAll(/!?\[([^\]]*)\](?:\([^)]*\)|\[[^\]]*\])/g, '$1')
    .replaceAll(/<\/?[a-z][^>]*>/gi, '')
    .replaceAll(/(?<![\p{L}\p{N}])_+(?=\S)|(?<=\S)_+(?![\p{L}\p{N}])/gu, (marks) => (marks.length > 2 ? marks : ''))
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, '')
    .replaceAll(' ', '-');
}
