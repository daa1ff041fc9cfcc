/** Tells by the locale of the user which characters a terminal shows. Pure. */

/** The first of these variables that is set decides (locale(7)). */
const VARIABLES = ['LC_ALL', 'LC_CTYPE', 'LANG'];

/** Whether the terminal takes UTF-8, and so shows block characters. */
export function showsBlocks(environment: Readonly<Record<string, string | undefined>>): boolean {
  const locale = VARIABLES.map((name) => environment[name]).find((value) => value !== undefined && value !== '');
  return locale !== undefined && /utf-?8/i.test(locale);
}
