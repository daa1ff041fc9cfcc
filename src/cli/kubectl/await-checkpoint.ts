/** Follows a Checkpoint on the terminal until it is as wanted. */
import type { Checkpoint } from '../../api/kinds.js';
import { CHECKPOINT_RESOURCE } from './create-checkpoint.js';
import { follow } from './follow.js';
import { progressLine } from './progress.js';
import { describeRefusal } from './refusal.js';
import type { Cluster, Surroundings } from './surroundings.js';

export type Awaited =
  /** The wanted state was seen. */
  | { readonly kind: 'reached'; readonly checkpoint: Checkpoint }
  | { readonly kind: 'gone' }
  /** The server does not answer, or not to this user. `checkpoint` is the last state that was seen. */
  | { readonly kind: 'lost'; readonly message: string; readonly checkpoint: Checkpoint }
  /** The signal aborted. */
  | { readonly kind: 'interrupted'; readonly checkpoint: Checkpoint };

export interface Awaiting {
  readonly checkpoint: Checkpoint;
  readonly until: (checkpoint: Checkpoint) => boolean;
  readonly signal: AbortSignal;
  /** Says where the Checkpoint stands, or why that is not known at the moment. Default: on the progress line. */
  readonly tell?: (checkpoint: Checkpoint, trouble?: string) => Promise<void>;
}

/** A second counts on the terminal's line, also where nothing changes. */
const REDRAW_MILLISECONDS = 1_000;

/** Follows the Checkpoint until `until` holds for a state of it. */
export async function awaitCheckpoint(
  { terminal, clock }: Pick<Surroundings, 'terminal' | 'clock'>,
  { api, serverName }: Cluster,
  { checkpoint, until, signal, tell }: Awaiting,
): Promise<Awaited> {
  let last = checkpoint;
  let trouble: string | undefined;
  const began = clock.monotonic();
  const draw = async (): Promise<void> => {
    if (tell !== undefined) await tell(last, trouble);
    else
      await terminal.progress(trouble ?? progressLine(last, terminal.redraws ? clock.monotonic() - began : undefined));
  };
  const over = new AbortController();
  const ticking = terminal.redraws ? redraw(clock, over.signal, draw) : Promise.resolve();
  try {
    for await (const seen of follow({ api, clock, checkpoint, signal })) {
      switch (seen.kind) {
        case 'state':
          last = seen.checkpoint;
          trouble = undefined;
          await draw();
          if (until(last)) return { kind: 'reached', checkpoint: last };
          break;
        case 'gone':
          return { kind: 'gone' };
        case 'trouble':
          trouble = `${last.metadata.name}: no answer from ${serverName}; trying again`;
          await draw();
          break;
        case 'lost': {
          const { namespace = '', name } = last.metadata;
          const attempt = { verb: 'get', resource: CHECKPOINT_RESOURCE, namespace, name, serverName } as const;
          return { kind: 'lost', message: describeRefusal(seen.error, attempt), checkpoint: last };
        }
        default:
          seen satisfies never;
      }
    }
    return { kind: 'interrupted', checkpoint: last };
  } finally {
    over.abort();
    await ticking;
    await terminal.clearProgress();
  }
}

async function redraw(clock: Surroundings['clock'], over: AbortSignal, draw: () => Promise<void>): Promise<void> {
  while (!over.aborted) {
    await clock.sleep(REDRAW_MILLISECONDS, over);
    if (!over.aborted) await draw();
  }
}
