/** Second step of an uninstall: all captures end, and none begins. */
import { hasEnded } from '../api/conditions.js';
import type { PodCapture } from '../api/kinds.js';
import { success, type KubeResult } from '../kube/result.js';
import { projectCapture } from './caches.js';
import { projectHeldPod } from './hold-projection.js';
import { PODCAPTURE_RESOURCE, PODS } from './resources.js';
import { changeEach, listAll } from './uninstall-requests.js';
import type { StepResult, Uninstalling } from './uninstall-step.js';

/**
 * The pause before the captures that have not ended are read again. It doubles up to the longest: an agent ends a released
 * capture within a second.
 */
const FIRST_PAUSE_MILLISECONDS = 250;
const LONGEST_PAUSE_MILLISECONDS = 4000;

/**
 * What to do about a capture that has not ended.
 * - `release`: an agent carries it out, so it may end by itself with everything that it collected. Its hold ends at once,
 *   as if its author had asked for that.
 * - `cancel`: no agent has begun, its agent is gone, or it did not end within half of the time. An agent does not begin a
 *   deleted capture, and rolls back a running one.
 * - `wait`: the agent is ending it.
 * - `give up`: it was deleted, and no agent carries it out. The kernel has released everything that a lost agent held.
 */
export type EndingStep = 'release' | 'cancel' | 'wait' | 'give up';

/** `agents` are the UIDs of the existing pods. `late` is true from half of the waiting time on. Pure. */
export function endingStep(capture: PodCapture, agents: ReadonlySet<string>, late: boolean): EndingStep {
  const claimedBy = capture.status?.claimedBy;
  const deleted = capture.metadata.deletionTimestamp !== undefined;
  if (claimedBy === undefined) return deleted ? 'give up' : 'cancel';
  if (!agents.has(claimedBy)) return deleted ? 'give up' : 'cancel';
  if (late && !deleted) return 'cancel';
  const { hold } = capture.spec;
  return hold !== undefined && hold.releaseReason === undefined && !deleted ? 'release' : 'wait';
}

/** Nobody asked for the release: the author of the hold is told that the hold was cut short. */
const RELEASE = { spec: { hold: { releaseReason: 'NodeAgentStopped' } } } as const;

/** Ends every capture. Gives up those that have not ended when the waiting time is over. */
export async function endCaptures(uninstalling: Uninstalling): Promise<StepResult> {
  const { api, clock, log, namespace, waitSeconds } = uninstalling;
  const start = clock.monotonic();
  let unfinished = await unfinishedCaptures(uninstalling);
  for (let pause = FIRST_PAUSE_MILLISECONDS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MILLISECONDS)) {
    if (!unfinished.ok) return unfinished;
    const pods = await listAll(uninstalling, PODS, { namespace }, projectHeldPod);
    if (!pods.ok) return pods;
    const agents = new Set(pods.value.map((pod) => pod.metadata.uid));
    const waited = clock.monotonic() - start;
    const steps = unfinished.value.map((capture) => ({
      capture,
      step: endingStep(capture, agents, waited >= waitSeconds * 500),
    }));
    if (steps.every(({ step }) => step === 'give up')) return success(undefined);
    const changed = await changeEach(
      clock,
      steps.filter(({ step }) => step === 'release' || step === 'cancel'),
      ({ capture, step }) => {
        const { namespace: home = '', name, uid } = capture.metadata;
        return step === 'release'
          ? api.mergePatch(PODCAPTURE_RESOURCE, { namespace: home, name, patch: RELEASE })
          : api.remove(PODCAPTURE_RESOURCE, { namespace: home, name, uid, propagationPolicy: 'Background' });
      },
    );
    if (!changed.ok) return changed;
    if (waited >= waitSeconds * 1000) {
      log.warn('gave up on captures that did not end', {
        captures: steps.filter(({ step }) => step !== 'give up').map(({ capture: { metadata } }) => metadata.name),
      });
      return success(undefined);
    }
    await clock.sleep(Math.min(pause, Math.max(0, waitSeconds * 1000 - waited)));
    unfinished = await lookAgain(uninstalling, unfinished.value);
  }
}

/**
 * Reads these captures once more, one by one. The controller has stopped, so no others come, and a list of all PodCaptures
 * of a cluster may be hundreds of megabytes.
 */
async function lookAgain(
  { api, clock }: Uninstalling,
  before: readonly PodCapture[],
): Promise<KubeResult<readonly PodCapture[]>> {
  const now: PodCapture[] = [];
  const looked = await changeEach(clock, before, async ({ metadata: { namespace = '', name, uid } }) => {
    const found = await api.get(PODCAPTURE_RESOURCE, { namespace, name });
    if (found.ok && found.value.metadata.uid === uid && !hasEnded(found.value.status)) {
      now.push(projectCapture(found.value));
    }
    return found;
  });
  return looked.ok ? success(now) : looked;
}

async function unfinishedCaptures(uninstalling: Uninstalling): Promise<KubeResult<readonly PodCapture[]>> {
  const listed = await listAll(uninstalling, PODCAPTURE_RESOURCE, {}, projectCapture);
  return listed.ok ? success(listed.value.filter(({ status }) => !hasEnded(status))) : listed;
}
