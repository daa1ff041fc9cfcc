/** A command of the plugin. A new command is a file with a PluginCommand, and a line in commands.ts. Types only. */
import type { Command } from 'commander';
import type { Surroundings } from './surroundings.js';

/** Carries out the command. Resolves to the exit status (exit-codes.ts), and never rejects but for a defect. */
export type Run = (surroundings: Surroundings) => Promise<number>;

/** The meaning of a command line that names the command. */
export type Chosen = { readonly ok: true; readonly run: Run } | { readonly ok: false; readonly message: string };

export interface PluginCommand {
  /**
   * Declares the command. `choose` is called with the meaning of a command line that names this command. `after` has the words that
   * follow `--` on the command line; undefined when there is no `--`.
   */
  readonly add: (program: Command, choose: (chosen: Chosen) => void, after: readonly string[] | undefined) => void;
  /** Whether words may follow `--`. */
  readonly takesCommand?: true;
}
