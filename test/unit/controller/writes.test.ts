/** Tests the preconditions of writes, which make a write fail when the object has changed since it was read. */
import { describe, expect, test } from '@jest/globals';
import { CHECKPOINTS, PODCAPTURES, RELEASE_FINALIZER, type Checkpoint } from '../../../src/api/kinds.js';
import { CHECKPOINT_RESOURCE, PODCAPTURE_RESOURCE } from '../../../src/controller/resources.js';
import {
  applyStatus,
  addReleaseFinalizer,
  releaseHold,
  remove,
  removeReleaseFinalizer,
} from '../../../src/controller/writes.js';
import { failure } from '../../../src/kube/result.js';
import { KubeModel } from '../../fake/kube-model.js';
import { capture, checkpoint, endedAs, NOW } from './builders.js';

/** A Checkpoint that its author has changed since the controller read it. */
async function changed(): Promise<{ model: KubeModel; seen: Checkpoint }> {
  const model = new KubeModel(() => NOW);
  model.put(
    CHECKPOINTS,
    checkpoint({ spec: { hold: { seconds: 60 } }, metadata: { finalizers: [RELEASE_FINALIZER] } }),
  );
  const seen = model.find(CHECKPOINT_RESOURCE, 'shop', 'look') ?? checkpoint();
  const at = { namespace: 'shop', name: 'look' };
  await model.api().mergePatch(CHECKPOINTS, { ...at, patch: { spec: { hold: { release: true } } } });
  return { model, seen };
}

describe('writes', () => {
  test('of a status, of finalizers and of a deletion fail when somebody else was faster', async () => {
    const { model, seen } = await changed();
    const before = model.revision;
    const api = model.api();
    const answers = [
      await applyStatus(api, CHECKPOINT_RESOURCE, seen, { observedGeneration: 1 }),
      await addReleaseFinalizer(api, CHECKPOINT_RESOURCE, seen),
      await removeReleaseFinalizer(api, CHECKPOINT_RESOURCE, seen),
      await remove(api, CHECKPOINT_RESOURCE, seen),
    ];
    expect(answers.map((answer) => !answer.ok && answer.error.reason)).toEqual(Array(4).fill('Conflict'));
    expect(model.revision).toBe(before);
  });

  test('removeReleaseFinalizer() leaves the finalizers of others', async () => {
    const model = new KubeModel(() => NOW);
    model.put(PODCAPTURES, capture({ metadata: { finalizers: ['others/own', RELEASE_FINALIZER] } }));
    const [seen] = model.all(PODCAPTURE_RESOURCE);
    await removeReleaseFinalizer(model.api(), PODCAPTURE_RESOURCE, seen ?? capture());
    expect(model.all(PODCAPTURE_RESOURCE)[0]?.metadata.finalizers).toEqual(['others/own']);
  });

  test("releaseHold() overtakes the agent's writes, and accepts that the hold was released for another reason", async () => {
    const model = new KubeModel(() => NOW);
    model.put(PODCAPTURES, capture({ spec: { hold: { seconds: 60 } } }));
    const [seen] = model.all(PODCAPTURE_RESOURCE);
    if (seen === undefined) throw new Error('none');
    await applyStatus(model.api(), PODCAPTURE_RESOURCE, seen, endedAs('Captured'));
    expect(await releaseHold(model.api(), seen, 'NodeDrained')).toMatchObject({
      ok: true,
      value: { spec: { hold: { seconds: 60, releaseReason: 'NodeDrained' } } },
    });
    expect(await releaseHold(model.api(), seen, 'ReleaseRequested')).toMatchObject({
      ok: true,
      value: { spec: { hold: { releaseReason: 'NodeDrained' } } },
    });
    expect(model.all(PODCAPTURE_RESOURCE)[0]?.spec.hold?.releaseReason).toBe('NodeDrained');
  });

  test.each([
    [422, 'Invalid'],
    [403, 'Forbidden'],
  ])(
    'releaseHold() fails when a policy denies it (%d %s), and takes it for done only when it is',
    async (code, reason) => {
      const message = "ValidatingAdmissionPolicy 'change-freeze' with binding 'all' denied request: no changes today";
      const denied = failure({ method: 'PATCH', path: '/x', code, reason, message });
      const held = new KubeModel(() => NOW);
      held.put(PODCAPTURES, capture({ spec: { hold: { seconds: 60 } } }));
      const api = { ...held.api(), mergePatch: () => Promise.resolve(denied) };
      expect(await releaseHold(api, capture(), 'ReleaseRequested')).toEqual(denied);
      held.put(PODCAPTURES, capture({ spec: { hold: { seconds: 60, releaseReason: 'NodeDrained' } } }));
      expect(await releaseHold(api, capture(), 'ReleaseRequested')).toMatchObject({ ok: true });
      held.drop(PODCAPTURES, 'shop', capture().metadata.name);
      expect(await releaseHold(api, capture(), 'ReleaseRequested')).toEqual({ ok: true, value: undefined });
    },
  );

  test('succeed when the object is gone', async () => {
    const model = new KubeModel(() => NOW);
    const gone = { ok: true, value: undefined };
    expect(await removeReleaseFinalizer(model.api(), PODCAPTURE_RESOURCE, capture())).toEqual(gone);
    expect(await remove(model.api(), PODCAPTURE_RESOURCE, capture())).toEqual(gone);
    expect(await releaseHold(model.api(), capture(), 'PodNotFound')).toEqual(gone);
  });
});
