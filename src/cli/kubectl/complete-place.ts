/** Finds out which part of a command line is being completed, from the declarations of commander alone. Pure. */
import type { Command, Option } from 'commander';
import { POD_KINDS } from './pod-kinds.js';

/** The kind of the word that is being completed. */
export type Place =
  | { readonly kind: 'command'; readonly command: Command }
  | { readonly kind: 'option'; readonly command: Command; readonly given: ReadonlySet<string> }
  | {
      readonly kind: 'value';
      readonly option: Option;
      /** The text before the value in the same word, such as `--output=`. */
      readonly before: string;
      readonly value: string;
    }
  /** `name` is that of the argument in its declaration. */
  | {
      readonly kind: 'argument';
      readonly name: string;
      readonly description: string;
      /** The kind is the word before, as in `pod web-0`. */
      readonly afterKind?: true;
    }
  /** A word of the command that follows `--`. */
  | { readonly kind: 'afterwards' }
  | { readonly kind: 'nothing' };

export interface Located {
  readonly place: Place;
  readonly command: Command;
  /** Values of the options that are given before, by their long names. A word without a value is no option's value. */
  readonly values: ReadonlyMap<string, string>;
  /** The words that are neither options nor names of commands. */
  readonly operands: readonly string[];
}

/** `words` are those before the word that is being completed. */
export function locate(program: Command, words: readonly string[], word: string): Located {
  const state = { command: program, values: new Map<string, string>(), operands: [] as string[] };
  const given = new Set<string>();
  let pending: Option | undefined;
  for (const each of words) {
    if (pending !== undefined) {
      state.values.set(longName(pending), each);
      pending = undefined;
    } else if (each === '--') {
      return { ...state, place: { kind: 'afterwards' } };
    } else if (each.length > 1 && each.startsWith('-')) {
      const { option, value } = readOption(state.command, each);
      if (option === undefined) continue;
      given.add(longName(option));
      if (value !== undefined) state.values.set(longName(option), value);
      else if (option.required) pending = option;
    } else {
      const entered = state.operands.length === 0 ? subcommand(state.command, each) : undefined;
      if (entered === undefined) state.operands.push(each);
      else state.command = entered;
    }
  }
  return { ...state, place: placeOf(state, word, given, pending) };
}

function placeOf(
  { command, operands }: Pick<Located, 'command' | 'operands'>,
  word: string,
  given: ReadonlySet<string>,
  pending: Option | undefined,
): Place {
  if (pending !== undefined) return { kind: 'value', option: pending, before: '', value: word };
  if (word.startsWith('-')) {
    const { option, before, value } = readOption(command, word);
    if (option !== undefined && value !== undefined) return { kind: 'value', option, before, value };
    return { kind: 'option', command, given };
  }
  if (command.commands.length > 0)
    return operands.length === 0 || (operands.length === 1 && operands[0] === 'help')
      ? { kind: 'command', command }
      : { kind: 'nothing' };
  const argument = command.registeredArguments[0];
  if (argument === undefined) return { kind: 'nothing' };
  const place = { kind: 'argument', name: argument.name(), description: argument.description } as const;
  // Every argument is declared as one that may be repeated, for the message about a word too many. The usage tells the truth.
  if (operands.length === 0 || command.usage().includes('...')) return place;
  const [kind] = operands;
  const isAfterKind = operands.length === 1 && place.name === 'pod' && POD_KINDS.some((known) => known === kind);
  return isAfterKind ? { ...place, afterKind: true } : { kind: 'nothing' };
}

interface ReadOption {
  readonly option?: Option;
  readonly before: string;
  readonly value?: string;
}

/** Reads `--output`, `--output=json`, `-o`, `-ojson`; `-Ao` is read as `-A`. */
function readOption(command: Command, word: string): ReadOption {
  const equals = word.indexOf('=');
  const long = word.startsWith('--');
  const end = long ? (equals < 0 ? word.length : equals) : 2;
  const name = word.slice(0, end);
  const option = optionsOf(command).find((each) => (long ? each.long : each.short) === name);
  if (option === undefined) return { before: '' };
  const takes = option.required || option.optional;
  if (!takes || word.length === end) return { option, before: '' };
  // kubectl's flags also take a `=` after the short form.
  const from = word[end] === '=' ? end + 1 : end;
  return { option, before: word.slice(0, from), value: word.slice(from) };
}

/** Every option that the help shows. */
export function optionsOf(command: Command): readonly Option[] {
  return command.createHelp().visibleOptions(command);
}

export function longName(option: Option): string {
  return option.long ?? option.short ?? '';
}

function subcommand(command: Command, word: string): Command | undefined {
  return command.commands.find((each) => each.name() === word || each.aliases().includes(word));
}

/** The words that a text such as `of the result: tree|json|yaml` lists. */
export function listedWords(text: string): readonly string[] {
  return /(?<![\w|])[\w-]+(?:\|[\w-]+)+/.exec(text)?.[0].split('|') ?? [];
}
