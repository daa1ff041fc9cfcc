import { isDeepStrictEqual } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { CHECKPOINTS, RELEASE_FINALIZER } from '../../../src/api/kinds.js';
import { uninstall } from '../../../src/controller/uninstall.js';
import type { InstallerMark } from '../../../src/controller/uninstall-step.js';
import type { RawOptions } from '../../../src/kube/api.js';
import { createLogger } from '../../../src/kube/log.js';
import { failure, success } from '../../../src/kube/result.js';
import type { Resource } from '../../../src/kube/types.js';
import { KubeModel, type Intercept } from '../../fake/kube-model.js';
import { checkpoint, NOW } from './builders.js';

const DEPLOYMENTS: Resource = {
  group: 'apps',
  version: 'v1',
  plural: 'deployments',
  namespaced: true,
  kind: 'Deployment',
};
const JOBS: Resource = { group: 'batch', version: 'v1', plural: 'jobs', namespaced: true, kind: 'Job' };
const HELM: InstallerMark = { annotation: 'meta.helm.sh/release-name', value: 'stasis' };
const ARGO: InstallerMark = { annotation: 'argocd.argoproj.io/tracking-id' };

const FORBIDDEN: Intercept = ({ verb, plural }, perform) =>
  verb === 'get' && plural === 'deployments'
    ? failure({ method: 'GET', path: '', code: 403, reason: 'Forbidden', message: 'no' })
    : perform();

/** A cluster with one unfinished Checkpoint, whose controller counts as stopped while its replicas are 0. */
class Cluster {
  readonly model = new KubeModel(() => NOW);
  readonly log: string[] = [];
  replicas = 2;
  now = 0;
  /** The replicas that something else sets right after the uninstall has set them to 0. */
  healedTo = 0;

  constructor(annotations?: Readonly<Record<string, string>>) {
    const metadata = { name: 'stasis-controller', namespace: 'stasis-system', uid: 'deployment' };
    if (annotations !== undefined) this.model.put(DEPLOYMENTS, { metadata: { ...metadata, annotations } });
    this.model.put(CHECKPOINTS, checkpoint({ metadata: { name: 'new', uid: 'u', finalizers: [RELEASE_FINALIZER] } }));
  }

  get changed(): boolean {
    const [left] = this.model.all(CHECKPOINTS);
    return this.replicas !== 2 || left?.metadata.finalizers?.includes(RELEASE_FINALIZER) !== true;
  }

  /** Makes the Job that runs the uninstall, as somebody leaves it behind. */
  putJob(metadata: object): void {
    this.model.put(JOBS, { metadata: { name: 'own', namespace: 'stasis-system', uid: 'job', ...metadata } });
  }

  async uninstall(installedBy?: InstallerMark, intercept?: Intercept, ownJob?: string): Promise<boolean> {
    return await uninstall({
      api: {
        ...this.model.api(intercept),
        raw: (method: string, _path: string, options?: RawOptions) => {
          const scaled = { spec: { replicas: 0 } };
          if (method === 'PATCH' && isDeepStrictEqual(options?.body, scaled)) this.replicas = this.healedTo;
          return Promise.resolve(
            success({
              code: 200,
              text: JSON.stringify({ spec: this.replicas === 0 ? {} : { replicas: this.replicas } }),
            }),
          );
        },
      },
      clock: {
        wall: () => NOW,
        monotonic: () => this.now,
        sleep: (milliseconds) => {
          this.now += milliseconds;
          return Promise.resolve();
        },
      },
      log: createLogger({ level: 'info', sink: (line) => this.log.push(line), wall: () => NOW }),
      namespace: 'stasis-system',
      controller: 'stasis-controller',
      controllerPods: 'component=controller',
      agentAccount: 'stasis-node-agent',
      waitSeconds: 30,
      ...(installedBy === undefined ? {} : { installedBy }),
      ...(ownJob === undefined ? {} : { ownJob }),
    });
  }
}

