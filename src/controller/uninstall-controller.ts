/** First step of an uninstall: the controller stops. */
import { asNumber, asObject, parseObject } from '../kube/json.js';
import { failure, isNotFound, success } from '../kube/result.js';
import { PODS } from './resources.js';
import { listAll, patiently } from './uninstall-requests.js';
import type { StepResult, Uninstalling } from './uninstall-step.js';

/**
 * How long the step waits for the controller's pods. A pod has 15 s to end, and its node may need longer to report the
 * end.
 */
const LONGEST_MILLISECONDS = 45_000;
/** How often the pods are checked. */
const LOOK_MILLISECONDS = 250;

/**
 * Scales the Deployment to zero, and waits until its pods and their pending writes are gone. A pod that remains after
 * the bound is on a node that does not respond. The step does not wait for it any longer, because its permissions are
 * removed soon.
 */
export async function stopController(uninstalling: Uninstalling): Promise<StepResult> {
  const { api, clock, log, namespace, controllerPods } = uninstalling;
  const scaled = await patiently(clock, () =>
    api.raw('PATCH', scaleOf(uninstalling), {
      body: { spec: { replicas: 0 } },
      contentType: 'application/merge-patch+json',
    }),
  );
  if (!scaled.ok && !isNotFound(scaled.error)) return scaled;
  const deadline = clock.monotonic() + LONGEST_MILLISECONDS;
  for (;;) {
    const pods = await listAll(uninstalling, PODS, { namespace, labelSelector: controllerPods });
    if (!pods.ok) return pods;
    if (pods.value.length === 0) return success(undefined);
    if (clock.monotonic() >= deadline) {
      const stopped = await controllerStayedStopped(uninstalling);
      if (!stopped.ok) return stopped;
      log.warn('pods of the controller are still there', { pods: pods.value.map((pod) => pod.metadata.name) });
      return success(undefined);
    }
    await clock.sleep(LOOK_MILLISECONDS);
  }
}

/**
 * Fails when somebody has started the controller again, as a tool does that keeps the cluster like a repository. Such a
 * controller would dispatch Checkpoints and add finalizers behind the uninstall.
 */
export async function controllerStayedStopped(uninstalling: Uninstalling): Promise<StepResult> {
  const { api, clock, controller } = uninstalling;
  const path = scaleOf(uninstalling);
  const found = await patiently(clock, () => api.raw('GET', path));
  if (!found.ok) return isNotFound(found.error) ? success(undefined) : found;
  const replicas = asNumber(asObject(parseObject(found.value.text)?.['spec'])?.['replicas']) ?? 0;
  if (replicas === 0) return success(undefined);
  return failure({
    method: 'GET',
    path,
    reason: 'Conflict',
    message: `somebody set ${controller} to ${replicas} replicas again: switch off what keeps it like that (Argo CD's self-heal, a Flux Kustomization), and try again`,
  });
}

function scaleOf({ namespace, controller }: Uninstalling): string {
  return `/apis/apps/v1/namespaces/${namespace}/deployments/${controller}/scale`;
}
