/** Tests that a step which the API server refuses is shown and tried again, and that the deadline counts all the same. */
import { describe, expect, test } from '@jest/globals';
import { CHECKPOINTS, PODCAPTURES, type CheckpointSpec, type PodCapture } from '../../../src/api/kinds.js';
import { createCapture } from '../../../src/controller/create-capture.js';
import { PODCAPTURE_RESOURCE, PODS } from '../../../src/controller/resources.js';
import { failure } from '../../../src/kube/result.js';
import { obstacleStatus } from '../../../src/controller/obstacle-status.js';
import { endedStatus } from '../../../src/controller/status.js';
import { capture, checkpoint, condition, endedAs, NOW, objectionsTo, pod } from './builders.js';
import { Simulation, type Denial } from './simulation.js';

const NO = "ValidatingAdmissionPolicy 'x' denied request: no";

async function asked(spec: Partial<CheckpointSpec> = {}): Promise<Simulation> {
  const simulation = new Simulation();
  simulation.addPod('web-0');
  await simulation.ask('look', 'web-0', spec);
  simulation.sync();
  return simulation;
}

function deny(simulation: Simulation, verb: string, plural: string, denial: Denial): void {
  simulation.denies = (call) => (call.verb === verb && call.plural === plural ? denial : undefined);
}

function message(simulation: Simulation, type: string): string | undefined {
  return simulation.checkpoint('look')?.status?.conditions?.find((each) => each.type === type)?.message;
}

async function wait(simulation: Simulation, milliseconds: number): Promise<void> {
  simulation.pass(milliseconds);
  await simulation.rest();
}

async function agents(simulation: Simulation, patience?: number): Promise<void> {
  for (const each of simulation.model.all<PodCapture>(PODCAPTURE_RESOURCE)) await simulation.agentStep(each, patience);
  simulation.sync();
}

describe('reconcile(), before a PodCapture exists', () => {
  test.each([
    [403, 'Forbidden', NO],
    [422, 'Invalid', NO],
    [422, 'Invalid', 'metadata.finalizers: Invalid value'],
    [400, 'BadRequest', 'admission webhook "x" denied the request: no'],
    [500, 'InternalError', 'failed calling webhook "x": timeout'],
  ])('shows %d (%s) for the finalizer, and goes on when it is accepted', async (code, reason, text) => {
    const simulation = await asked({ hold: { seconds: 60 } });
    deny(simulation, 'patch', CHECKPOINTS.plural, { code, reason, message: text });
    await simulation.rest();
    expect(simulation.reason('look')).toBe('DispatchForbidden');
    expect(message(simulation, 'Succeeded')).toBe(
      `the API server does not accept the finalizer of the Checkpoint: ${text}`,
    );
    const before = simulation.calls.filter(({ verb }) => verb === 'patch').length;
    await wait(simulation, 5000);
    expect(simulation.calls.filter(({ verb }) => verb === 'patch')).toHaveLength(before + 1);
    simulation.denies = () => undefined;
    await wait(simulation, 5000);
    expect(simulation.model.all(PODCAPTURE_RESOURCE)).toHaveLength(1);
  });

  test('shows a reading that is forbidden, and ends the Checkpoint at its deadline without reading again', async () => {
    const simulation = new Simulation();
    simulation.addPod('web-0');
    simulation.model.put(PODS, pod({ metadata: { uid: 'pod-x' }, spec: { runtimeClassName: 'kata' } }));
    await simulation.ask('look', 'web-0', { startingDeadlineSeconds: 30 });
    simulation.sync();
    deny(simulation, 'get', 'runtimeclasses', { code: 403, reason: 'Forbidden', message: 'no' });
    await simulation.rest();
    expect(simulation.reason('look')).toBe('DispatchForbidden');
    expect(simulation.checkpoint('look')?.status?.completionTime).toBeUndefined();
    const reads = simulation.calls.length;
    await wait(simulation, 31_000);
    expect(simulation.calls.slice(reads).map(({ verb }) => verb)).toEqual(['apply']);
    expect(simulation.checkpoint('look')?.status).toMatchObject({ completionTime: expect.any(String) });
    expect(message(simulation, 'Succeeded')).toMatch(
      /^not begun within startingDeadlineSeconds \(30 s\).*has to read: no$/,
    );
  });

  test('ends a Checkpoint that is first seen after its deadline, although nothing can be read', async () => {
    const simulation = await asked({ startingDeadlineSeconds: 30 });
    deny(simulation, 'get', PODS.plural, { code: 403, reason: 'Forbidden', message: 'no' });
    simulation.pass(300_000);
    await simulation.rest();
    expect(simulation.reason('look')).toBe('DispatchForbidden');
    expect(simulation.checkpoint('look')?.status?.completionTime).toBeDefined();
  });

  test('takes 404 for the creation for an obstacle while the Checkpoint is there', async () => {
    const simulation = await asked({ startingDeadlineSeconds: 30 });
    simulation.denial = { code: 404, reason: 'NotFound', message: 'the server could not find the requested resource' };
    await simulation.rest();
    expect(simulation.reason('look')).toBe('DispatchForbidden');
    await wait(simulation, 31_000);
    expect(simulation.checkpoint('look')?.status?.completionTime).toBeDefined();
    const mended = await asked();
    mended.denial = simulation.denial;
    await mended.rest();
    mended.denial = undefined;
    await wait(mended, 5000);
    expect(mended.model.all(PODCAPTURE_RESOURCE)).toHaveLength(1);
  });

  test('takes 404 for the end when the Checkpoint is gone', async () => {
    const simulation = await asked();
    simulation.denies = ({ verb }) => {
      if (verb !== 'create') return undefined;
      simulation.model.drop(CHECKPOINTS, 'shop', 'look');
      return { code: 404, reason: 'NotFound', message: 'namespaces "shop" not found' };
    };
    await simulation.visit('shop/look');
    expect(simulation.keys).toEqual([]);
    await wait(simulation, 60_000);
    expect(simulation.calls.filter(({ verb }) => verb !== 'get')).toHaveLength(1);
  });

  test('tries again when nothing can be shown either', async () => {
    const simulation = await asked();
    simulation.denies = ({ verb }) => (verb === 'get' ? undefined : { code: 403, reason: 'Forbidden', message: 'no' });
    await simulation.rest();
    expect(simulation.reason('look')).toBeUndefined();
    simulation.denies = () => undefined;
    await wait(simulation, 5000);
    expect(simulation.model.all(PODCAPTURE_RESOURCE)).toHaveLength(1);
  });
});

