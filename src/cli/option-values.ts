/**
 * Checks option values. The message of each failure is one line that names the option and the value. The checks are not
 * left to commander, because its messages depend on its version.
 */
import { parseDuration } from './duration.js';
import { quoteValue } from './render-escape.js';

export type Checked<Value> =
  { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly message: string };

/** Makes a failed {@link Checked}. */
export function refuse(message: string): { readonly ok: false; readonly message: string } {
  return { ok: false, message };
}

/** Refuses operands, for commands that take none. */
export function checkNoOperand([operand]: readonly string[]): Checked<undefined> {
  return operand === undefined ? { ok: true, value: undefined } : refuse(`unexpected argument ${quoteValue(operand)}`);
}

/** Returns the options without those whose value is undefined. */
export function given<Options extends object>(
  options: Options,
): { [Name in keyof Options]?: Exclude<Options[Name], undefined> } {
  const entries = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [Name in keyof Options]?: Exclude<Options[Name], undefined> };
}

/** Limits of a duration, in addition to the limit of {@link parseDuration}. */
export interface DurationLimits {
  readonly positive?: true;
  /** The largest value, written as a duration because the message quotes it. */
  readonly most?: string;
}

/** Checks a duration against the limits and returns microseconds. */
export function checkDuration(option: string, text: string, { positive, most }: DurationLimits): Checked<number> {
  const parsed = parseDuration(text);
  if (!parsed.ok) return refuse(`${option}: ${parsed.message}`);
  const { microseconds } = parsed;
  if (positive === true && microseconds === 0) return refuse(`${option}: ${quoteValue(text)} is no time at all`);
  const limit = most === undefined ? undefined : parseDuration(most);
  if (limit?.ok === true && microseconds > limit.microseconds) {
    return refuse(`${option}: ${quoteValue(text)} is longer than ${most}`);
  }
  return { ok: true, value: microseconds };
}

/** Checks a whole number in decimal digits. `least` and `most` themselves are allowed. */
export function checkInteger(option: string, text: string, least: number, most: number): Checked<number> {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return { ok: true, value };
  return refuse(`${option}: ${quoteValue(text)} is not a whole number from ${least} to ${most}`);
}

/** Like {@link checkInteger}, for an option without a default: undefined stays undefined. */
export function checkOptionalInteger(
  option: string,
  text: string | undefined,
  least: number,
  most: number,
): Checked<number | undefined> {
  return text === undefined ? { ok: true, value: undefined } : checkInteger(option, text, least, most);
}

/** Checks that the text is one of the choices. */
export function checkChoice<Choice extends string>(
  option: string,
  text: string,
  choices: readonly Choice[],
): Checked<Choice> {
  const value = choices.find((choice) => choice === text);
  if (value !== undefined) return { ok: true, value };
  return refuse(`${option}: ${quoteValue(text)} is not one of: ${choices.join(', ')}`);
}

/**
 * Checks words against the choices. Each text is a comma-separated list of words. The result has each word once, in the
 * order of the choices.
 */
export function checkChoices<Choice extends string>(
  option: string,
  texts: readonly string[],
  choices: readonly Choice[],
): Checked<readonly Choice[]> {
  const chosen = new Set<Choice>();
  for (const word of texts.flatMap((text) => text.split(','))) {
    const checked = checkChoice(option, word, choices);
    if (!checked.ok) return checked;
    chosen.add(checked.value);
  }
  return { ok: true, value: choices.filter((choice) => chosen.has(choice)) };
}

/** Gathers the values of an option that may be given more than once, for commander's `argParser`. */
export function collect(value: string, values: readonly string[] | undefined): readonly string[] {
  return [...(values ?? []), value];
}
