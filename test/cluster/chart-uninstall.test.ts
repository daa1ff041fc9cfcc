/** Tests when the chart renders the uninstall Job, and that no way of installing starts it. Needs no cluster. */
import { describe, expect, jest, test } from '@jest/globals';
import {
  documents,
  one,
  podOf,
  render,
  renderByHelm,
  template,
  templateByHelm,
  templateOf,
  type Rendered,
} from './rendered-chart.js';

// The timeout is long because helm is compiled the first time.
jest.setTimeout(1_800_000);

const OWN = ['ClusterRole', 'ClusterRoleBinding', 'Job', 'Role', 'RoleBinding', 'ServiceAccount'];

function ofUninstall(rendered: readonly Rendered[]): readonly Rendered[] {
  return rendered.filter(({ metadata }) => metadata.name.endsWith('-uninstall'));
}

function kinds(rendered: readonly Rendered[]): readonly string[] {
  return rendered.map(({ kind }) => kind).sort();
}

function argsOf(rendered: readonly Rendered[]): readonly string[] | undefined {
  return podOf(rendered, 'Job', 'stasis-uninstall').containers[0]?.args;
}

describe('the uninstall Job', () => {
  test('is rendered by nothing that reaches no cluster, and so is no pod of `helm test`', async () => {
    const all = await render();
    expect(all.filter(({ kind }) => kind === 'Job' || kind === 'Pod')).toEqual([]);
    expect(ofUninstall(all)).toEqual([]);
    expect(JSON.stringify(all)).not.toMatch(/helm\.sh\/hook|argocd\.argoproj\.io\/hook/);
  });

  test('is rendered by Helm with all that it needs, as hooks, and asks who has installed the controller', async () => {
    const rendered = await renderByHelm();
    expect(kinds(ofUninstall(rendered))).toEqual(OWN);
    for (const { metadata } of ofUninstall(rendered))
      expect(metadata['annotations']).toMatchObject({ 'helm.sh/hook': 'pre-delete' });
    expect(argsOf(rendered)).toContain('--installed-by=meta.helm.sh/release-name=stasis');
    expect(argsOf(rendered)).toContain('--own-job=stasis-uninstall');
    expect(ofUninstall(await renderByHelm('--set', 'uninstall.hook=false'))).toEqual([]);
  });

  test('is rendered for Argo CD when asked for, as its hooks, in order', async () => {
    const rendered = await render('--set', 'uninstall.argoCD=true');
    expect(kinds(ofUninstall(rendered))).toEqual(OWN);
    for (const { metadata } of ofUninstall(rendered))
      expect(metadata['annotations']).toMatchObject({ 'argocd.argoproj.io/hook': 'PreDelete' });
    const wave = (kind: string): number =>
      Number(
        (one(rendered, kind, 'stasis-uninstall').metadata['annotations'] as Record<string, string>)[
          'argocd.argoproj.io/sync-wave'
        ],
      );
    expect(wave('Job')).toBeGreaterThan(wave('RoleBinding'));
    expect(wave('RoleBinding')).toBeGreaterThan(wave('Role'));
    expect(argsOf(rendered)).toContain('--installed-by=argocd.argoproj.io/tracking-id');
    // Argo CD applies its hooks as it applies everything else.
    expect(argsOf(rendered)?.filter((arg) => arg.startsWith('--own-job'))).toEqual([]);
    expect(kinds(ofUninstall(await renderByHelm('--set', 'uninstall.argoCD=true')))).toEqual(OWN);
  });

  test('is rendered without hooks and without question on demand, but not by Helm', async () => {
    const rendered = await render('--set', 'uninstall.now=true', '--show-only', 'templates/uninstall/*');
    expect(kinds(rendered)).toEqual(OWN);
    expect(JSON.stringify(rendered)).not.toMatch(/helm\.sh\/hook|argocd/);
    expect(argsOf(rendered)?.filter((arg) => /^--(installed-by|own-job)/.test(arg))).toEqual([]);
    const refused = await templateByHelm({}, '--set', 'uninstall.now=true');
    expect(refused.status).not.toBe(0);
    expect(refused.stderr).toContain('use `helm uninstall`');
  });

  test('may get one Deployment and itself and change the scale, and reads no Secret', async () => {
    const rules = one(await renderByHelm(), 'Role', 'stasis-uninstall').rules ?? [];
    const apps = rules.filter(({ resources }) => resources.some((resource) => resource.startsWith('deployments')));
    expect(apps).toEqual([
      expect.objectContaining({ resources: ['deployments/scale'], verbs: ['get', 'patch'] }),
      expect.objectContaining({ resources: ['deployments'], verbs: ['get'] }),
    ]);
    for (const rule of apps) expect(rule).toMatchObject({ resourceNames: ['stasis-controller'] });
    expect(rules.filter(({ resources }) => resources.includes('jobs'))).toEqual([
      { apiGroups: ['batch'], resources: ['jobs'], resourceNames: ['stasis-uninstall'], verbs: ['get'] },
    ]);
    const argo = one(await render('--set', 'uninstall.argoCD=true'), 'Role', 'stasis-uninstall').rules ?? [];
    expect(argo.filter(({ resources }) => resources.includes('jobs'))).toEqual([]);
  });

  test.each(['helm.sh/hook', 'Job'])('is not rendered by a parent chart either: no %s', async (word) => {
    expect(JSON.stringify(documents(await templateOf('shop')))).not.toContain(word);
  });
});

function crd(annotations: object): object {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'checkpoints.stasis.dev', annotations },
  };
}

describe('crds.install=false', () => {
  const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/checkpoints.stasis.dev';
  const owned = { 'meta.helm.sh/release-name': 'stasis', 'meta.helm.sh/release-namespace': 'stasis-system' };

  test('is refused where Helm would delete the kinds of this release', async () => {
    const ran = await templateByHelm({ [path]: crd(owned) }, '--set', 'crds.install=false');
    expect(ran.status).not.toBe(0);
    expect(ran.stderr).toContain('kubectl annotate crd checkpoints.stasis.dev helm.sh/resource-policy=keep');
  });

  test.each([
    ['they are kept', { ...owned, 'helm.sh/resource-policy': 'keep' }],
    ['they belong to another release', { ...owned, 'meta.helm.sh/release-name': 'other' }],
    ['nobody owns them', {}],
  ])('is accepted where %s', async (_, annotations) => {
    const ran = await templateByHelm({ [path]: crd(annotations) }, '--set', 'crds.install=false');
    expect(ran).toMatchObject({ status: 0, stderr: '' });
  });

  test('is accepted without a cluster', async () => {
    expect(await template('--set', 'crds.install=false')).toMatchObject({ status: 0 });
  });
});
