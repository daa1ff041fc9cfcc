/** The controller while its caches are behind the API server. */
import { describe, expect, test } from '@jest/globals';
import { CHECKPOINTS } from '../../../src/api/kinds.js';
import { decide } from '../../../src/controller/decide.js';
import { PODCAPTURE_RESOURCE } from '../../../src/controller/resources.js';
import { checkpoint, pod, undispatched } from './builders.js';
import { Simulation } from './simulation.js';

async function madeAgain(): Promise<Simulation> {
  const simulation = new Simulation();
  simulation.addPod('db-0');
  simulation.addPod('web-0');
  await simulation.ask('look', 'db-0');
  simulation.sync();
  simulation.model.drop(CHECKPOINTS, 'shop', 'look');
  await simulation.ask('look', 'web-0', { hold: { seconds: 3600, despiteProbes: true } });
  await simulation.visit('shop/look');
  return simulation;
}

describe('a Checkpoint that was made again for another pod before the watch told of that', () => {
  test('is not dispatched by the visit that began with the former one, which has the lock of the former pod', async () => {
    const simulation = await madeAgain();
    expect(simulation.model.all(PODCAPTURE_RESOURCE)).toEqual([]);
    expect(simulation.calls.map(({ verb, plural }) => `${verb} ${plural}`)).toEqual(['get checkpoints']);
  });

  test('is dispatched for its own pod by the next visit, which comes without an event', async () => {
    const simulation = await madeAgain();
    simulation.pass(50);
    await simulation.visit(...simulation.keys);
    const made = simulation.model.all(PODCAPTURE_RESOURCE);
    expect(made.map(({ spec }) => [spec.podName, spec.hold?.seconds])).toEqual([['web-0', 3600]]);
  });
});

test('decide() throws rather than have a pod frozen whose name is not that of the Checkpoint', () => {
  const other = undispatched({ checkpoint: checkpoint(), pod: pod({ metadata: { name: 'db-0' } }) });
  expect(() => decide(other)).toThrow('pod db-0 was read for a Checkpoint of pod web-0');
});
