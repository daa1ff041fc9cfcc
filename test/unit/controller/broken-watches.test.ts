/** The controller when a watch breaks right after one of the controller's own writes, so that only a list follows. */
import { expect, test } from '@jest/globals';
import { PODCAPTURE_RESOURCE } from '../../../src/controller/resources.js';
import { Simulation } from './simulation.js';

/** Lets controller and agents work until nothing happens without them. */
async function work(simulation: Simulation): Promise<void> {
  for (let steps = 0; steps < 3; steps += 1) {
    await simulation.rest();
    for (const capture of simulation.model.all(PODCAPTURE_RESOURCE)) await simulation.agentStep(capture);
    simulation.sync();
  }
  await simulation.rest();
}

test('the next Checkpoint of the pod begins when the one before it ended at its deadline', async () => {
  const simulation = new Simulation();
  simulation.addPod('web-0');
  simulation.setAgent('node-1', 'Away');
  await simulation.ask('a', 'web-0', { startingDeadlineSeconds: 30 });
  simulation.now += 1000;
  await simulation.ask('b', 'web-0');
  simulation.sync();
  await simulation.rest();
  expect(['a', 'b'].map((name) => simulation.reason(name))).toEqual(['NodeAgentUnavailable', 'PodBusy']);
  simulation.now += 60_000;
  await simulation.visit('shop/a');
  simulation.setAgent('node-1', 'Alive');
  simulation.relist();
  expect(simulation.keys).toContain('shop/b');
});

test('the end of the capture of a lost agent reaches its Checkpoint', async () => {
  const simulation = new Simulation();
  simulation.addPod('web-0');
  await simulation.ask('look', 'web-0', { hold: { seconds: 3600 } });
  simulation.sync();
  await work(simulation);
  expect(simulation.reason('look')).toBe('Holding');
  // The timers from the dispatch have rung, so no timer brings the key back.
  simulation.pass(700_000);
  await simulation.rest();
  simulation.setAgent('node-1', 'Lost');
  await simulation.visit(...simulation.keys);
  simulation.relist();
  await simulation.rest();
  expect(simulation.reason('look')).toBe('NodeAgentLost');
});
