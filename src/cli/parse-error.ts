/** Says what commander's exceptions mean, in Stasis's own words. */
import type { CommanderError } from 'commander';
import { escapeMessage, quoteValue } from './render-escape.js';

/** The meaning of a command line that names no command. `text` ends with a newline; `message` is a single line without one. */
export type ParseEnd =
  | { readonly kind: 'help' | 'version'; readonly text: string }
  | { readonly kind: 'usage-error'; readonly message: string };

/** With exitOverride(), commander throws an exception even when it was asked for the help or the version. */
export function describeParseError(
  error: CommanderError,
  output: { readonly out: string; readonly err: string },
  argv: readonly string[],
): ParseEnd {
  switch (error.code) {
    case 'commander.version':
      return { kind: 'version', text: output.out };
    case 'commander.helpDisplayed':
      return { kind: 'help', text: output.out };
    case 'commander.help':
      return output.out === '' && argv.length > 0
        ? { kind: 'usage-error', message: unknownTopic(argv) }
        : { kind: 'help', text: output.out + output.err };
    case 'commander.optionMissingArgument':
      return {
        kind: 'usage-error',
        message: reword(error.message).replace(/^option "(.*)" argument missing$/, '$1: the value is missing'),
      };
    default:
      return { kind: 'usage-error', message: reword(error.message) };
  }
}

/** For `stasis help x` with an unknown x, commander prints the help of the whole program and asks for exit status 1. */
function unknownTopic(argv: readonly string[]): string {
  const topic = argv[0] === 'help' ? argv[1] : undefined;
  return topic === undefined ? 'no command was given' : `unknown command ${quoteValue(topic)}`;
}

/**
 * Turns a message of commander, such as `error: unknown option '--pod-uid'\n(Did you mean --pod?)`, into one line in
 * Stasis's form.
 */
function reword(message: string): string {
  const [, text = message, hint] = /^error: (.*?)(?:\n\(Did you mean (.*)\?\))?$/s.exec(message) ?? [];
  const quoted = text.replace(/'(.*)'/s, (_, value: string) => quoteValue(value));
  return escapeMessage(`${quoted}${hint === undefined ? '' : ` (did you mean ${hint}?)`}`);
}
