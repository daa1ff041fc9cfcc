/** First step of an uninstall: no controller runs any more. */
import { isNotFound, success } from '../kube/result.js';
import { PODS } from './resources.js';
import { listAll, patiently } from './uninstall-requests.js';
import type { StepResult, Uninstalling } from './uninstall-step.js';

/** A controller's pod has 15 s to end, and its node may be slow to say so. */
const LONGEST_MILLISECONDS = 45_000;
const LOOK_MILLISECONDS = 250;

/**
 * Scales the Deployment to nothing and waits until its pods are gone, and with them whatever they were about to write. A pod
 * that stays past the bound is on a node that does not answer; its permissions end in a moment, and it is not waited for.
 */
export async function stopController(uninstalling: Uninstalling): Promise<StepResult> {
  const { api, clock, log, namespace, controller, controllerPods } = uninstalling;
  const path = `/apis/apps/v1/namespaces/${namespace}/deployments/${controller}/scale`;
  const scaled = await patiently(clock, () =>
    api.raw('PATCH', path, { body: { spec: { replicas: 0 } }, contentType: 'application/merge-patch+json' }),
  );
  if (!scaled.ok && !isNotFound(scaled.error)) return scaled;
  const deadline = clock.monotonic() + LONGEST_MILLISECONDS;
  for (;;) {
    const pods = await listAll(uninstalling, PODS, { namespace, labelSelector: controllerPods });
    if (!pods.ok) return pods;
    if (pods.value.length === 0) return success(undefined);
    if (clock.monotonic() >= deadline) {
      log.warn('pods of the controller do not end', { pods: pods.value.map((pod) => pod.metadata.name) });
      return success(undefined);
    }
    await clock.sleep(LOOK_MILLISECONDS);
  }
}
