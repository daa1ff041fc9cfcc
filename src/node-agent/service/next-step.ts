/** Decides what to do about one PodCapture, from what this process knows. Pure. */
import { hasEnded } from '../../api/conditions.js';
import { CLAIMED_BY_CONTROLLER, type PodCapture } from '../../api/kinds.js';
import { failure, type Failure } from '../pure/failure.js';
import type { ReleaseReason } from '../report/end-conditions.js';
import { withdrawn } from './captured-object.js';
import type { Busy } from './slots.js';

/** The state of a capture that this process is working on. */
export interface OwnRun {
  /** The run was told to end. Telling it again changes nothing. */
  readonly cancelled: boolean;
  /** The run was told to end its hold. */
  readonly released: boolean;
}

export interface Knowledge {
  /** UID of this agent's pod. */
  readonly me: string;
  /** SIGTERM has arrived: nothing new begins. */
  readonly stopping: boolean;
  /** The heartbeat could not be renewed for so long that nothing new begins. */
  readonly cutOff: boolean;
  /** Set while this process claims, carries out or reports the capture. */
  readonly run: OwnRun | undefined;
  /** This process has finished the capture, whatever the watch still shows. */
  readonly finished: boolean;
  /** This agent runs another capture of the same pod. */
  readonly podBusy: boolean;
  /** The reason why the capture has to wait on this node; undefined when the capture may begin. */
  readonly nodeBusy: Busy | undefined;
  /** A claim of this process was sent, and its answer is not known: a claim by this agent is that one. */
  readonly claimSent: boolean;
  /** The step that is not tried again yet: a claim after a refusal, or everything after a defect. */
  readonly resting: 'claim' | 'everything' | undefined;
}

export type NextStep =
  | { readonly do: 'ignore' }
  | { readonly do: 'claim' }
  /** Nothing is carried out: one write claims the capture (if nobody has) and ends it. */
  | { readonly do: 'end'; readonly failure: Failure }
  | { readonly do: 'cancel'; readonly why: string }
  | { readonly do: 'release'; readonly reason: ReleaseReason }
  | { readonly do: 'wait'; readonly for: 'pod' | 'heartbeat' | 'retry' }
  | { readonly do: 'wait'; readonly for: 'node'; readonly busy: Busy };

const IGNORE: NextStep = { do: 'ignore' };

/** The rules are ordered, and the first rule that applies decides. */
export function nextStep(object: PodCapture, knowledge: Knowledge): NextStep {
  return knowledge.run === undefined ? forStranger(object, knowledge) : forOwn(object, knowledge.run);
}

function forOwn(object: PodCapture, run: OwnRun): NextStep {
  if (run.cancelled) return IGNORE;
  // Only another agent or the controller can have ended the capture, and both do so only when they believe this agent
  // dead.
  if (hasEnded(object.status)) return { do: 'cancel', why: 'another agent or the controller ended the capture' };
  const why = withdrawn(object);
  if (why !== undefined) return { do: 'cancel', why };
  const reason = object.spec.hold?.releaseReason;
  return reason === undefined || run.released ? IGNORE : { do: 'release', reason };
}

function forStranger(object: PodCapture, knowledge: Knowledge): NextStep {
  const { me, stopping, finished, cutOff, podBusy, nodeBusy, claimSent, resting } = knowledge;
  if (hasEnded(object.status) || finished || stopping) return IGNORE;
  const claimedBy = object.status?.claimedBy;
  if (claimedBy === CLAIMED_BY_CONTROLLER) return IGNORE;
  if (resting === 'everything') return { do: 'wait', for: 'retry' };
  if (claimedBy !== undefined && !(claimSent && claimedBy === me))
    return { do: 'end', failure: abandoned(claimedBy, me) };
  const reason = withdrawn(object);
  if (reason !== undefined) return { do: 'end', failure: failure('Cancelled', `cancelled before it began: ${reason}`) };
  if (cutOff) return { do: 'wait', for: 'heartbeat' };
  if (resting === 'claim') return { do: 'wait', for: 'retry' };
  if (podBusy) return { do: 'wait', for: 'pod' };
  return nodeBusy === undefined ? { do: 'claim' } : { do: 'wait', for: 'node', busy: nodeBusy };
}

/**
 * The claimant was an agent on this node, because an agent claims only captures of its own node; and that agent no
 * longer exists.
 */
function abandoned(claimedBy: string, me: string): Failure {
  const who = claimedBy === me ? 'this agent, before its restart,' : `the agent ${claimedBy}`;
  // The condition Released says what became of the pod, once an agent has looked at the pod.
  return failure('NodeAgentRestarted', `${who} had claimed the capture and did not report its end`);
}
