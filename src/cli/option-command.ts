/** What every command that takes options alone has in common: its help, and how it hands over what it was given. */
import type { Command } from 'commander';
import { checkNoOperand, type Checked } from './option-values.js';

/** What a command line that names the command means. */
export type OptionArguments<Kind extends string, Options> =
  { readonly kind: Kind; readonly options: Options } | { readonly kind: 'usage-error'; readonly message: string };

interface Handover<Kind extends string, Raw, Options> {
  readonly kind: Kind;
  /** Printed below the options: exit statuses, examples. */
  readonly help: string;
  /** Makes checked options of those on the command line. */
  readonly check: (raw: Raw) => Checked<Options>;
  readonly done: (result: OptionArguments<Kind, Options>) => void;
}

/** The last call of a declaration, after all its options. */
export function handOver<Kind extends string, Raw, Options>(
  command: Command,
  { kind, help, check, done }: Handover<Kind, Raw, Options>,
): void {
  command
    .helpOption('-h, --help', 'print this')
    .addHelpText('after', help)
    // An operand is refused here, in words of our own and after the options.
    .allowExcessArguments(true)
    .action((raw: Raw) => {
      const checked = check(raw);
      const alone = checked.ok ? checkNoOperand(command.args) : checked;
      if (!alone.ok) done({ kind: 'usage-error', message: alone.message });
      else if (checked.ok) done({ kind, options: checked.value });
    });
}
