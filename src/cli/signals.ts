/** What the command does about signals that users, shells and terminals send to it. */
import { constants } from 'node:os';

/** Of the process; passed in, so that tests have their own. */
export type SignalSource = Pick<NodeJS.Process, 'on' | 'off' | 'kill' | 'pid'>;

/** Ctrl-C, `kill`, a terminal that is closed, Ctrl-\. The default effect of the last one is a dump of all memory. */
const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;

/** Those that a shell or nohup(1) may have told the command to ignore. */
const IGNORABLE = [...ENDING, 'SIGTSTP'] as const;

/** A set of signals as /proc/PID/status writes it, 16 hexadecimal digits, of those that the command may ignore. */
export function signalsIn(mask: string | undefined): ReadonlySet<NodeJS.Signals> {
  const bits = /^[0-9a-f]{1,16}$/.test(mask ?? '') ? BigInt(`0x${mask}`) : 0n;
  return new Set(IGNORABLE.filter((name) => (bits & (1n << BigInt(constants.signals[name] - 1))) !== 0n));
}

/**
 * Keeps signals from having their default effect, for good: those that were ignored when the command was started, which
 * Node forgets, and SIGUSR1, on which Node opens its debugger to every user of the machine.
 */
export function ignoreSignals(source: SignalSource, ignored: ReadonlySet<NodeJS.Signals>): void {
  for (const name of [...ignored, 'SIGUSR1'] as const) source.on(name, () => undefined);
}

export interface Ending {
  /** Aborts with the first signal that asks the command to end. */
  readonly signal: AbortSignal;
  /** The signals have their default effect again. */
  restore(): void;
}

/** Whoever is asked to end lets the pod go first, and does not end before it is let go. */
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