describe('uninstall() with the mark of an installer', () => {
  test.each([
    ['nothing marks the Deployment', {}, HELM],
    ['another release has installed it', { 'meta.helm.sh/release-name': 'other' }, HELM],
    ['another tool has installed it', { 'meta.helm.sh/release-name': 'stasis' }, ARGO],
  ])('uninstall() changes nothing and succeeds when %s', async (_, annotations, mark) => {
    const cluster = new Cluster(annotations);
    expect(await cluster.uninstall(mark)).toBe(true);
    expect(cluster.changed).toBe(false);
    expect(cluster.log.join('')).toContain(`"missing":"${mark.annotation}"`);
  });

  test.each([
    ['its release has installed it', { 'meta.helm.sh/release-name': 'stasis' }, HELM],
    ['Argo CD has installed it, whatever the value', { 'argocd.argoproj.io/tracking-id': 'a:b/c' }, ARGO],
    ['the Deployment is gone', undefined, HELM],
    ['no mark is asked for', {}, undefined],
  ])('uninstall() is carried out when %s', async (_, annotations, mark) => {
    const cluster = new Cluster(annotations);
    expect(await cluster.uninstall(mark)).toBe(true);
    expect(cluster.changed).toBe(true);
    expect(cluster.model.all(CHECKPOINTS)[0]?.metadata.finalizers ?? []).toEqual([]);
  });

  test('uninstall() changes nothing and fails when it may not look', async () => {
    const cluster = new Cluster({});
    expect(await cluster.uninstall(HELM, FORBIDDEN)).toBe(false);
    expect(cluster.changed).toBe(false);
  });

  test('uninstall() fails and says why when something starts the controller again', async () => {
    const cluster = new Cluster();
    cluster.healedTo = 2;
    expect(await cluster.uninstall()).toBe(false);
    expect(cluster.log.join('')).toContain('somebody set stasis-controller to 2 replicas again');
  });
});

const BY_HELM = { 'meta.helm.sh/release-name': 'stasis' };

/** Entries as API servers write them. */
function managedBy(manager: string, operation: string): object {
  return {
    managedFields: [
      { manager, operation, apiVersion: 'batch/v1', fieldsType: 'FieldsV1', fieldsV1: {} },
      { manager: 'kube-controller-manager', operation: 'Update', apiVersion: 'batch/v1', subresource: 'status' },
    ],
  };
}

describe('uninstall() with the Job that runs it', () => {
  test.each([
    ['kubectl apply', { annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{}' } }],
    ['kubectl apply --server-side', managedBy('kubectl', 'Apply')],
    ['kubectl create', managedBy('kubectl-create', 'Update')],
    ['kubectl replace', managedBy('kubectl-replace', 'Update')],
    ['a Flux Kustomization', managedBy('kustomize-controller', 'Apply')],
    ["Argo CD's sync", managedBy('argocd-controller', 'Apply')],
  ])('uninstall() changes nothing and succeeds when the Job is of %s', async (_, metadata) => {
    // With and without the Deployment, which Helm has installed.
    for (const annotations of [BY_HELM, undefined]) {
      const cluster = new Cluster(annotations);
      cluster.putJob(metadata);
      expect(await cluster.uninstall(HELM, undefined, 'own')).toBe(true);
      expect(cluster.changed).toBe(false);
      expect(cluster.log.join('')).toContain('nothing done');
    }
  });

  test.each([
    ['Helm 3', managedBy('helm', 'Update')],
    ['Helm 4, which applies hooks on the server side', managedBy('helm', 'Apply')],
    ['a program that embeds Helm', managedBy('helm-controller', 'Apply')],
    ['Helm, and was labelled by somebody', managedBy('kubectl-label', 'Update')],
    ['an API server without managedFields', {}],
  ])('uninstall() is carried out when the Job is of %s', async (_, metadata) => {
    const cluster = new Cluster(BY_HELM);
    cluster.putJob(metadata);
    expect(await cluster.uninstall(HELM, undefined, 'own')).toBe(true);
    expect(cluster.changed).toBe(true);
  });

  test('uninstall() still asks the Deployment when the Job is of Helm', async () => {
    const cluster = new Cluster({});
    cluster.putJob(managedBy('helm', 'Apply'));
    expect(await cluster.uninstall(HELM, undefined, 'own')).toBe(true);
    expect(cluster.changed).toBe(false);
  });

  test('uninstall() changes nothing and fails when it does not find the Job', async () => {
    const cluster = new Cluster(BY_HELM);
    expect(await cluster.uninstall(HELM, undefined, 'own')).toBe(false);
    expect(cluster.changed).toBe(false);
  });
});
