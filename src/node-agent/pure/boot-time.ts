/** The boot time in /proc/stat: proc_stat(5). Pure. */
import { decimal } from './decimal.js';
import { missing, unreadable, type Parsed } from './parse-error.js';

const FILE = '/proc/stat';

/**
 * `btime`: the boot time in whole seconds since the epoch. It changes when the clock is set, so it is read once per capture. The
 * `intr` line before it grows with the machine (many kilobytes), so the text is searched, not split.
 */
export function parseBootTime(text: string): Parsed<number> {
  const key = 'btime ';
  const at = text.startsWith(key) ? 0 : text.indexOf(`\n${key}`) + 1;
  if (at === 0 && !text.startsWith(key)) return missing(FILE, 'btime');
  const end = text.indexOf('\n', at);
  const seconds = end === -1 ? -1 : decimal(text, at + key.length, end);
  if (seconds !== -1) return { ok: true, value: seconds };
  const line = text.slice(0, at).split('\n').length;
  return unreadable(FILE, line, text.slice(at, end === -1 ? undefined : end));
}
