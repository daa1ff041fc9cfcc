/**
 * Tests that a capture is carried out at most once, whatever the API server does: with each kind of fault at each call.
 */
import { afterEach, describe, expect, test } from '@jest/globals';
import { PODCAPTURES } from '../../../../src/api/kinds.js';
import { systemClock } from '../../../../src/kube/clock.js';
import { failure, type KubeResult } from '../../../../src/kube/result.js';
import type { Intercept } from '../../../fake/kube-model.js';
import { podCapture, startAgent, succeeded, type Agent, type AgentSetup } from './fixtures.js';

const agents: Agent[] = [];
afterEach(async () => {
  await Promise.all(agents.splice(0).map(async (agent) => await agent.remove()));
});

function start(setup: AgentSetup): Agent {
  const agent = startAgent(setup);
  agents.push(agent);
  return agent;
}

function refused(code: number | undefined, reason: string): KubeResult<never> {
  return failure({ method: 'PATCH', path: '/', reason, message: 'a fault', ...(code === undefined ? {} : { code }) });
}

type Fault = <T>(perform: () => KubeResult<T>) => KubeResult<T>;

const FAULTS: Readonly<Record<string, Fault>> = {
  'a write whose answer is lost': (perform) => {
    perform();
    return refused(undefined, 'Unreachable');
  },
  'a write that is lost': () => refused(undefined, 'Timeout'),
  'a false conflict': () => refused(409, 'Conflict'),
  'a write that succeeds and is answered as a conflict': (perform) => {
    perform();
    return refused(409, 'Conflict');
  },
  'too many requests': () => refused(429, 'TooManyRequests'),
  'an internal error': () => refused(500, 'InternalError'),
  'forbidden for a moment': () => refused(403, 'Forbidden'),
};

/**
 * Injects the fault into the call with that number (from 0), counted among calls with these verbs. All later calls
 * succeed.
 */
function faultAt(
  nth: number,
  verbs: readonly string[],
  fault: Fault,
): { readonly intercept: Intercept; calls: () => number } {
  let calls = 0;
  const intercept: Intercept = (call, perform) => {
    if (call.plural !== PODCAPTURES.plural || !verbs.includes(call.verb)) return perform();
    calls += 1;
    return calls - 1 === nth ? fault(perform) : perform();
  };
  return { intercept, calls: () => calls };
}

describe.each(Object.entries(FAULTS))('%s', (_, fault) => {
  // A capture without hold has two writes, a claim and a report. A capture with a hold has three.
  test.each([
    [0, 0],
    [1, 0],
    [0, 1],
    [1, 1],
    [2, 1],
  ])('at write %i, hold %i s: carried out once, and reported', async (nth, seconds) => {
    const { intercept } = faultAt(nth, ['apply'], fault);
    const agent = start({ intercept });
    agent.model.put(PODCAPTURES, podCapture(1, seconds === 0 ? {} : { hold: { seconds } }));
    expect(await agent.end(1)).toMatchObject({ status: 'True', reason: 'Captured' });
    await agent.stop();
    expect(agent.script.requests).toHaveLength(1);
    expect(succeeded(agent.capture(1))?.reason).toBe('Captured');
  });

  test.each([0, 1, 2])('at list or watch %i: carried out once, and reported', async (nth) => {
    const { intercept } = faultAt(nth, ['list', 'watch'], fault);
    const agent = start({ intercept });
    agent.model.put(PODCAPTURES, podCapture(1));
    expect(await agent.end(1)).toMatchObject({ reason: 'Captured' });
    expect(agent.script.requests).toHaveLength(1);
  });

  test('at a claim, and at the read that follows a conflict: carried out once', async () => {
    let claims = 0;
    let reads = 0;
    const agent = start({
      intercept: (call, perform) => {
        if (call.verb === 'apply' && (claims += 1) === 1) {
          perform();
          return refused(409, 'Conflict');
        }
        if (call.verb === 'get' && (reads += 1) <= 2) return fault(perform);
        return perform();
      },
    });
    agent.model.put(PODCAPTURES, podCapture(1));
    expect(await agent.end(1)).toMatchObject({ reason: 'Captured' });
    expect(agent.script.requests).toHaveLength(1);
  });
});

