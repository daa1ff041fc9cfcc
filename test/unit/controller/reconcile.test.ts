import { describe, expect, test } from '@jest/globals';
import { CHECKPOINTS, PODCAPTURES, RELEASE_FINALIZER, type CheckpointSpec } from '../../../src/api/kinds.js';
import { PODCAPTURE_RESOURCE, PODS, NODES } from '../../../src/controller/resources.js';
import { node, pod } from './builders.js';
import { Simulation } from './simulation.js';

async function dispatched(spec: Partial<CheckpointSpec> = {}): Promise<Simulation> {
  const simulation = new Simulation();
  simulation.addPod('web-0');
  await simulation.ask('look', 'web-0', spec);
  simulation.sync();
  await simulation.visit('shop/look');
  return simulation;
}

/** Takes the agent's next step with each capture. */
async function agent(simulation: Simulation, patience?: number): Promise<void> {
  for (const capture of simulation.model.all(PODCAPTURE_RESOURCE)) await simulation.agentStep(capture, patience);
  simulation.sync();
}

async function rest(simulation: Simulation): Promise<void> {
  await simulation.rest();
}

function writes(simulation: Simulation): string[] {
  return simulation.calls.filter(({ verb }) => verb !== 'get').map(({ verb, plural }) => `${verb} ${plural}`);
}

