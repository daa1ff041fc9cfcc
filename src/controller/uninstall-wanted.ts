/** Before the first step of an uninstall: whether an uninstall is what the cluster's administrator asked for. */
import { isNotFound, success, type KubeResult } from '../kube/result.js';
import type { KubeObject, ObjectMeta, Resource } from '../kube/types.js';
import { patiently } from './uninstall-requests.js';
import type { Uninstalling } from './uninstall-step.js';

const DEPLOYMENTS: Resource = {
  group: 'apps',
  version: 'v1',
  plural: 'deployments',
  namespaced: true,
  kind: 'Deployment',
};

/** A Job as far as it shows who made it. */
interface Made extends KubeObject {
  readonly metadata: ObjectMeta & {
    readonly managedFields?: readonly { readonly manager?: string }[];
  };
}

const JOBS: Resource<Made> = { group: 'batch', version: 'v1', plural: 'jobs', namespaced: true, kind: 'Job' };

/** Client-side apply, by whatever tool, keeps the manifest in it. Helm never does. */
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/**
 * The field managers of tools that make objects of manifests and know no hooks of Helm. Whole names: Helm's own is that of
 * the program that embeds it, and `kubectl-label` or `kubectl-edit` only say that somebody changed the Job. The operation
 * says nothing, because Helm 4 makes hooks by server-side apply, too.
 */
const APPLIERS: ReadonlySet<string> = new Set([
  'kubectl',
  'kubectl-client-side-apply',
  'kubectl-create',
  'kubectl-replace',
  'kustomize-controller',
  'argocd-controller',
]);

/** Whether the uninstall is wanted, or what speaks against it, as fields of a log line. */
export type Wish =
  { readonly wanted: true } | { readonly wanted: false; readonly why: Readonly<Record<string, string>> };

const WANTED: Wish = { wanted: true };

/**
 * A Job with the annotations of a hook runs at once, as an ordinary Job, where its manifest is applied by a tool that does
 * not know hooks. Two objects show that: the Job itself, by the traces of such a tool, and the Deployment, which lacks the
 * mark that the installer puts on everything. Where the Deployment is gone, there is nothing to stop, and so only the Job
 * is asked.
 */
export async function uninstallWanted(uninstalling: Uninstalling): Promise<KubeResult<Wish>> {
  const own = await jobIsWanted(uninstalling);
  return own.ok && own.value.wanted ? await deploymentIsWanted(uninstalling) : own;
}

async function jobIsWanted({ api, clock, namespace, ownJob }: Uninstalling): Promise<KubeResult<Wish>> {
  if (ownJob === undefined) return success(WANTED);
  const found = await patiently(clock, () => api.get(JOBS, { namespace, name: ownJob }));
  if (!found.ok) return found;
  const { annotations, managedFields } = found.value.metadata;
  if (annotations?.[LAST_APPLIED] !== undefined) return success({ wanted: false, why: { found: LAST_APPLIED } });
  const applier = managedFields?.find(({ manager }) => manager !== undefined && APPLIERS.has(manager))?.manager;
  return success(applier === undefined ? WANTED : { wanted: false, why: { appliedBy: applier } });
}

async function deploymentIsWanted(uninstalling: Uninstalling): Promise<KubeResult<Wish>> {
  const { api, clock, namespace, controller, installedBy } = uninstalling;
  if (installedBy === undefined) return success(WANTED);
  const found = await patiently(clock, () => api.get(DEPLOYMENTS, { namespace, name: controller }));
  if (!found.ok) return isNotFound(found.error) ? success(WANTED) : found;
  const mark = found.value.metadata.annotations?.[installedBy.annotation];
  const marked = mark !== undefined && (installedBy.value === undefined || mark === installedBy.value);
  return success(marked ? WANTED : { wanted: false, why: { missing: installedBy.annotation } });
}
