/** What to do about one PodCapture, given what this process knows. Pure. */
import { CLAIMED_BY_CONTROLLER, type PodCapture } from '../../api/kinds.js';
import { failure, type Failure } from '../pure/failure.js';
import { hasEnded, withdrawn } from './captured-object.js';

/** What this process has to do with a capture already. */
export interface OwnRun {
  /** It was told to end; telling it again changes nothing. */
  readonly cancelled: boolean;
  /** For how long it holds, as it knows. */
  readonly holdSeconds: number;
}

export interface Knowledge {
  /** UID of this agent's pod. */
  readonly me: string;
  /** SIGTERM came: nothing new is begun. */
  readonly stopping: boolean;
  /** While this process claims, carries out or reports it. */
  readonly run: OwnRun | undefined;
  /** This process is through with it, whatever the watch still shows. */
  readonly finished: boolean;
  /** Another capture of the same pod is under way here. */
  readonly podBusy: boolean;
  readonly slotFree: boolean;
}

export type NextStep =
  | { readonly do: 'ignore' }
  | { readonly do: 'claim' }
  /** Nothing to be carried out: claimed, where nobody has, and ended in one write. */
  | { readonly do: 'end'; readonly failure: Failure }
  | { readonly do: 'cancel'; readonly why: string }
  | { readonly do: 'adjustHold'; readonly holdSeconds: number }
  | { readonly do: 'wait'; readonly for: 'pod' | 'slot' };

const IGNORE: NextStep = { do: 'ignore' };

/** Ordered rules; the first that applies decides. */
export function nextStep(object: PodCapture, knowledge: Knowledge): NextStep {
  return knowledge.run === undefined ? forStranger(object, knowledge) : forOwn(object, knowledge.run);
}

function forOwn(object: PodCapture, run: OwnRun): NextStep {
  if (run.cancelled) return IGNORE;
  // Only another agent or the controller can have ended it, and either takes us for dead.
  if (hasEnded(object)) return { do: 'cancel', why: 'it was ended by somebody else' };
  const reason = withdrawn(object);
  if (reason !== undefined) return { do: 'cancel', why: reason };
  const { holdSeconds } = object.spec;
  return holdSeconds < run.holdSeconds ? { do: 'adjustHold', holdSeconds } : IGNORE;
}

function forStranger(object: PodCapture, { me, stopping, finished, podBusy, slotFree }: Knowledge): NextStep {
  if (hasEnded(object) || finished || stopping) return IGNORE;
  const claimedBy = object.status?.claimedBy;
  if (claimedBy === CLAIMED_BY_CONTROLLER) return IGNORE;
  if (claimedBy !== undefined) return { do: 'end', failure: abandoned(claimedBy, me) };
  const reason = withdrawn(object);
  if (reason !== undefined) return { do: 'end', failure: failure('Cancelled', `cancelled before it began: ${reason}`) };
  if (podBusy) return { do: 'wait', for: 'pod' };
  return slotFree ? { do: 'claim' } : { do: 'wait', for: 'slot' };
}

/** Whoever had claimed it was on this node, and is no more: an agent claims nothing on another node. */
function abandoned(claimedBy: string, me: string): Failure {
  const who = claimedBy === me ? 'this agent, before it was restarted,' : `the agent ${claimedBy}`;
  return failure('NodeAgentRestarted', `${who} had taken it, and did not report its end; what it held is free`);
}
