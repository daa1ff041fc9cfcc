/** Before the first step of an uninstall: whether an uninstall is what the cluster's administrator asked for. */
import { isNotFound, success, type KubeResult } from '../kube/result.js';
import type { Resource } from '../kube/types.js';
import { patiently } from './uninstall-requests.js';
import type { Uninstalling } from './uninstall-step.js';

const DEPLOYMENTS: Resource = {
  group: 'apps',
  version: 'v1',
  plural: 'deployments',
  namespaced: true,
  kind: 'Deployment',
};

/**
 * A Job with the annotations of a hook runs at once, as an ordinary Job, where its manifest is applied without the
 * installer that knows hooks. The Deployment of the same manifest then lacks the mark that this installer puts on
 * everything. Where the Deployment is gone, there is nothing to stop, and so nothing to protect.
 */
export async function uninstallWanted({
  api,
  clock,
  namespace,
  controller,
  installedBy,
}: Uninstalling): Promise<KubeResult<boolean>> {
  if (installedBy === undefined) return success(true);
  const found = await patiently(clock, () => api.get(DEPLOYMENTS, { namespace, name: controller }));
  if (!found.ok) return isNotFound(found.error) ? success(true) : found;
  const mark = found.value.metadata.annotations?.[installedBy.annotation];
  return success(mark !== undefined && (installedBy.value === undefined || mark === installedBy.value));
}
