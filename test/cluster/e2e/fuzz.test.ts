import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { CHECKPOINTS, PODCAPTURES } from '../../../src/api/kinds.js';
import type { KubeObject } from '../../../src/kube/types.js';
import { anyStep, FOREIGN_FINALIZER, type Step } from './hostile.js';
import { everythingRuns, testCluster } from './node-view.js';
import { heart, lastBeat, sleeper, type Pod } from './pods.js';
import { describeOnCluster } from './requirement.js';
import { found, openWorld, PATIENCE, PODS, succeeded, until, value, type World } from './world.js';

const STEPS = Number(process.env['STASIS_TEST_FUZZ_STEPS'] ?? '600') / PATIENCE;
/** Printed on failure. STASIS_TEST_SEED repeats the same steps, though not at the same times. */
const SEED = Number(process.env['STASIS_TEST_SEED'] ?? Date.now() % 2 ** 31);
const AT_ONCE = 6;
const METRICS_PORTS: Record<string, number> = { controller: 8080, 'node-agent': 8081 };

interface Refused {
  readonly step: Step['do'];
  readonly code: number;
  readonly message: string;
}

function isOrphan({ kind, metadata }: KubeObject): boolean {
  return kind === 'PodCapture' && (metadata.ownerReferences ?? []).length === 0;
}

