/**
 * Ctrl-Z (SIGTSTP). A stopped command could not tend the pod that it holds: killed processes would stay zombies, new
 * processes would run, and a closed freezer would stay closed until the guard opens it and ends the command. The command
 * therefore stops only when it holds nothing. It ends a hold for that purpose, and finishes everything that is shorter.
 */
import type { SignalSource } from './signals.js';

/** A capture that can be told to end its hold. */
export type Holding<Result> = (signal: AbortSignal, onHold: () => void) => Promise<Result>;

export interface Suspension {
  /** Carries out a capture. The hold ends early when the command is to stop, and when `signal` aborts. */
  during<Result>(signal: AbortSignal, capture: Holding<Result>): Promise<Result>;
  /** Stops the command now if SIGTSTP came, and returns when the command is continued. Nothing may be held. */
  take(): Promise<void>;
  /** Gives SIGTSTP its default effect again, which stops the command at once. */
  restore(): void;
}

/**
 * Time in which a stop begins, in milliseconds. A stop begins at once, or never: the kernel drops SIGTSTP in an orphaned
 * process group (POSIX), which no shell could continue. The value is far above the time that a signal takes.
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
  // Where SIGTSTP was ignored at the start, it stays ignored: see ignoreSignals().
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
