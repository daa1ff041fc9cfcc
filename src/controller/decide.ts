/**
 * Decides what to do about an observation. Pure. The same observation always leads to the same decision, and once the
 * decision has been carried out, the next observation requires nothing more. The rules are asked in the order below,
 * and the first rule with an answer decides.
 */
import { hasEnded } from '../api/conditions.js';
import { RELEASE_FINALIZER } from '../api/kinds.js';
import { wait, type Decision } from './decision.js';
import type { Observation, Orphan, Settled } from './observation.js';
import { decideDenied, decideQueued, decideUndispatched } from './rules/dispatch.js';
import { cancel, captureEnded, captureVanished, finished } from './rules/ended.js';
import { agentLost, deleting, holdReleased, notBegun, progress } from './rules/running.js';

/**
 * How soon a Checkpoint that was made again is visited, in milliseconds. Not at once: on a server that was restored from a
 * backup, the cache keeps the newer object until the next list, and each visit would come here again.
 */
const REPLACED_AGAIN_MILLISECONDS = 50;

const SETTLED: readonly ((observation: Settled) => Decision | undefined)[] = [
  agentLost, // First: no other rule can count on a report of this agent
  captureEnded, // Copies the result before a later rule could delete it
  captureVanished, // A capture that disappeared is never created again
  finished, // Removes finalizers, and obeys the time to live
  deleting, // Releases the pod before the Checkpoint disappears
  notBegun, // The starting deadline is over
  holdReleased, // Ends the hold: its author asked, or the pod or node must go
  progress, // Shows the progress
];

export function decide(observation: Observation): Decision {
  switch (observation.stage) {
    case 'Queued':
      return decideQueued(observation);
    case 'Denied':
      return decideDenied(observation);
    case 'Replaced':
      return wait('replaced', REPLACED_AGAIN_MILLISECONDS);
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

/**
 * Nobody waits for the result of a capture without Checkpoint. The capture is cancelled, and its finalizer is removed
 * once the agent has ended it.
 */
function decideOrphan(observation: Orphan): Decision {
  const lost = agentLost(observation);
  if (lost !== undefined) return { ...lost, rule: 'orphanLost' };
  const { capture } = observation;
  if (!hasEnded(capture.status)) return cancel('orphan', capture);
  const hasFinalizer = capture.metadata.finalizers?.includes(RELEASE_FINALIZER) === true;
  return hasFinalizer ? { rule: 'orphan', actions: [{ kind: 'remove-capture-finalizer' }] } : wait('orphan');
}
