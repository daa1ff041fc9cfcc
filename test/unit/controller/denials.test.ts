/** The controller while the API server denies a PodCapture. */
import { describe, expect, test } from '@jest/globals';
import { decide } from '../../../src/controller/decide.js';
import { waitingStatus } from '../../../src/controller/status.js';
import { checkpoint, condition, NOW, undispatched } from './builders.js';
import { Simulation } from './simulation.js';

/** A webhook that does not answer: each error names another port. */
async function denied(): Promise<Simulation> {
  const simulation = new Simulation();
  simulation.addPod('web-0');
  await simulation.ask('look', 'web-0');
  let port = 40_000;
  Object.defineProperty(simulation, 'denial', {
    get: () => {
      port += 1;
      const cause = `read tcp 10.0.0.5:${port}->10.96.0.9:443: read: connection reset by peer`;
      return { code: 500, reason: 'InternalError', message: `failed calling webhook "x": ${cause}` };
    },
  });
  simulation.sync();
  return simulation;
}

const written = (simulation: Simulation) => simulation.calls.filter(({ verb }) => verb === 'apply').length;
const message = (simulation: Simulation) => simulation.checkpoint('look')?.status?.pods?.[0]?.message ?? '';

describe('a denial whose text differs each time', () => {
  test('does not make the controller wake itself by its own status', async () => {
    const simulation = await denied();
    let visits = 0;
    for (; visits < 50 && simulation.keys.length > 0; visits += 1) {
      await simulation.visit(...simulation.keys);
      simulation.sync();
    }
    expect([visits, written(simulation)]).toEqual([2, 1]);
  });

  test('is tried again after 5 s, whatever wakes the Checkpoint before', async () => {
    const simulation = await denied();
    await simulation.rest();
    const before = simulation.calls.length;
    simulation.now += 4_999;
    await simulation.visit('shop/look');
    expect(simulation.calls.length).toBe(before);
    simulation.now += 1;
    await simulation.visit('shop/look');
    expect(simulation.calls.length).toBeGreaterThan(before);
  });

  test('has its message written again every 30 s at most', async () => {
    const simulation = await denied();
    await simulation.rest();
    const first = message(simulation);
    for (let i = 0; i < 5; i += 1) {
      simulation.pass(5_000);
      await simulation.rest();
    }
    expect([written(simulation), message(simulation)]).toEqual([1, first]);
    simulation.pass(5_000);
    await simulation.rest();
    expect(written(simulation)).toBe(2);
    expect(message(simulation)).not.toBe(first);
  });

  test('ends the Checkpoint at its deadline, also between two tries', async () => {
    const simulation = await denied();
    await simulation.rest();
    for (let i = 0; i < 120; i += 1) {
      simulation.pass(5_000);
      await simulation.rest();
    }
    simulation.pass(1_000);
    await simulation.rest();
    expect(simulation.reason('look')).toBe('DispatchForbidden');
    expect(simulation.checkpoint('look')?.status?.completionTime).toBeDefined();
  });
});

describe('decide()', () => {
  const agentAway = { reason: 'NodeAgentUnavailable', message: 'another text' } as const;
  const row = { podName: 'web-0', podUID: 'pod-uid-1', nodeName: 'node-1' };
  const shown = checkpoint({ status: waitingStatus(checkpoint(), agentAway, row, NOW) });

  test('takes an obstacle for the same when its reason is the same', () => {
    const soon = decide(undispatched({ checkpoint: shown, agent: 'Lost', shownFor: 25_000 }));
    expect(soon).toEqual({ rule: 'NodeAgentUnavailable', actions: [], againAfterMilliseconds: 5_000 });
    const late = decide(undispatched({ checkpoint: shown, agent: 'Lost', shownFor: 30_000 }));
    expect(late.actions.map(({ kind }) => kind)).toEqual(['write-status']);
  });

  test('shows at once another reason, and another state of the same obstacle', () => {
    const status = { conditions: [condition('Succeeded', 'Unknown', 'Pending')] };
    const other = undispatched({ checkpoint: checkpoint({ status }), agent: 'Away', shownFor: 1 });
    expect(decide(other).actions[0]?.kind).toBe('write-status');
    const released = checkpoint({ ...shown, spec: { hold: { seconds: 60, release: true } } });
    expect(decide(undispatched({ checkpoint: released, agent: 'Away', shownFor: 1 })).actions[0]?.kind).toBe(
      'write-status',
    );
  });
});
