/** Second step of an uninstall: no capture runs, and none begins. */
import type { PodCapture } from '../api/kinds.js';
import { success, type KubeResult } from '../kube/result.js';
import { hasEnded } from './condition.js';
import { PODCAPTURE_RESOURCE, PODS } from './resources.js';
import { changeEach, listAll } from './uninstall-requests.js';
import type { StepResult, Uninstalling } from './uninstall-step.js';

const LOOK_MILLISECONDS = 250;

/**
 * What to do about a capture that has not ended.
 * - `release`: an agent is at it, so let it end by itself, with all that it collected; a hold ends at once.
 * - `cancel`: nobody has begun, or it did not end in half of the time; what is being deleted is not begun, and is rolled back.
 * - `wait`: both was done.
 * - `give up`: its agent is gone, and what that held is free.
 */
export type EndingStep = 'release' | 'cancel' | 'wait' | 'give up';

/** Pure. `agents` are the UIDs of the pods that are there; `late` from half of the waiting time on. */
export function endingStep(capture: PodCapture, agents: ReadonlySet<string>, late: boolean): EndingStep {
  const claimedBy = capture.status?.claimedBy;
  const deleted = capture.metadata.deletionTimestamp !== undefined;
  if (claimedBy === undefined) return deleted ? 'give up' : 'cancel';
  if (!agents.has(claimedBy)) return deleted ? 'give up' : 'cancel';
  if (late && !deleted) return 'cancel';
  return capture.spec.holdSeconds > 0 && !deleted ? 'release' : 'wait';
}

/** Ends every capture, or gives it up after the waiting time. */
export async function endCaptures(uninstalling: Uninstalling): Promise<StepResult> {
  const { api, clock, log, namespace, waitSeconds } = uninstalling;
  const start = clock.monotonic();
  for (;;) {
    const unfinished = await unfinishedCaptures(uninstalling);
    if (!unfinished.ok) return unfinished;
    const pods = await listAll(uninstalling, PODS, { namespace });
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
          ? api.mergePatch(PODCAPTURE_RESOURCE, { namespace: home, name, patch: { spec: { holdSeconds: 0 } } })
          : api.remove(PODCAPTURE_RESOURCE, { namespace: home, name, uid, propagationPolicy: 'Background' });
      },
    );
    if (!changed.ok) return changed;
    if (waited >= waitSeconds * 1000) {
      log.warn('captures did not end, and are given up', {
        captures: steps.filter(({ step }) => step !== 'give up').map(({ capture: { metadata } }) => metadata.name),
      });
      return success(undefined);
    }
    await clock.sleep(LOOK_MILLISECONDS);
  }
}

async function unfinishedCaptures(uninstalling: Uninstalling): Promise<KubeResult<readonly PodCapture[]>> {
  const listed = await listAll(uninstalling, PODCAPTURE_RESOURCE, {}, withoutTree);
  return listed.ok ? success(listed.value.filter(({ status }) => !hasEnded(status))) : listed;
}

/** A tree has up to 256 KiB, and nothing here looks at it. */
export function withoutTree(capture: PodCapture): PodCapture {
  if (capture.status === undefined) return capture;
  const { tree: _tree, unfrozen: _unfrozen, ...status } = capture.status;
  return { ...capture, status };
}
