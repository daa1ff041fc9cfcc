/** Tests what the chart renders for the controller. Needs no cluster. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { one, podOf, render, renderByHelm, type Rendered } from './rendered-chart.js';

let rendered: readonly Rendered[] = [];

// The timeout is long because helm is compiled the first time.
beforeAll(async () => {
  rendered = await renderByHelm();
}, 1_800_000);

async function controllerArgs(...more: readonly string[]): Promise<readonly string[] | undefined> {
  return podOf(await render(...more), 'Deployment', 'stasis-controller').containers[0]?.args;
}

const RESTRICTED = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ['ALL'] },
};

/** The tolerations of the controller's pods for a lost node. */
function lost(tolerationSeconds: number): readonly object[] {
  return ['not-ready', 'unreachable'].map((taint) => ({
    key: `node.kubernetes.io/${taint}`,
    operator: 'Exists',
    effect: 'NoExecute',
    tolerationSeconds,
  }));
}

describe('the controller', () => {
  test('meets Pod Security level restricted, and so does the uninstall Job', () => {
    for (const pod of [
      podOf(rendered, 'Deployment', 'stasis-controller'),
      podOf(rendered, 'Job', 'stasis-uninstall'),
    ]) {
      expect(pod.securityContext).toEqual({
        runAsNonRoot: true,
        runAsUser: 65532,
        runAsGroup: 65532,
        seccompProfile: { type: 'RuntimeDefault' },
      });
      expect(pod.containers.map(({ securityContext }) => securityContext)).toEqual([RESTRICTED]);
      expect(pod.volumes).toBeUndefined();
      expect(pod.hostPID).toBeUndefined();
    }
  });

  test('has two replicas that prefer different nodes and a disruption budget, and no budget with one replica', async () => {
    expect(one(rendered, 'Deployment', 'stasis-controller').spec).toMatchObject({ replicas: 2 });
    expect(one(rendered, 'PodDisruptionBudget', 'stasis-controller').spec).toMatchObject({ minAvailable: 1 });
    expect(podOf(rendered, 'Deployment', 'stasis-controller')).toHaveProperty(
      'affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution',
      [
        expect.objectContaining({
          podAffinityTerm: expect.objectContaining({ matchLabelKeys: ['pod-template-hash'] }),
        }),
      ],
    );
    const single = await render('--set', 'controller.replicas=1');
    expect(single.filter(({ kind }) => kind === 'PodDisruptionBudget')).toEqual([]);
  });

  test('does not stay on a lost node for 5 minutes, whatever else it tolerates', async () => {
    expect(podOf(rendered, 'Deployment', 'stasis-controller')['tolerations']).toEqual(lost(30));
    const settings = ['controller.lostNodeSeconds=5', 'controller.tolerations[0].key=a'];
    const changed = await render(...settings.flatMap((setting) => ['--set', setting]));
    expect(podOf(changed, 'Deployment', 'stasis-controller')['tolerations']).toEqual([{ key: 'a' }, ...lost(5)]);
  });

  test('receives the list of excluded namespaces', async () => {
    expect(await controllerArgs()).toContain('--excluded-namespaces=kube-system');
    expect(await controllerArgs('--set', 'checkpoints.excludedNamespaces={a,b-*}')).toContain(
      '--excluded-namespaces=a,b-*',
    );
    expect(await controllerArgs('--set-json', 'checkpoints.excludedNamespaces=[]')).toContain('--excluded-namespaces=');
  });
});
