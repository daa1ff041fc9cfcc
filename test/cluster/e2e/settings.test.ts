/** Tests settings of the installation that concern Checkpoints: excluded namespaces, the time to live, the history. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from '../harness/cluster.js';
import { testCluster } from './node-view.js';
import { sleeper } from './pods.js';
import { describeOnHarness } from './requirement.js';
import { settle } from './settings.js';
import { NAMESPACES, openWorld, succeeded, until, value, type World } from './world.js';

const TTL_SECONDS = 8;
const HISTORY = 3;
/** Longer than the time to live: it is outlived for certain. */
const LONG_AFTER_MS = (TTL_SECONDS + 6) * 1000;

describeOnHarness('settings of the installation', () => {
  let cluster: Cluster;
  let world: World;
  beforeAll(async () => {
    cluster = testCluster() as Cluster;
    const excluded = 'checkpoints.excludedNamespaces={kube-system,e2e-barred-*}';
    await settle(
      cluster,
      excluded,
      'checkpoints.excludedNamespaceSelector.matchLabels.captures=never',
      `checkpoints.ttlSecondsAfterFinished=${TTL_SECONDS}`,
      `checkpoints.historyLimit=${HISTORY}`,
    );
    world = await openWorld('settings');
    await world.createPod('web', [sleeper('main')]);
    await world.running('web');
  }, 400_000);
  afterAll(async () => {
    await world.close();
    await settle(cluster);
  }, 400_000);

  /** Whether a Checkpoint may be created there. What is created is not carried out: the pod does not exist. */
  const refusal = async (namespace: string): Promise<string> => {
    const path = `/apis/stasis.dev/v1alpha1/namespaces/${namespace}/checkpoints?dryRun=All`;
    const kind = { apiVersion: 'stasis.dev/v1alpha1', kind: 'Checkpoint' };
    const body = { ...kind, metadata: { generateName: 'x-' }, spec: { podName: 'no-such-pod' } };
    const answer = await world.api.raw('POST', path, { body });
    return answer.ok ? '' : answer.error.message;
  };
  const namespaceWith = async (generateName: string, labels: Record<string, string> = {}): Promise<string> => {
    const made = value(await world.api.create(NAMESPACES, { metadata: { generateName, labels } as object }));
    return made.metadata.name;
  };

  test('a namespace is excluded at `kubectl apply` by name, by pattern and by label, and only so', async () => {
    const barred = await namespaceWith('e2e-barred-');
    const labelled = await namespaceWith('e2e-labelled-', { captures: 'never' });
    const otherwise = await namespaceWith('e2e-labelled-', { captures: 'always' });
    try {
      // The API server learns of a changed policy with a delay.
      await until('the policy to be in force', async () => ((await refusal(barred)) === '' ? undefined : true));
      expect(await refusal('kube-system')).toMatch(/pods of namespace kube-system are never captured/);
      expect(await refusal(barred)).toMatch(/are never captured: .*e2e-barred-\*/);
      expect(await refusal(labelled)).toMatch(/are never captured: .*captures=never/);
      expect(await refusal(otherwise)).toBe('');
      expect(await refusal(world.namespace)).toBe('');
    } finally {
      for (const name of [barred, labelled, otherwise]) await world.api.remove(NAMESPACES, { name });
    }
  });

  test('a Checkpoint without a time to live is deleted after that of the installation, and its PodCapture too', async () => {
    await world.create('usual', { podName: 'web' });
    await world.create('longer', { podName: 'web', ttlSecondsAfterFinished: 3600 });
    await world.create('shortened', { podName: 'web', ttlSecondsAfterFinished: 3600 });
    for (const name of ['usual', 'longer', 'shortened']) await world.ended(name);
    expect(await world.getCheckpoint('usual')).toBeDefined();
    value(await world.patch('shortened', { spec: { ttlSecondsAfterFinished: 0 } }));
    await world.expectGone('shortened');
    await world.expectGone('usual');
    await until('the PodCaptures to be deleted', async () => {
      const owners = (await world.captures()).map(({ metadata }) => metadata.ownerReferences?.[0]?.name);
      return owners.join() === 'longer' ? true : undefined;
    });
    await world.removeCheckpoint('longer');
    await world.expectGone('longer');
  });

  test('what a GitOps tool tracks is never deleted, for the tool would make it again', async () => {
    const tracked = {
      argo: { annotations: { 'argocd.argoproj.io/tracking-id': 'app:stasis.dev/Checkpoint:ns/argo' } },
      kustomize: { labels: { 'kustomize.toolkit.fluxcd.io/name': 'app' } },
      helm: { labels: { 'helm.toolkit.fluxcd.io/name': 'app' } },
    };
    const made = await Promise.all(
      Object.entries(tracked).map(
        async ([name, metadata]) =>
          await world.create(name, { podName: 'no-such-pod', ttlSecondsAfterFinished: 0 }, metadata),
      ),
    );
    await world.create('untracked', { podName: 'no-such-pod', ttlSecondsAfterFinished: 0 });
    await world.expectGone('untracked');
    await sleep(LONG_AFTER_MS);
    for (const { metadata } of made) {
      const now = await world.getCheckpoint(metadata.name);
      expect(now?.metadata).toMatchObject({ uid: metadata.uid });
      expect(now?.metadata.deletionTimestamp).toBeUndefined();
      expect(succeeded(now)?.reason).toBe('PodNotFound');
      await world.removeCheckpoint(metadata.name);
    }
  });

  test('each namespace keeps the newest finished Checkpoints, and what has not ended', async () => {
    const ttlSecondsAfterFinished = 3600;
    await world.hold('held', 'web', 600);
    const names = Array.from({ length: HISTORY + 3 }, (_, index) => `history-${index}`);
    for (const name of names) {
      await world.create(name, { podName: 'no-such-pod', ttlSecondsAfterFinished });
      // Times of ends are whole seconds. The next one ends in another second.
      await sleep(1100);
    }
    const left = async (): Promise<readonly string[]> =>
      (await world.checkpoints()).map(({ metadata }) => metadata.name).toSorted();
    await until('the oldest to be deleted', async () => ((await left()).length === HISTORY + 1 ? true : undefined));
    // Nothing more is deleted afterwards.
    await sleep(3000);
    expect(await left()).toEqual(['held', ...names.slice(-HISTORY)].toSorted());
    await world.release('held');
    await world.ended('held');
  });
});
