/** Reports of an agent about a hold in which not every task stands still, or which the tracing thread ended by itself. */
import { afterEach, describe, expect, test } from '@jest/globals';
import { PODCAPTURES } from '../../../../src/api/kinds.js';
import { held, podCapture, startAgent, succeeded, tracerScript, type Agent } from './fixtures.js';
import type { TracerScript } from './scripted-tracer.js';

const agents: Agent[] = [];
afterEach(async () => {
  await Promise.all(agents.splice(0).map(async (agent) => await agent.remove()));
});

/** An agent that holds one pod for 60 s of its clock. */
function holding(more: Partial<TracerScript>): Agent {
  const agent = startAgent({ script: { ...tracerScript(), ...more } });
  agents.push(agent);
  agent.model.put(PODCAPTURES, podCapture(1, { hold: { seconds: 60 } }));
  return agent;
}

/** The values of Held that the server ever showed, in order. */
function story(agent: Agent): string[] {
  const all = agent.model.events.flatMap(({ object }) => held(object as never) ?? []);
  const shown = all.map(({ status, reason }) => `${status} ${reason}`);
  return shown.filter((each, index) => each !== shown[index - 1]);
}

describe('a hold', () => {
  test('runAgent() says that the pod is held once every task stands still, and keeps its end', async () => {
    const agent = holding({ standsStillAfterSeconds: 20 });
    await agent.until('begun', () => held(agent.capture(1))?.reason === 'Holding');
    const begun = agent.capture(1)?.status;
    expect(held(agent.capture(1))).toMatchObject({ status: 'Unknown', message: expect.stringContaining('kernel') });
    expect(begun?.heldFrom).toBeUndefined();
    await agent.until('held', () => held(agent.capture(1))?.status === 'True');
    expect(agent.capture(1)?.status?.heldFrom).toEqual(expect.any(String));
    expect(agent.capture(1)?.status?.holdUntil).toBe(begun?.holdUntil);
    expect((await agent.end(1)).reason).toBe('Captured');
    expect(story(agent)).toEqual(['Unknown Capturing', 'Unknown Holding', 'True Holding', 'False HoldElapsed']);
  });

  test('runAgent() never says that the pod is held while a task goes on, and says so at the end', async () => {
    const agent = holding({ standsStillAfterSeconds: Number.POSITIVE_INFINITY });
    const end = await agent.end(1);
    expect(end).toMatchObject({ reason: 'Captured', message: expect.stringContaining('but for tasks in the kernel') });
    expect(story(agent)).toEqual(['Unknown Capturing', 'Unknown Holding', 'False HoldElapsed']);
    expect(agent.capture(1)?.status).not.toHaveProperty('heldFrom');
  });

  test('runAgent() reports a hold that the tracing thread cut off as cut short', async () => {
    const agent = holding({ cutsOffAfterSeconds: 5 });
    expect(await agent.end(1)).toMatchObject({ status: 'False', reason: 'HoldCutShort' });
    expect(held(agent.capture(1))).toMatchObject({ status: 'False', reason: 'HeartbeatLost' });
    expect(succeeded(agent.capture(1))?.message).toContain('the node agent could not renew its heartbeat');
  });
});
