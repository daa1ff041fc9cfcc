/**
 * From what is known to what is done. Pure: the same observation decides the same, and what is decided, once it is done,
 * leads to an observation that decides nothing. The rules are asked in this order, and the first that has an answer is
 * obeyed.
 */
import { RELEASE_FINALIZER } from '../api/kinds.js';
import { hasEnded } from './condition.js';
import { wait, type Decision } from './decision.js';
import type { Observation, Orphan, Settled } from './observation.js';
import { decideUndispatched } from './rules/dispatch.js';
import { cancel, captureEnded, captureVanished, finished } from './rules/ended.js';
import { agentLost, deleting, holdLowered, progress } from './rules/running.js';

const SETTLED: readonly ((observation: Settled) => Decision | undefined)[] = [
  agentLost, // Whatever else is so: nobody would report any more
  captureEnded, // The result, before anything that could take it away
  captureVanished, // Dispatched, and gone: never again
  finished, // Finalizers off, time to live
  deleting, // Let go first
  holdLowered, // By its author, or for the pod's or the node's sake
  progress, // Show how far it is
];

export function decide(observation: Observation): Decision {
  switch (observation.stage) {
    case 'Undispatched':
      return decideUndispatched(observation);
    case 'Orphan':
      return decideOrphan(observation);
    case 'Settled':
      for (const rule of SETTLED) {
        const decision = rule(observation);
        if (decision !== undefined) return decision;
      }
      return wait('settled');
    default:
      return observation satisfies never;
  }
}

/** Without its Checkpoint nobody waits for the result: it is cancelled, and let go when its agent has ended it. */
function decideOrphan(observation: Orphan): Decision {
  const lost = agentLost(observation);
  if (lost !== undefined) return { ...lost, rule: 'orphanLost' };
  const { capture } = observation;
  if (!hasEnded(capture.status)) return cancel('orphan', capture);
  const guarded = capture.metadata.finalizers?.includes(RELEASE_FINALIZER) === true;
  return guarded ? { rule: 'orphan', actions: [{ kind: 'unguard-capture' }] } : wait('orphan');
}
