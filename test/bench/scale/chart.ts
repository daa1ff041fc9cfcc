/** The installed chart, as far as the bench takes the place of kubelet: what its pods would run, and as whom. */
import type { Cluster } from '../../cluster/harness/cluster.js';
import { install, STASIS_NAMESPACE } from '../../cluster/installed.js';
import { documents, one, podOf, type Rendered } from '../../cluster/rendered-chart.js';
import { must } from '../../cluster/harness/run.js';
import { identified, type Admin, type Identified } from './admin.js';

export interface InstalledChart {
  readonly controllerArguments: readonly string[];
  readonly controllerLabels: Readonly<Record<string, string>>;
  /** The memory limit of the controller, and of the uninstall Job, in bytes. */
  readonly memoryLimit: number;
  readonly uninstallArguments: readonly string[];
  readonly daemonSet: Identified;
}

const MEBIBYTE = /^(\d+)Mi$/;

/** Installs the chart with two replicas. Nothing makes its pods: those controllers do not run. */
export async function installChart(cluster: Cluster, admin: Admin, workers?: number): Promise<InstalledChart> {
  const more = workers === undefined ? [] : [`controller.workers=${workers}`];
  await install(cluster, 'controller.replicas=2', ...more);
  const rendered = await get(cluster, 'manifest');
  const hooks = await get(cluster, 'hooks');
  const pod = podOf(rendered, 'Deployment', 'stasis-controller');
  const [controller] = pod.containers;
  const [uninstall] = podOf(hooks, 'Job', 'stasis-uninstall').containers;
  const template = one(rendered, 'Deployment', 'stasis-controller').spec?.template?.metadata;
  const limits: { readonly memory?: string } | undefined = controller?.resources.limits;
  const daemonSets = `/apis/apps/v1/namespaces/${STASIS_NAMESPACE}/daemonsets/stasis-node-agent`;
  return {
    controllerArguments: controller?.args ?? [],
    controllerLabels: (template as { readonly labels?: Record<string, string> }).labels ?? {},
    memoryLimit: Number(MEBIBYTE.exec(limits?.memory ?? '')?.[1]) * 2 ** 20,
    uninstallArguments: uninstall?.args ?? [],
    daemonSet: identified(await admin.get(daemonSets)),
  };
}

async function get(cluster: Cluster, what: 'manifest' | 'hooks'): Promise<readonly Rendered[]> {
  const { command, env } = cluster.tool('helm');
  const stdout = await must([command, 'get', what, 'stasis', '-n', STASIS_NAMESPACE], { env });
  return documents({ status: 0, stdout, stderr: '' });
}
