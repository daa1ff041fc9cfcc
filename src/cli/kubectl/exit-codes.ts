/** The exit statuses of the plugin. They follow kubectl, which ends with 1 after every failure. Pure. */

/** The command did what was asked. */
export const OK = 0;
/** The command failed, and said why on the standard error: a capture that failed, a refusal, no connection. */
export const FAILED = 1;
/** The command line cannot be carried out as it is written. */
export const USAGE = 2;
/** The hold did not cover the whole run of COMMAND. */
export const NOT_COVERED = 3;

/** A shell reports the end by a signal as 128 and the number of the signal. */
export const SIGNAL_BASE = 128;

const NUMBERS: Readonly<Record<string, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGALRM: 14,
  SIGTERM: 15,
  SIGXCPU: 24,
  SIGVTALRM: 26,
};

/** The exit status after a signal that asked the plugin to end. */
export function afterSignal(name: string): number {
  return SIGNAL_BASE + (NUMBERS[name] ?? NUMBERS['SIGTERM'] ?? 0);
}