describe('reconcile()', () => {
  test('creates a PodCapture for the node with all options, and shows Dispatched when that lasts', async () => {
    const simulation = await dispatched();
    const [capture] = simulation.model.all(PODCAPTURE_RESOURCE);
    expect(capture).toMatchObject({
      metadata: { finalizers: [RELEASE_FINALIZER], ownerReferences: [{ kind: 'Checkpoint', controller: true }] },
      spec: { nodeName: 'node-1', containers: [{ containerID: 'aaa' }, { containerID: 'bbb' }], freezer: 'Auto' },
    });
    expect(simulation.reason('look')).toBeUndefined();
    simulation.pass(300);
    await rest(simulation);
    expect(simulation.reason('look')).toBe('Dispatched');
    expect(simulation.checkpoint('look')?.metadata.finalizers).toBeUndefined();
  });

  test('needs three writes and two Events for a whole Checkpoint', async () => {
    const simulation = await dispatched();
    simulation.sync();
    await rest(simulation);
    await agent(simulation);
    await rest(simulation);
    await agent(simulation);
    await rest(simulation);
    expect(simulation.reason('look')).toBe('Captured');
    expect(writes(simulation)).toEqual(['create podcaptures', 'apply checkpoints', 'patch podcaptures']);
    expect(simulation.told.map(({ regarding, reason }) => [regarding.kind, reason])).toEqual([
      ['Checkpoint', 'Captured'],
      ['Pod', 'Captured'],
    ]);
    expect(simulation.checkpoint('look')?.status?.pods).toMatchObject([
      { podName: 'web-0', nodeName: 'node-1', processes: 3, threads: 10, pause: '12.345ms' },
    ]);
  });

  test('adds the finalizer to a Checkpoint with a hold before its PodCapture is created', async () => {
    const simulation = await dispatched({ hold: { seconds: 60 } });
    expect(writes(simulation)).toEqual(['patch checkpoints', 'create podcaptures']);
    expect(simulation.withFinalizer()).toHaveLength(2);
  });

  test('releases a held pod before its Checkpoint disappears', async () => {
    const simulation = await dispatched({ hold: { seconds: 60 } });
    await agent(simulation);
    await agent(simulation);
    await rest(simulation);
    expect(simulation.reason('look')).toBe('Holding');
    await simulation.model.api().remove(CHECKPOINTS, { namespace: 'shop', name: 'look' });
    simulation.sync();
    await rest(simulation);
    expect(simulation.checkpoint('look')).toBeDefined();
    await agent(simulation);
    await rest(simulation);
    expect(simulation.checkpoint('look')).toBeUndefined();
    simulation.model.collectGarbage();
    expect(simulation.model.all(PODCAPTURE_RESOURCE)).toEqual([]);
    expect(simulation.told.filter(({ reason }) => reason === 'Captured')).toHaveLength(2);
  });

  test.each([
    ['the author asks for it', 'ReleaseRequested', (s: Simulation) => release(s)],
    ['the pod is deleted', 'PodNotFound', (s: Simulation) => s.model.drop(PODS, 'shop', 'web-0')],
    ['the pod is replaced', 'PodReplaced', (s: Simulation) => s.addPod('web-0')],
    ['the node is cordoned', 'NodeDrained', (s: Simulation) => s.model.put(NODES, node({ unschedulable: true }))],
  ])('ends the hold when %s', async (_what, expected, happen) => {
    const simulation = await dispatched({ hold: { seconds: 60 } });
    await agent(simulation);
    await agent(simulation);
    await rest(simulation);
    await Promise.resolve(happen(simulation));
    simulation.sync();
    await rest(simulation);
    expect(simulation.model.all(PODCAPTURE_RESOURCE)[0]?.spec.hold?.releaseReason).toBe(expected);
  });

  test('runs the Checkpoints of one pod one after the other, in order', async () => {
    const simulation = new Simulation();
    simulation.addPod('web-0');
    for (const name of ['b', 'c', 'a']) await simulation.ask(name, 'web-0');
    simulation.sync();
    await rest(simulation);
    simulation.pass(300);
    await rest(simulation);
    expect(['a', 'b', 'c'].map((name) => simulation.reason(name))).toEqual(['Dispatched', 'PodBusy', 'PodBusy']);
    await simulation.settle();
    const made = simulation.model.events.filter(
      ({ plural, type }) => plural === PODCAPTURES.plural && type === 'ADDED',
    );
    expect(made.map(({ object }) => object.metadata.name.slice(0, 1))).toEqual(['a', 'b', 'c']);
  });

  test('never finds a pod free twice, however two visits interleave', async () => {
    const simulation = new Simulation();
    simulation.addPod('web-0');
    await simulation.ask('b', 'web-0');
    simulation.sync();
    const gate = new EventTarget();
    simulation.gate = new Promise((open) => gate.addEventListener('open', () => open(), { once: true }));
    const first = simulation.visit('shop/b');
    await new Promise((turn) => setImmediate(turn));
    // The second Checkpoint was created in the same second, and its name comes first.
    await simulation.ask('a', 'web-0');
    simulation.sync();
    const second = simulation.visit('shop/a');
    await new Promise((turn) => setImmediate(turn));
    gate.dispatchEvent(new Event('open'));
    await Promise.all([first, second]);
    // The second visit found the pod in the hands of the first, and comes again.
    await simulation.rest();
    expect(simulation.model.all(PODCAPTURE_RESOURCE)).toHaveLength(1);
    expect(simulation.reason('a')).toBe('PodBusy');
  });

  test('never dispatches a Checkpoint again whose PodCapture is gone', async () => {
    const simulation = await dispatched();
    const [capture] = simulation.model.all(PODCAPTURE_RESOURCE);
    simulation.model.drop(PODCAPTURES, 'shop', capture?.metadata.name ?? '');
    await simulation.settle();
    expect(simulation.reason('look')).toBe('Cancelled');
  });

  test('ends the capture of a lost agent, so that it can never run later', async () => {
    const simulation = await dispatched();
    simulation.sync();
    simulation.setAgent('node-1', 'Lost');
    await rest(simulation);
    expect(simulation.reason('look')).toBe('NodeAgentLost');
    expect(simulation.model.all(PODCAPTURE_RESOURCE)[0]?.status?.claimedBy).toBe('controller');
    simulation.setAgent('node-1', 'Alive');
    const before = simulation.model.revision;
    await agent(simulation);
    expect(simulation.model.revision).toBe(before);
  });

  test('waits for an agent that is only being replaced', async () => {
    const simulation = await dispatched();
    simulation.sync();
    simulation.setAgent('node-1', 'Away');
    simulation.pass(300);
    await rest(simulation);
    expect(simulation.reason('look')).toBe('Dispatched');
  });

  test('deletes a Checkpoint when its time to live is over', async () => {
    const simulation = new Simulation();
    simulation.addPod('web-0');
    await simulation.ask('look', 'web-0', { ttlSecondsAfterFinished: 3600 });
    simulation.sync();
    await rest(simulation);
    await agent(simulation);
    await agent(simulation);
    await rest(simulation);
    expect(simulation.reason('look')).toBe('Captured');
    simulation.pass(3_599_000);
    await rest(simulation);
    expect(simulation.checkpoint('look')).toBeDefined();
    simulation.pass(2000);
    await rest(simulation);
    expect(simulation.checkpoint('look')).toBeUndefined();
  });

  test('shows at once that the API server denies the PodCapture, goes on when it accepts it, and ends at the deadline', async () => {
    const denial = 'podcaptures.stasis.dev "look" is forbidden: exceeded quota: none, requested: count/podcaptures=1';
    const simulation = await denied({ code: 403, reason: 'Forbidden', message: denial });
    expect(simulation.reason('look')).toBe('DispatchForbidden');
    expect(JSON.stringify(simulation.checkpoint('look')?.status)).toContain('exceeded quota: none');
    expect(simulation.told.map(({ type, reason }) => [type, reason])).toContainEqual(['Warning', 'DispatchForbidden']);
    simulation.denial = undefined;
    for (const milliseconds of [5000, 300]) {
      simulation.pass(milliseconds);
      await rest(simulation);
    }
    expect(simulation.reason('look')).toBe('Dispatched');
    const late = await denied({ code: 403, reason: 'Forbidden', message: denial });
    late.pass(602_000);
    await rest(late);
    expect(late.reason('look')).toBe('DispatchForbidden');
    expect(late.checkpoint('look')?.status?.completionTime).toBeDefined();
  });

  test.each([
    ["ValidatingAdmissionPolicy 'x' with binding 'x' denied request: not here", 422, 'DispatchForbidden'],
    ['admission webhook "x" denied the request: not here', 400, 'DispatchForbidden'],
    ['Internal error occurred: failed calling webhook "x": timeout', 500, 'DispatchForbidden'],
    ['PodCapture.stasis.dev "x" is invalid: spec.freezer: Unsupported value', 422, 'InternalError'],
  ])('takes %j (%d) for %s', async (message, code, expected) => {
    const simulation = await denied({ code, reason: 'Invalid', message });
    expect(simulation.reason('look')).toBe(expected);
  });

  test('costs nothing while it waits behind others of its pod', async () => {
    const simulation = new Simulation();
    simulation.addPod('web-0');
    for (const name of ['a', 'b', 'c']) await simulation.ask(name, 'web-0');
    simulation.sync();
    await rest(simulation);
    const before = simulation.calls.length;
    await simulation.visit('shop/b', 'shop/c');
    expect(simulation.calls.length).toBe(before);
  });

  test('refuses a pod whose RuntimeClass is a sandbox, also when the class is gone', async () => {
    const simulation = new Simulation();
    simulation.model.put(PODS, pod({ spec: { runtimeClassName: 'kata' } }));
    simulation.agents.set('node-1', 'Alive');
    await simulation.ask('look', 'web-0');
    simulation.sync();
    await rest(simulation);
    expect(simulation.reason('look')).toBe('SandboxedRuntime');
  });

  test('cancels an orphan, and removes its finalizer when it has ended', async () => {
    const simulation = await dispatched();
    simulation.model.drop(CHECKPOINTS, 'shop', 'look');
    await simulation.settle();
    expect(simulation.model.all(PODCAPTURE_RESOURCE)).toEqual([]);
  });

  test('ends a Checkpoint whose PodCapture the server never accepts', async () => {
    const simulation = new Simulation();
    simulation.addPod('web-0');
    await simulation.ask('look', 'web-0');
    simulation.sync();
    const name = (await import('../../../src/controller/capture-name.js')).captureName(
      simulation.checkpoint('look')?.metadata ?? { name: '', uid: '' },
    );
    simulation.model.put(PODCAPTURES, { metadata: { name, namespace: 'shop' }, spec: { podName: 'other' } });
    await rest(simulation);
    expect(simulation.reason('look')).toBe('InternalError');
  });
});

/** A Checkpoint whose PodCapture the API server answers with this error. */
async function denied(denial: NonNullable<Simulation['denial']>): Promise<Simulation> {
  const simulation = new Simulation();
  simulation.denial = denial;
  simulation.addPod('web-0');
  await simulation.ask('look', 'web-0');
  simulation.sync();
  await rest(simulation);
  return simulation;
}

async function release(simulation: Simulation): Promise<void> {
  const at = { namespace: 'shop', name: 'look' };
  await simulation.model.api().mergePatch(CHECKPOINTS, { ...at, patch: { spec: { hold: { release: true } } } });
}
