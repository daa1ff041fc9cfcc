/** Breaks a sentence into lines between its words. Pure. */
import { displayWidth, escapeText } from '../render-escape.js';

/**
 * Returns the lines. None of them is wider than `width` columns, but for a word that is wider itself: a name that was cut in two could
 * not be copied. At least 20 columns are used.
 */
export function wrapWords(text: string, width: number): readonly string[] {
  const most = Math.max(20, width);
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && displayWidth(escapeText(longer)) > most) {
      lines.push(line);
      line = word;
    } else line = longer;
  }
  return [...lines, line];
}
