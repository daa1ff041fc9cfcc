/**
 * Releases a pod after a command has ended, and finds out whether the pod was held until then.
 *
 * The clocks of two machines cannot be compared, so the proof rests on the order of writes. The release is accepted only on the
 * version of the Checkpoint whose status says that the pod is held, and whose spec nobody has released (resourceVersion). The agent
 * then ends the hold with the reason ReleaseRequested; any other end came before the release reached it. That status may be an old
 * one, where the controller is away. So the pod must also have been held, by the clock of its node alone, for as long as the command
 * ran.
 */
import { hasEnded } from '../../api/conditions.js';
import type { Checkpoint } from '../../api/kinds.js';
import { after, linkAbort, withDeadline } from '../../kube/abort.js';
import { follow } from './follow.js';
import { doubtOf, heldCondition, heldMilliseconds, isHeld, isOver, isReleaseAsked, whyOver } from './hold-state.js';
import { spanText } from './hold-text.js';
import { releaseHold, staysHeld, type Releasing } from './release-hold.js';
import type { Cluster, Surroundings } from './surroundings.js';

export type Proof =
  | { readonly kind: 'covered'; readonly checkpoint: Checkpoint }
  /** The hold was not whole until the end of the command, or that cannot be known. Lines for people. */
  | {
      readonly kind: 'not-covered';
      readonly why: string;
      /** The pod may stand still now. */
      readonly stands?: string;
    };

export interface Proving extends Omit<Releasing, 'proving'> {
  /** Names this release among others. */
  readonly token: string;
  /** For how long the command ran, in milliseconds by the monotonic clock. */
  readonly ran: number;
  /** The end of a hold that is released is not waited for much longer. */
  readonly hurry: AbortSignal;
}

/** The agent lets go within milliseconds. An agent that was lost meanwhile is noticed by the controller after less than this. */
const END_MILLISECONDS = 120_000;
/** The report of the end follows the release at once, unless an artifact has to be stored. So long it is waited for. */
const REPORT_MILLISECONDS = 2_000;
/** After a signal, the end is waited for so long. */
const HURRY_MILLISECONDS = 5_000;
/**
 * The hold began before the command and ended after it, so it is longer than the run by at least two journeys of a packet. Only the
 * pace of the two clocks can take from that: NTP slews each by up to 500 ppm (Linux, adjtimex), and each of the two times is cut to
 * milliseconds here.
 */
const PACE = 0.001;
const ROUNDING_MILLISECONDS = 1;

type Parts = Pick<Surroundings, 'clock'>;

/** Sends the release at once, and again until it is accepted or the hold is over by itself. */
export async function proveRelease(parts: Parts, cluster: Cluster, proving: Proving): Promise<Proof> {
  const { checkpoint, token } = proving;
  const released = await releaseHold(parts, cluster, { ...proving, proving: { token, tooLate } });
  switch (released.kind) {
    case 'accepted': {
      // The answer shows the status of the moment in which the release was written.
      const why = released.late ?? (isOver(released.checkpoint) ? undefined : tooLateAt(released.checkpoint));
      if (why !== undefined) return notCovered(why, released.checkpoint);
      return await awaitEnd(parts, cluster, released.checkpoint, proving);
    }
    case 'gone':
      return GONE;
    case 'refused':
      return { ...stays('could not be released', released.message, checkpoint) };
    case 'given-up':
      return { ...stays('is not released', `the release was given up: ${released.message}`, checkpoint) };
    case 'unsent':
      return notCovered(`the release did not reach the server until the hold was over by itself: ${released.message}`);
    default:
      return released satisfies never;
  }
}

function stays(what: string, why: string, checkpoint: Checkpoint): Proof {
  const line = `the pod ${what}: ${why}; ${staysHeld(checkpoint)}`;
  return { kind: 'not-covered', why: line, stands: line };
}

