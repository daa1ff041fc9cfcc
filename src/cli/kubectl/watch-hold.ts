/** Watches a hold while a command runs. */
import type { Checkpoint } from '../../api/kinds.js';
import { follow } from './follow.js';
import { isHeld } from './hold-state.js';
import type { Cluster, Surroundings } from './surroundings.js';

export interface HoldWatch {
  /** The last state that was seen. */
  readonly last: Checkpoint;
  /** The hold was seen to be over: its last state, or undefined where the Checkpoint is gone. */
  readonly over: { readonly checkpoint: Checkpoint | undefined } | undefined;
  /** Ends the watching. Nothing is told from now on. */
  stop(): void;
}

/** After the server has not answered for long, or has refused to, it is asked again after this time. */
const AGAIN_MILLISECONDS = 10_000;

/**
 * Watches until it is stopped. `onOver` is called once, when the hold is seen to be over. That a server does not answer is no answer:
 * the hold may go on, so the watching does.
 */
export function watchHold(
  { clock }: Pick<Surroundings, 'clock'>,
  { api }: Cluster,
  checkpoint: Checkpoint,
  onOver: (checkpoint: Checkpoint | undefined) => void,
): HoldWatch {
  const stopping = new AbortController();
  const { signal } = stopping;
  let last = checkpoint;
  let over: HoldWatch['over'];
  const end = (state: Checkpoint | undefined): void => {
    over = { checkpoint: state };
    onOver(state);
  };
  const watching = async (): Promise<void> => {
    while (!signal.aborted) {
      try {
        for await (const seen of follow({ api, clock, checkpoint: last, signal })) {
          if (seen.kind === 'gone') return end(undefined);
          if (seen.kind !== 'state') continue;
          last = seen.checkpoint;
          if (!isHeld(last)) return end(last);
        }
      } catch {
        // Nobody waits for this promise. The release finds out by itself what became of the hold.
      }
      await clock.sleep(AGAIN_MILLISECONDS, signal);
    }
  };
  void watching();
  return {
    get last() {
      return last;
    },
    get over() {
      return over;
    },
    stop: () => stopping.abort(),
  };
}