describe('races', () => {
  test('a claim that another won is not carried out', async () => {
    const agent = start({
      intercept: (call, perform) => {
        const now = call.verb === 'apply' ? agent.capture(1) : undefined;
        if (now !== undefined && now.status === undefined) {
          agent.model.put(PODCAPTURES, { ...now, status: { claimedBy: 'controller', conditions: [lost()] } });
        }
        return perform();
      },
    });
    agent.model.put(PODCAPTURES, podCapture(1));
    await agent.until('claimed by another', () => agent.capture(1)?.status !== undefined);
    await agent.stop();
    expect(agent.script.requests).toEqual([]);
    expect(agent.capture(1)?.status).toEqual({ claimedBy: 'controller', conditions: [lost()] });
  });

  test('a capture that disappears before its claim is not carried out', async () => {
    const agent = start({
      intercept: (call, perform) => {
        if (call.verb === 'apply') agent.model.drop(PODCAPTURES, 'default', 'capture-1');
        return perform();
      },
    });
    agent.model.put(PODCAPTURES, podCapture(1));
    await agent.until('gone', () => agent.capture(1) === undefined);
    await agent.stop();
    expect(agent.script.requests).toEqual([]);
  });

  test('a report does not reach a later object of the same name', async () => {
    const agent = start({});
    agent.script.before = async () => {
      agent.model.drop(PODCAPTURES, 'default', 'capture-1');
      const { metadata } = podCapture(2);
      agent.model.put(
        PODCAPTURES,
        podCapture(1, { nodeName: 'node-2' }, { metadata: { ...metadata, name: 'capture-1' } }),
      );
      await Promise.resolve();
    };
    agent.model.put(PODCAPTURES, podCapture(1));
    await agent.until('replaced', () => agent.capture(1)?.spec.nodeName === 'node-2');
    await agent.stop();
    expect(agent.capture(1)?.status).toBeUndefined();
  });

  test('a report that the server refuses as invalid is sent again with less in it', async () => {
    let applied = 0;
    const agent = start({
      // By the real clock, a busy machine looks at its disk too fast for that to be told, which would be a write more.
      parts: { clock: systemClock() },
      intercept: (call, perform) => {
        const tooMuch = call.verb === 'apply' && (applied += 1) === 2;
        return tooMuch ? refused(422, 'Invalid') : perform();
      },
    });
    agent.model.put(PODCAPTURES, podCapture(1));
    expect(await agent.end(1)).toMatchObject({ reason: 'Captured' });
    expect(agent.capture(1)?.status).toMatchObject({ processes: 1, timings: { pauseMicroseconds: 900 } });
    expect(agent.capture(1)?.status?.tree).toBeUndefined();
  });

  test('a report waits out an API server that is away for minutes', async () => {
    let away = false;
    const agent = start({
      intercept: (_call, perform) => (away ? refused(undefined, 'Unreachable') : perform()),
    });
    agent.script.before = async () => {
      away = true;
      await Promise.resolve();
    };
    agent.model.put(PODCAPTURES, podCapture(1));
    await agent.until('begun', () => away);
    // This is three minutes of the agent's clock.
    await new Promise((resolve) => setTimeout(resolve, 1800));
    expect(succeeded(agent.capture(1))?.reason).toBe('Capturing');
    away = false;
    expect(await agent.end(1)).toMatchObject({ reason: 'Captured' });
  });

  test('SIGTERM ends the process in time while the API server is away', async () => {
    let away = false;
    const agent = start({
      intercept: (_call, perform) => (away ? refused(undefined, 'Unreachable') : perform()),
    });
    agent.model.put(PODCAPTURES, podCapture(1, { hold: { seconds: 3600 } }));
    await agent.until('held', () => succeeded(agent.capture(1))?.reason === 'Holding');
    away = true;
    const since = performance.now();
    await agent.stop();
    // 20 s of the agent's clock are 200 ms; the rest of the bound is for a busy machine.
    expect(performance.now() - since).toBeLessThan(1000);
    expect(agent.script.running).toBe(0);
  });
});

function lost() {
  const at = '2026-01-01T00:00:00Z';
  return { type: 'Succeeded', status: 'False' as const, reason: 'NodeAgentLost', message: '', lastTransitionTime: at };
}
