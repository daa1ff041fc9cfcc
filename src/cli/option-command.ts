/** Code shared by all commands that take options and no operands: their help, and the handover of their options. */
import type { Command } from 'commander';
import { checkNoOperand, type Checked } from './option-values.js';

/** The meaning of a command line that names the command. */
export type OptionArguments<Kind extends string, Options> =
  { readonly kind: Kind; readonly options: Options } | { readonly kind: 'usage-error'; readonly message: string };

interface Handover<Kind extends string, Raw, Options> {
  readonly kind: Kind;
  /** The text below the options in the help: exit statuses and examples. */
  readonly help: string;
  /** Checks the options of the command line and fills in the defaults. */
  readonly check: (raw: Raw) => Checked<Options>;
  readonly done: (result: OptionArguments<Kind, Options>) => void;
}

/** Completes the declaration of a command. Must be called after all its options are declared. */
export function handOver<Kind extends string, Raw, Options>(
  command: Command,
  { kind, help, check, done }: Handover<Kind, Raw, Options>,
): void {
  command
    .helpOption('-h, --help', 'print this')
    .addHelpText('after', help)
    // commander must accept operands, so that the action can refuse them with Stasis's own message, after the options.
    .allowExcessArguments(true)
    .action((raw: Raw) => {
      const checked = check(raw);
      const alone = checked.ok ? checkNoOperand(command.args) : checked;
      if (!alone.ok) done({ kind: 'usage-error', message: alone.message });
      else if (checked.ok) done({ kind, options: checked.value });
    });
}