function notCovered(why: string, checkpoint?: Checkpoint): Proof {
  const doubt = checkpoint === undefined ? undefined : doubtOf(checkpoint);
  if (doubt === undefined) return { kind: 'not-covered', why };
  return { kind: 'not-covered', why: `${why}; of the pod: ${doubt}`, stands: `of the pod: ${doubt}` };
}

const GONE: Proof = {
  kind: 'not-covered',
  why: 'the Checkpoint was deleted, and how long it held the pod is not known',
};

const RELEASED_BY_ANOTHER = 'somebody else released the pod';

/** Why a release proves nothing any more. */
function tooLate(checkpoint: Checkpoint): string | undefined {
  if (isOver(checkpoint)) return whyNotHeld(checkpoint);
  if (isReleaseAsked(checkpoint)) return RELEASED_BY_ANOTHER;
  return tooLateAt(checkpoint);
}

function tooLateAt(checkpoint: Checkpoint): string | undefined {
  return isHeld(checkpoint) ? undefined : whyNotHeld(checkpoint);
}

/** Says why a hold was over before its release, or was no longer whole. */
export function whyNotHeld(checkpoint: Checkpoint): string {
  if (!isOver(checkpoint)) return `the pod is no longer held as a whole: ${heldCondition(checkpoint)?.message}`;
  const { reason, message } = whyOver(checkpoint);
  if (reason === 'ReleaseRequested') return RELEASED_BY_ANOTHER;
  return `the hold had ended: ${reason}${message === '' ? '' : `: ${message}`}`;
}

/** Waits until the Checkpoint tells how the hold ended, for how long the pod was held, and whether it runs. */
async function awaitEnd({ clock }: Parts, { api }: Cluster, checkpoint: Checkpoint, proving: Proving): Promise<Proof> {
  return await withDeadline(clock, END_MILLISECONDS, proving.giveUp, async (signal): Promise<Proof> => {
    const link = linkAbort(signal);
    const over = new AbortController();
    const leave = (): void => void after(clock, HURRY_MILLISECONDS, over.signal, () => link.abort());
    if (proving.hurry.aborted) leave();
    else proving.hurry.addEventListener('abort', leave, { once: true });
    let why = 'the pod was released, but nothing told how the hold ended';
    let last: Checkpoint | undefined;
    try {
      for await (const seen of follow({ api, clock, checkpoint, signal: link.signal })) {
        if (seen.kind === 'gone') return GONE;
        if (seen.kind === 'lost') why = `${why} (${seen.error.message})`;
        if (seen.kind !== 'state' || !isOver(seen.checkpoint)) continue;
        if (hasEnded(seen.checkpoint.status)) return judge(seen.checkpoint, proving.ran);
        if (last === undefined) void after(clock, REPORT_MILLISECONDS, over.signal, () => link.abort());
        last = seen.checkpoint;
      }
      return last === undefined ? untold(why, checkpoint) : judge(last, proving.ran);
    } finally {
      over.abort();
      proving.hurry.removeEventListener('abort', leave);
      link.dispose();
    }
  });
}

/** The release is stored, and nobody has carried it out as far as is known. */
function untold(why: string, checkpoint: Checkpoint): Proof {
  const line = `${why}; if the node does not hear of it, the pod stays held until its ${checkpoint.spec.hold?.seconds ?? 0} s are over`;
  return { kind: 'not-covered', why: line, stands: line };
}

/** The hold is over. */
function judge(checkpoint: Checkpoint, ran: number): Proof {
  if (whyOver(checkpoint).reason !== 'ReleaseRequested') return notCovered(whyNotHeld(checkpoint), checkpoint);
  const held = heldMilliseconds(checkpoint);
  if (held === undefined)
    return notCovered('the Checkpoint does not say from when until when the pod was held', checkpoint);
  if (held < ran * (1 - PACE) - ROUNDING_MILLISECONDS)
    return notCovered(
      `by the clock of its node, the pod was held for ${spanText(held, 1)}, and the command ran for ${spanText(ran, 1)}`,
      checkpoint,
    );
  return { kind: 'covered', checkpoint };
}
