/** The plugin's access to programs of this machine. Types only. */

export interface LocalCommand {
  readonly file: string;
  readonly arguments: readonly string[];
  /** Added to the environment of the plugin. */
  readonly environment: Readonly<Record<string, string>>;
}

/** How a program ended. */
export type LocalEnd =
  | { readonly kind: 'exited'; readonly status: number }
  /** The name of the signal, such as `SIGKILL`, and its number on this machine. */
  | { readonly kind: 'killed'; readonly signal: string; readonly number: number }
  /** It did not start. `missing` says that there is no such file. One line for people. */
  | { readonly kind: 'unstarted'; readonly missing: boolean; readonly message: string };

export interface Running {
  /** Never rejects. */
  readonly ended: Promise<LocalEnd>;
  /** Sends a signal. Does nothing once the program has ended. */
  send(signal: string): void;
  /** Lets the plugin end before the program does. */
  leave(): void;
}

export interface Programs {
  /** Looks whether the program could be started. Returns undefined if so. */
  check(file: string): Promise<Extract<LocalEnd, { kind: 'unstarted' }> | undefined>;
  /** Starts a program that shares the three standard streams, and the process group, of the plugin. */
  start(command: LocalCommand): Running;
  /** Whether the plugin has a terminal, which sends the signals of its keys to the program as well. */
  hasTerminal(): Promise<boolean>;
}
