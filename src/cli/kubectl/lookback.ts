/** Checks how far back somebody wants to look. */
import { checkDuration, refuse, type Checked } from '../option-values.js';
import { quoteValue } from '../render-escape.js';

const DAY = 24 * 60 * 60 * 1_000;

/** Checks a time to look back, such as `90m`, `24h` or `7d`. Returns milliseconds. */
export function checkLookback(option: string, text: string): Checked<number> {
  const [, days] = /^(\d{1,4})d$/.exec(text) ?? [];
  if (days !== undefined)
    return Number(days) === 0
      ? refuse(`${option}: ${quoteValue(text)} is no time at all`)
      : { ok: true, value: Number(days) * DAY };
  const checked = checkDuration(option, text, { positive: true });
  if (checked.ok) return { ok: true, value: checked.value / 1000 };
  return checked.message.endsWith('is longer than 24h')
    ? refuse(`${option}: ${quoteValue(text)} is longer than 24h; give days, such as 7d`)
    : checked;
}
