/** Reactions of the command to the signals that users, shells and terminals send. */
import { constants } from 'node:os';

/** The part of the process that sends and receives signals. Tests pass their own. */
export type SignalSource = Pick<NodeJS.Process, 'on' | 'off' | 'kill' | 'pid'>;

/** Signals of Ctrl-C, `kill`, a closed terminal, and Ctrl-\, whose default effect is a dump of all memory. */
const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;

/** Signals that a shell or nohup(1) may have set to be ignored. */
const IGNORABLE = [...ENDING, 'SIGTSTP'] as const;

/** Parses a mask of signals from /proc/PID/status (16 hexadecimal digits). Only ignorable signals are returned. */
export function signalsIn(mask: string | undefined): ReadonlySet<NodeJS.Signals> {
  const bits = /^[0-9a-f]{1,16}$/.test(mask ?? '') ? BigInt(`0x${mask}`) : 0n;
  return new Set(IGNORABLE.filter((name) => (bits & (1n << BigInt(constants.signals[name] - 1))) !== 0n));
}

/**
 * Ignores signals for good: the ones that were ignored when the command was started, because Node resets them, and
 * SIGUSR1, because Node opens its debugger on it, to every user of the machine.
 */
export function ignoreSignals(source: SignalSource, ignored: ReadonlySet<NodeJS.Signals>): void {
  for (const name of [...ignored, 'SIGUSR1'] as const) source.on(name, () => undefined);
}

export interface Ending {
  /** Aborts with the first signal that asks the command to end. */
  readonly signal: AbortSignal;
  /** Gives the signals their default effect again. */
  restore(): void;
}

/** Takes over the signals that ask the command to end. Its caller releases the pod first and ends after that. */
export function endOnSignal(source: SignalSource, ignored: ReadonlySet<NodeJS.Signals>): Ending {
  const controller = new AbortController();
  const end = (): void => controller.abort();
  const names = ENDING.filter((name) => !ignored.has(name));
  for (const name of names) source.on(name, end);
  return {
    signal: controller.signal,
    restore: () => {
      for (const name of names) source.off(name, end);
    },
  };
}
