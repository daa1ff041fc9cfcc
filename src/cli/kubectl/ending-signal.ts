/** Turns the signals that ask the plugin to end into an AbortSignal. */
import type { SignalSource } from '../signals.js';

/**
 * Every signal that can be caught and ends a process by default (signal(7)). Left out are those of a crash, and SIGPIPE, which Node
 * ignores. Those that a system does not have do nothing there.
 */
const ENDING = [
  'SIGINT',
  'SIGTERM',
  'SIGHUP',
  'SIGQUIT',
  'SIGUSR2',
  'SIGALRM',
  'SIGVTALRM',
  'SIGXCPU',
  'SIGXFSZ',
  'SIGIO',
  'SIGPWR',
  'SIGSTKFLT',
] as const;

export interface EndingSignals {
  /**
   * Aborts with the first of these signals; its reason is the name. A second one ends the process at once, for people who press
   * Ctrl-C twice. While a pod is held, the signals are diverted.
   */
  readonly signal: AbortSignal;
  /** From now on, every signal is told to the listener and does nothing else. The result ends that. */
  readonly divert: (listener: (name: string) => void) => () => void;
  /** Acts as if the signal had come, where signals are diverted. Returns whether they are. */
  readonly raise: (name: string) => boolean;
}

export function endingSignals(source: SignalSource): EndingSignals {
  // Node would open its debugger, to every user of the machine.
  source.on('SIGUSR1', () => undefined);
  const controller = new AbortController();
  let diverted: ((name: string) => void) | undefined;
  const own = (name: string): void => {
    controller.abort(name);
    unlisten();
  };
  let unlisten = listen(source, own);
  return {
    signal: controller.signal,
    raise: (name) => {
      diverted?.(name);
      return diverted !== undefined;
    },
    divert: (listener) => {
      // The new listeners come first: without any, the signal would end the process.
      const stop = listen(source, listener);
      unlisten();
      diverted = listener;
      return () => {
        if (diverted !== listener) return;
        diverted = undefined;
        unlisten = controller.signal.aborted ? () => undefined : listen(source, own);
        stop();
      };
    },
  };
}

function listen(source: SignalSource, listener: (name: string) => void): () => void {
  const listeners = ENDING.map((name) => [name, () => listener(name)] as const);
  for (const [name, each] of listeners) source.on(name, each);
  return () => {
    for (const [name, each] of listeners) source.off(name, each);
  };
}
