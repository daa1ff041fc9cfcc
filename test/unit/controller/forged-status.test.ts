/** Tests that whoever may write statuses and delete PodCaptures, but not exec, cannot have a pod held again. */
import { expect, test } from '@jest/globals';
import { CHECKPOINTS, PODCAPTURES, type PodCapture } from '../../../src/api/kinds.js';
import { PODCAPTURE_RESOURCE } from '../../../src/controller/resources.js';
import { Simulation } from './simulation.js';

test.each([[{ conditions: null }], [null], [{ conditions: [] }]])(
  'a pod is not held again when its PodCapture is deleted and the status of its Checkpoint becomes %j',
  async (status) => {
    const simulation = new Simulation();
    simulation.addPod('web-0');
    await simulation.ask('look', 'web-0', { hold: { seconds: 3600 } });
    simulation.sync();
    for (let step = 0; step < 6; step += 1) {
      await simulation.rest();
      for (const each of simulation.model.all<PodCapture>(PODCAPTURE_RESOURCE)) await simulation.agentStep(each, 0);
      simulation.sync();
    }
    await simulation.rest();
    expect(simulation.reason('look')).toBe('Captured');
    const api = simulation.model.api();
    const [first] = simulation.model.all<PodCapture>(PODCAPTURE_RESOURCE);
    await api.remove(PODCAPTURES, { namespace: 'shop', name: first?.metadata.name ?? '' });
    const at = { namespace: 'shop', name: 'look', subresource: 'status' as const };
    expect(await api.mergePatch(CHECKPOINTS, { ...at, patch: { status } })).toMatchObject({ error: { code: 422 } });
    simulation.die();
    await simulation.rest();
    expect(simulation.model.all(PODCAPTURE_RESOURCE)).toEqual([]);
    expect(simulation.reason('look')).toBe('Captured');
  },
);