describeOnCluster(`a fuzz run with seed ${SEED}`, () => {
  let world: World;
  let base: string;
  /** Names of the Checkpoints that the server accepted. */
  const accepted: string[] = [];
  const refused: Refused[] = [];
  beforeAll(async () => {
    world = await openWorld('fuzz');
    base = `/apis/stasis.dev/v1alpha1/namespaces/${world.namespace}`;
    await world.createPod('heart', [heart('beat')]);
    await world.createPod('pair', [sleeper('one'), sleeper('two')]);
    await world.createPod('coming', [heart('beat')]);
    for (const pod of ['heart', 'pair', 'coming']) await world.running(pod);
  });
  afterAll(async () => {
    await releaseAll();
    await world.close();
  });

  const send = async (step: Step['do'], method: string, path: string, body?: object): Promise<boolean> => {
    const contentType = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    const answer = await world.api.raw(method, path, { ...(body === undefined ? {} : { body }), contentType });
    if (!answer.ok) refused.push({ step, code: answer.error.code ?? 0, message: answer.error.message });
    return answer.ok;
  };

  const chosen = (which: number): string | undefined => accepted[accepted.length - 1 - which];
  const captureOf = async (name: string): Promise<string | undefined> => {
    const all = value(await world.api.list(PODCAPTURES, { namespace: world.namespace })).items;
    return all.find(({ metadata }) => metadata.ownerReferences?.some((owner) => owner.name === name))?.metadata.name;
  };

  /** Replacements happen one at a time. */
  let replacing = Promise.resolve();
  const replacePod = async (): Promise<void> => {
    await world.removePod('coming');
    await world.podGone('coming');
    await world.createPod('coming', [heart('beat')]);
  };

  const take = async (step: Step): Promise<void> => {
    if (step.do === 'create') {
      const kind = { apiVersion: 'stasis.dev/v1alpha1', kind: 'Checkpoint' };
      const body = { ...kind, metadata: { ...step.metadata, name: step.name }, spec: step.spec };
      if (await send(step.do, 'POST', `${base}/checkpoints`, body)) accepted.push(String(step.name));
      return;
    }
    if (step.do === 'replacePod') {
      replacing = replacing.then(replacePod);
      return await replacing;
    }
    const name = chosen(step.which);
    if (name === undefined) return;
    const path = `${base}/checkpoints/${name}`;
    if (step.do === 'patch') await send(step.do, 'PATCH', path, step.patch);
    else if (step.do === 'patchStatus') await send(step.do, 'PATCH', `${path}/status`, step.patch);
    else if (step.do === 'delete') await send(step.do, 'DELETE', path, { propagationPolicy: step.policy });
    else {
      const capture = await captureOf(name);
      if (capture === undefined) return;
      const at = `${base}/podcaptures/${capture}`;
      if (step.do === 'deleteCapture') await send(step.do, 'DELETE', at);
      else await send(step.do, 'PATCH', step.status ? `${at}/status` : at, step.patch);
    }
  };

  const run = async (steps: Step[]): Promise<void> => {
    const worker = async (): Promise<void> => {
      for (let step = steps.shift(); step !== undefined; step = steps.shift()) await take(step);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
  };

  /** Removes foreign finalizers, so that the namespace can be deleted. */
  const releaseAll = async (): Promise<void> => {
    for (const resource of [CHECKPOINTS, PODCAPTURES])
      for (const { metadata } of value(await world.api.list<KubeObject>(resource, { namespace: world.namespace }))
        .items) {
        const { name, finalizers = [] } = metadata;
        if (!finalizers.includes(FOREIGN_FINALIZER)) continue;
        const kept = finalizers.filter((finalizer) => finalizer !== FOREIGN_FINALIZER);
        await world.api.mergePatch<KubeObject>(resource, {
          namespace: world.namespace,
          name,
          patch: { metadata: { finalizers: kept } },
        });
      }
  };

  const ownPods = async (): Promise<readonly Pod[]> =>
    value(await world.api.list(PODS, { labelSelector: 'app.kubernetes.io/name=stasis' })).items;
  const restarts = async (): Promise<Record<string, number[] | undefined>> =>
    Object.fromEntries(
      (await ownPods()).map(({ metadata, status }) => [
        metadata.uid,
        status?.containerStatuses?.map(({ restartCount }) => restartCount),
      ]),
    );

  const left = async (): Promise<KubeObject[]> => [...(await world.checkpoints()), ...(await world.captures())];
  /** A Checkpoint that is being deleted need not report its end, even when a foreign finalizer keeps it. */
  const undone = async (): Promise<string[]> =>
    (await world.checkpoints())
      .filter((checkpoint) => (succeeded(checkpoint)?.status ?? 'Unknown') === 'Unknown')
      .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
      .map((checkpoint) => JSON.stringify(checkpoint));

  test('leaves controller and agents running, ends every Checkpoint, and leaves nothing behind', async () => {
    const before = await restarts();
    await run(fc.sample(anyStep, { numRuns: STEPS, seed: SEED }));
    expect(accepted.length).toBeGreaterThan(STEPS / 6);
    // Every refusal must be an answer that does not show a failure of the server itself.
    expect(refused.filter(({ code }) => code < 400 || code >= 500)).toEqual([]);
    expect(new Set(refused.filter(({ step }) => step === 'create').map(({ code }) => code))).toContain(422);

    for (const checkpoint of await world.checkpoints())
      // A Checkpoint may have been deleted since, for example by its ttlSecondsAfterFinished.
      if ((checkpoint.spec.hold?.seconds ?? 0) > 3)
        found(await world.patch(checkpoint.metadata.name, { spec: { hold: { release: true } } }));
    await until(
      'every Checkpoint to end',
      async () => ((await undone()).length === 0 ? true : undefined),
      async () => (await undone()).join('\n'),
      120,
    );
    for (const { metadata } of await world.checkpoints())
      await world.api.remove(CHECKPOINTS, { namespace: world.namespace, name: metadata.name });
    await until(
      'everything except orphans to be gone',
      async () => {
        await releaseAll();
        return (await left()).every(isOrphan) ? true : undefined;
      },
      async () => JSON.stringify(await left()).slice(0, 4000),
    );
    // A client that removes the owner, as `kubectl delete --cascade=orphan` does, keeps the result, and can delete it
    // at any time.
    for (const capture of await world.captures()) {
      expect(['True', 'False']).toContain(succeeded(capture)?.status);
      await world.api.remove(PODCAPTURES, { namespace: world.namespace, name: capture.metadata.name });
    }
    await until(
      'the orphans to be gone',
      async () => {
        await releaseAll();
        return (await left()).length === 0 ? true : undefined;
      },
      async () => JSON.stringify(await left()).slice(0, 4000),
    );

    expect(await restarts()).toEqual(before);
    for (const { metadata } of await ownPods()) {
      const port = METRICS_PORTS[metadata.labels?.['app.kubernetes.io/component'] ?? ''];
      const path = `/api/v1/namespaces/${metadata.namespace}/pods/${metadata.name}:${port}/proxy/readyz`;
      expect(value(await world.api.raw('GET', path)).code).toBe(200);
    }
    const cluster = testCluster();
    if (cluster !== undefined) await everythingRuns(cluster);
    for (const pod of ['heart', 'coming']) {
      await world.running(pod);
      const beat = lastBeat(await world.log(pod));
      await until(`${pod} to beat`, async () => (lastBeat(await world.log(pod)) > beat ? true : undefined));
    }
  });

  test('is followed by an ordinary, successful Checkpoint', async () => {
    for (const podName of ['heart', 'pair', 'coming']) {
      await world.create(`after-${podName}`, { podName });
      expect(succeeded(await world.ended(`after-${podName}`))?.reason).toBe('Captured');
    }
  });
});