function refusal(code: number, reason: string) {
  return failure({ method: 'X', path: '/x', code, reason, message: reason });
}

describe('createCapture()', () => {
  test('takes a PodCapture that is gone when it is looked for for a lost race', async () => {
    const made = await createCapture(
      {
        create: () => Promise.resolve(refusal(409, 'AlreadyExists')),
        get: () => Promise.resolve(refusal(404, 'NotFound')),
      },
      checkpoint(),
      { name: 'x', spec: capture().spec },
    );
    expect(made).toMatchObject({ ok: false, error: { code: 409 } });
  });
});

describe('reconcile(), after the dispatch', () => {
  test('shows that a finalizer cannot be removed after the end, and takes that back', async () => {
    const simulation = await asked();
    await simulation.rest();
    deny(simulation, 'patch', PODCAPTURES.plural, { code: 403, reason: 'Forbidden', message: 'no' });
    await agents(simulation);
    await agents(simulation);
    await simulation.rest();
    expect(simulation.reason('look')).toBe('Captured');
    expect(message(simulation, 'Succeeded')).toBe('so it is');
    const told = 'the API server does not accept that the finalizer of the PodCapture is removed: no';
    expect(message(simulation, 'Finished')).toBe(told);
    expect(simulation.told.filter(({ reason }) => reason === 'StepForbidden')).toHaveLength(2);
    await wait(simulation, 5000);
    expect(simulation.withFinalizer()).toHaveLength(1);
    simulation.denies = () => undefined;
    await wait(simulation, 5000);
    expect(simulation.withFinalizer()).toEqual([]);
    expect(message(simulation, 'Finished')).toBe('so it is');
    expect(simulation.told.filter(({ reason }) => reason === 'StepForbidden')).toHaveLength(2);
  });

  test('shows on a Checkpoint that is being deleted that its PodCapture cannot be cancelled', async () => {
    const simulation = await asked({ hold: { seconds: 3600 } });
    await simulation.rest();
    deny(simulation, 'delete', PODCAPTURES.plural, { code: 403, reason: 'Forbidden', message: 'no' });
    await simulation.model.api().remove(CHECKPOINTS, { namespace: 'shop', name: 'look' });
    simulation.sync();
    await simulation.rest();
    expect(message(simulation, 'Reconciling')).toBe(
      'the API server does not accept that the PodCapture is cancelled: no',
    );
    simulation.denies = () => undefined;
    await simulation.settle();
    expect(simulation.checkpoint('look')).toBeUndefined();
  });
});

describe('obstacleStatus()', () => {
  const obstacle = { beginning: 'refused: ', message: 'refused: no' };

  test('has nothing to write twice, nor where an end that an earlier version wrote has no place for it', () => {
    const end = endedStatus(checkpoint(), capture({ status: endedAs('Captured') }), NOW);
    const told = obstacleStatus(checkpoint({ status: end }), undefined, undefined, obstacle, NOW);
    expect(objectionsTo(told)).toEqual([]);
    expect(told?.conditions?.filter((each) => each.message === 'refused: no').map(({ type }) => type)).toEqual([
      'Finished',
      'Reconciling',
    ]);
    const again = { ...obstacle, message: 'refused: not now' };
    const shown = checkpoint(told === undefined ? {} : { status: told });
    expect(obstacleStatus(shown, undefined, undefined, again, NOW)).toBeUndefined();
    const former = [condition('Succeeded', 'True', 'Captured')];
    const earlier = checkpoint({
      status: { observedGeneration: 1, conditions: former.map((each) => ({ ...each, observedGeneration: 1 })) },
    });
    expect(obstacleStatus(earlier, undefined, undefined, obstacle, NOW)).toBeUndefined();
    expect(obstacleStatus(checkpoint(), undefined, undefined, obstacle, NOW)).toBeUndefined();
  });
});
