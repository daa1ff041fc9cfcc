/** Tests that a release which was asked for once is never lost: in the queue, at a handover, and when it is refused. */
import { describe, expect, test } from '@jest/globals';
import { CHECKPOINTS, PODCAPTURES, type PodCapture } from '../../../src/api/kinds.js';
import { PODCAPTURE_RESOURCE } from '../../../src/controller/resources.js';
import { Simulation } from './simulation.js';

const DENIED = "ValidatingAdmissionPolicy 'change-freeze' with binding 'all' denied request: no changes today";

async function agents(simulation: Simulation, patience?: number): Promise<void> {
  for (const each of simulation.model.all<PodCapture>(PODCAPTURE_RESOURCE)) await simulation.agentStep(each, patience);
  simulation.sync();
  await simulation.rest();
}

async function held(): Promise<Simulation> {
  const simulation = new Simulation();
  simulation.addPod('web-0');
  await simulation.ask('look', 'web-0', { hold: { seconds: 3600 } });
  simulation.sync();
  await simulation.rest();
  for (let step = 0; step < 3; step += 1) await agents(simulation);
  expect(simulation.reason('look')).toBe('Holding');
  return simulation;
}

/** Sets hold.release as its author does, and returns the code of the answer. */
async function set(simulation: Simulation, name: string, release: boolean): Promise<number> {
  const at = { namespace: 'shop', name };
  const answer = await simulation.model
    .api()
    .mergePatch(CHECKPOINTS, { ...at, patch: { spec: { hold: { release } } } });
  return answer.ok ? 200 : (answer.error.code ?? 0);
}

function releaseOf(simulation: Simulation, name: string): string | undefined {
  const all = simulation.model.all<PodCapture>(PODCAPTURE_RESOURCE);
  return all.find(({ metadata }) => metadata.name.startsWith(name))?.spec.hold?.releaseReason;
}

function condition(simulation: Simulation, type: string) {
  return simulation.checkpoint('look')?.status?.conditions?.find((each) => each.type === type);
}

describe('a release', () => {
  test('that was set in the queue stays when the first manifest is applied again', async () => {
    const simulation = new Simulation();
    simulation.addPod('web-0');
    await simulation.ask('a-first', 'web-0', { hold: { seconds: 60 } });
    simulation.now += 1000;
    await simulation.ask('b-second', 'web-0', { hold: { seconds: 3600 } });
    simulation.sync();
    await simulation.rest();
    expect(simulation.reason('b-second')).toBe('PodBusy');
    expect(await set(simulation, 'b-second', true)).toBe(200);
    // Until the controller has seen it, it cannot be taken out of the spec.
    expect(await set(simulation, 'b-second', false)).toBe(422);
    simulation.sync();
    await simulation.rest();
    const before = simulation.model.revision;
    await simulation.visit('shop/b-second');
    expect(simulation.model.revision).toBe(before);
    expect(await set(simulation, 'b-second', false)).toBe(200);
    simulation.sync();
    await simulation.rest();
    for (let step = 0; step < 6; step += 1) await agents(simulation, 0);
    expect(releaseOf(simulation, 'b-second')).toBe('ReleaseRequested');
  });

  test('cannot be taken out of the spec before the controller looks, and the next leader carries it out', async () => {
    const simulation = await held();
    expect([await set(simulation, 'look', true), await set(simulation, 'look', false)]).toEqual([200, 422]);
    simulation.die();
    await simulation.rest();
    expect(releaseOf(simulation, 'look')).toBe('ReleaseRequested');
    await agents(simulation);
    expect(simulation.reason('look')).toBe('Captured');
    expect(await set(simulation, 'look', false)).toBe(200);
  });

  test.each([
    [422, 'Invalid'],
    [403, 'Forbidden'],
  ])('that is refused (%d %s) is shown, told once, tried again every 5 s, and carried out', async (code, reason) => {
    const simulation = await held();
    let port = 40_000;
    simulation.denies = ({ verb, plural }) => {
      if (verb !== 'patch' || plural !== PODCAPTURES.plural) return undefined;
      // The server's words may differ each time.
      return { code, reason, message: `${DENIED} (port ${(port += 1)})` };
    };
    await set(simulation, 'look', true);
    simulation.sync();
    await simulation.rest();
    for (const type of ['Succeeded', 'Reconciling'])
      expect(condition(simulation, type)).toMatchObject({
        status: type === 'Succeeded' ? 'Unknown' : 'True',
        reason: 'Holding',
        message: expect.stringMatching(/^the API server does not accept the release of the pod: .*no changes today/),
      });
    const tries = (): number => simulation.calls.filter(({ verb }) => verb === 'patch').length;
    for (let round = 0; round < 3; round += 1) {
      const before = tries();
      simulation.pass(5000);
      await simulation.rest();
      expect(tries()).toBe(before + 1);
    }
    const told = simulation.told
      .filter(({ type }) => type === 'Warning')
      .map((each) => [each.regarding.kind, each.reason]);
    expect(told).toEqual([
      ['Checkpoint', 'StepForbidden'],
      ['Pod', 'StepForbidden'],
    ]);
    simulation.denies = () => undefined;
    simulation.pass(5000);
    await simulation.rest();
    expect(releaseOf(simulation, 'look')).toBe('ReleaseRequested');
    expect(condition(simulation, 'Succeeded')?.message).not.toContain('does not accept');
  });
});
