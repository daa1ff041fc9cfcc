/**
 * Ctrl-Z (SIGTSTP). A command that is stopped cannot tend what it holds: nobody would reap the dead of the pod and seize its
 * newcomers, and a freezer that is closed would stay so until the guard opens it and ends the command. So the command
 * stops only when it holds nothing: a hold is ended for it, everything shorter is finished first.
 */
import type { SignalSource } from './signals.js';

/** A capture that can be told to end its hold. */
export type Holding<Result> = (signal: AbortSignal, onHold: () => void) => Promise<Result>;

export interface Suspension {
  /** Carries out a capture. Its hold ends early when the command is to stop; `signal` is handed on. */
  during<Result>(signal: AbortSignal, capture: Holding<Result>): Promise<Result>;
  /** Stops the command now if it was asked to, and returns when it is continued. Nothing may be held. */
  take(): Promise<void>;
  /** SIGTSTP has its default effect again: it stops the command at once. */
  restore(): void;
}

/**
 * How long a stop that was asked for may take to begin. It begins at once, but for a process group that no shell looks
 * after (POSIX: an orphaned one), in which the kernel drops the signal.
 */
const STOP_WITHIN_MS = 100;

/**
 * Takes over SIGTSTP, unless it is ignored.
 *
 * @param tell prints a line for the user, before the command stops
 */
export function suspendWhenFree(
  source: SignalSource,
  ignored: ReadonlySet<NodeJS.Signals>,
  tell: (message: string) => Promise<void>,
): Suspension {
  let asked = false;
  let endedHold = false;
  let holding: AbortController | undefined;
  const endHold = (): void => {
    endedHold ||= holding !== undefined;
    holding?.abort();
  };
  const onStop = (): void => {
    asked = true;
    endHold();
  };
  // Without a listener of ours the one that ignores the signal is all there is.
  if (!ignored.has('SIGTSTP')) source.on('SIGTSTP', onStop);

  return {
    during: async (signal, capture) => {
      const early = new AbortController();
      try {
        return await capture(AbortSignal.any([signal, early.signal]), () => {
          holding = early;
          if (asked) endHold();
        });
      } finally {
        holding = undefined;
      }
    },
    take: async () => {
      while (asked) {
        asked = false;
        if (endedHold) await tell('stopped by SIGTSTP: the hold was ended first, and nothing is held');
        endedHold = false;
        source.off('SIGTSTP', onStop);
        const goesOn = continued(source);
        source.kill(source.pid, 'SIGTSTP');
        await goesOn;
        source.on('SIGTSTP', onStop);
      }
    },
    restore: () => void source.off('SIGTSTP', onStop),
  };
}

/** Returns when the process is continued, or when it turns out that it was not stopped. */
async function continued(source: SignalSource): Promise<void> {
  await new Promise<void>((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      source.off('SIGCONT', done);
      resolve();
    };
    const timer = setTimeout(done, STOP_WITHIN_MS);
    source.on('SIGCONT', done);
  });
}
