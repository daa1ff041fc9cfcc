/** Tests an agent whose writes the API server refuses, for one namespace or for a while. */
import { afterEach, describe, expect, test } from '@jest/globals';
import { PODCAPTURES, type PodCapture } from '../../../../src/api/kinds.js';
import { failure, type KubeResult } from '../../../../src/kube/result.js';
import { podCapture, startAgent, succeeded, type Agent, type AgentSetup } from './fixtures.js';

const agents: Agent[] = [];
afterEach(async () => {
  await Promise.all(agents.splice(0).map(async (agent) => await agent.remove()));
});

function start(setup: AgentSetup = {}): Agent {
  const agent = startAgent(setup);
  agents.push(agent);
  return agent;
}

function refused(code: number, reason: string): KubeResult<never> {
  return failure({ method: 'PATCH', path: '/', code, reason, message: 'denied by policy x' });
}

function finalized(number: number): PodCapture {
  const object = podCapture(number);
  return { ...object, metadata: { ...object.metadata, finalizers: ['stasis.dev/release'] } };
}

const pause = async (ms: number): Promise<void> => await new Promise((resolve) => setTimeout(resolve, ms));

describe.each([
  [403, 'Forbidden'],
  [500, 'InternalError'],
])('a claim that is refused with %i', (code, reason) => {
  test('takes no slot from others, and is repeated with growing pauses until it is accepted', async () => {
    let attempts = 0;
    let refuses = true;
    const agent = start({
      maxConcurrentCaptures: 1,
      intercept: (call, perform) => {
        if (!refuses || call.verb !== 'apply' || call.name !== 'capture-1') return perform();
        attempts += 1;
        return refused(code, reason);
      },
    });
    agent.model.put(PODCAPTURES, podCapture(1));
    await agent.until('tried', () => attempts >= 2);
    agent.model.put(PODCAPTURES, podCapture(2));
    expect((await agent.end(2)).reason).toBe('Captured');
    await pause(400); // 20 s of the agent's clock
    expect(attempts).toBeLessThan(12);
    refuses = false;
    expect((await agent.end(1)).reason).toBe('Captured');
    expect(agent.script.requests).toHaveLength(2);
  });

  test('is given up when the capture is deleted', async () => {
    let attempts = 0;
    let refuses = true;
    const agent = start({
      intercept: (call, perform) => {
        if (!refuses || call.verb !== 'apply') return perform();
        attempts += 1;
        return refused(code, reason);
      },
    });
    agent.model.put(PODCAPTURES, finalized(1));
    await agent.until('tried', () => attempts >= 2);
    await agent.model.api().remove(PODCAPTURES, { namespace: 'default', name: 'capture-1' });
    await pause(100);
    refuses = false;
    expect((await agent.end(1)).reason).toBe('Cancelled');
    expect(agent.script.requests).toEqual([]);
  });
});

describe('an end that is refused', () => {
  test.each([
    [403, 'Forbidden'],
    [422, 'Invalid'],
  ])('with %i for a while is reported when the server accepts it', async (code, reason) => {
    let refuses = true;
    let ends = 0;
    const agent = start({
      intercept: (call, perform) => {
        if (call.verb !== 'apply' || agent.capture(1)?.status?.claimedBy === undefined || !refuses) return perform();
        ends += 1;
        return refused(code, reason);
      },
    });
    agent.model.put(PODCAPTURES, podCapture(1));
    await agent.until('refused', () => ends >= 4);
    refuses = false;
    expect((await agent.end(1)).reason).toBe('Captured');
    expect(agent.capture(1)?.status).toMatchObject({ processes: 1 });
    expect(agent.script.requests).toHaveLength(1);
  });

  test('for one namespace keeps no capture of another namespace waiting', async () => {
    const isClaimed = (name: string): boolean =>
      agent.model.find(PODCAPTURES, 'default', name)?.status?.claimedBy !== undefined;
    const refusedNames = new Set<string>();
    const agent = start({
      intercept: (call, perform) => {
        if (call.verb !== 'apply' || call.name === 'capture-999' || !isClaimed(call.name)) return perform();
        refusedNames.add(call.name);
        return refused(403, 'Forbidden');
      },
    });
    for (let number = 1; number <= 70; number++) agent.model.put(PODCAPTURES, podCapture(number));
    await agent.until('64 refused', () => refusedNames.size >= 64);
    const other = podCapture(999);
    agent.model.put(PODCAPTURES, { ...other, metadata: { ...other.metadata, namespace: 'other' } });
    const ended = (): string | undefined => succeeded(agent.model.find(PODCAPTURES, 'other', 'capture-999'))?.reason;
    await agent.until('the other has ended', () => ended() === 'Captured');
    expect(agent.model.all(PODCAPTURES).filter(({ status }) => status?.completionTime !== undefined)).toHaveLength(1);
  });

  test('is given up when the watch tells that the object is gone', async () => {
    let attempts = 0;
    const agent = start({
      intercept: (call, perform) => {
        if (call.verb !== 'apply' || agent.capture(1)?.status?.claimedBy === undefined) return perform();
        attempts += 1;
        return refused(403, 'Forbidden');
      },
    });
    agent.model.put(PODCAPTURES, podCapture(1));
    await agent.until('refused', () => attempts >= 2);
    agent.model.drop(PODCAPTURES, 'default', 'capture-1');
    await pause(20);
    const before = attempts;
    await pause(300); // 15 s of the agent's clock
    expect(attempts - before).toBeLessThanOrEqual(1);
    expect(await agent.registry.metrics()).toMatch(/^stasis_captures_unreported 0$/m);
  });
});
