/**
 * Compares what a command prints with what a document shows. Times, figures, generated names and the marks of a tree
 * differ from run to run and do not count. All else must be the same. Pure.
 */

const CONSONANTS = '[bcdfghjklmnpqrstvwxz2456789]';
const RULES: readonly (readonly [RegExp, string])[] = [
  [/\p{Cc}\[[\d;]*m/gu, ''],
  [/\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?Z?/g, '<when>'],
  [/\b\d\d:\d\d:\d\d(?:\.\d+)?\b/g, '<when>'],
  [/\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b/g, '<uid>'],
  [/\b[0-9a-f]{12,}\b/g, '<hash>'],
  [new RegExp(`(?<=[a-z0-9])-(?:${CONSONANTS}{8,10}-)?(?:[0-9a-f]{10}|${CONSONANTS}{5})(?![\\w-])`, 'g'), '-<name>'],
  [/(?<![\w<])(?:\d+(?:\.\d+)?(?:ns|µs|us|ms|s|m|h|d))+(?!\w)/g, '<time>'],
  [/<time>(?: <time>)+/g, '<time>'],
  [/\bv\d+\b/g, 'v<n>'],
  [/(?<![A-Za-z_<])\d[\d.,]*(?<![.,])/g, '<n>'],
  [/(<n> )(process|thread|pod|container|node|checkpoint|task)(?:es|s)?\b/g, '$1$2'],
  [/[█▉▊▋▌▍▎▏▁▂▃▄▅▆▇■░▒▓]+/g, '<bar>'],
  [/(?:[│├└] *─* *)+/g, '─ '],
  [/[-─═]{3,}/g, '<rule>'],
  [/\s+/g, ' '],
];

/** Returns a line without what differs from run to run. */
export function shapeOf(line: string): string {
  return RULES.reduce((text, [pattern, by]) => text.replaceAll(pattern, by), line).trim();
}

/**
 * Returns the first line of the document that the output does not have after the lines before, or undefined. The output
 * may have more lines. A line that ends with `…` stands for all lines that begin so.
 */
export function missingLine(shown: readonly string[], printed: readonly string[]): string | undefined {
  const shapes = printed.map(shapeOf);
  let from = 0;
  for (const line of shown) {
    const shape = shapeOf(line);
    const open = shape.endsWith('…');
    const wanted = open ? shape.slice(0, -1).trimEnd() : shape;
    if (wanted === '') continue;
    const found = shapes.findIndex((other, at) => at >= from && (open ? other.startsWith(wanted) : other === wanted));
    if (found === -1) return line;
    from = found + 1;
  }
  return undefined;
}
