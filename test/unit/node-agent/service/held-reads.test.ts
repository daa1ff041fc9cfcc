/** Tests an agent whose watch is dead without an error, as behind a load balancer that has forgotten the connection. */
import { afterEach, describe, expect, test } from '@jest/globals';
import { PODCAPTURES } from '../../../../src/api/kinds.js';
import { failure, success } from '../../../../src/kube/result.js';
import type { Intercept } from '../../../fake/kube-model.js';
import { held, podCapture, startAgent, succeeded, type Agent, type AgentSetup } from './fixtures.js';

const agents: Agent[] = [];
const stuck: AbortController[] = [];
afterEach(async () => {
  for (const one of stuck.splice(0)) one.abort();
  await Promise.all(agents.splice(0).map(async (agent) => await agent.remove()));
});

function start(setup: AgentSetup = {}): Agent {
  const agent = startAgent(setup);
  agents.push(agent);
  return agent;
}

/** Lets the events of a watch through until `isHalf`, and delivers none from then on. */
function halfOpen(isHalf: () => boolean, next: Intercept = (_call, perform) => perform()): Intercept {
  const released = new AbortController();
  stuck.push(released);
  return (call, perform) => {
    if (call.verb !== 'watch') return next(call, perform);
    const answer = perform();
    if (!answer.ok) return answer;
    const inner = answer.value as unknown as AsyncIterable<unknown>;
    const events = (async function* () {
      for await (const event of inner) {
        if (isHalf() && !released.signal.aborted)
          await new Promise((resolve) => released.signal.addEventListener('abort', resolve));
        yield event;
      }
    })();
    return success(events) as never;
  };
}

const pause = async (ms: number): Promise<void> => await new Promise((resolve) => setTimeout(resolve, ms));

describe('a watch that delivers nothing any more', () => {
  test('does not delay a release for more than some seconds', async () => {
    let half = false;
    const agent = start({ intercept: halfOpen(() => half) });
    agent.model.put(PODCAPTURES, podCapture(1, { hold: { seconds: 3600 } }));
    await agent.until('held', () => held(agent.capture(1))?.status === 'True');
    half = true;
    const since = performance.now();
    const patch = { spec: { hold: { releaseReason: 'ReleaseRequested' } } };
    await agent.model.api().mergePatch(PODCAPTURES, { namespace: 'default', name: 'capture-1', patch });
    expect((await agent.end(1)).reason).toBe('Captured');
    expect(held(agent.capture(1))?.reason).toBe('ReleaseRequested');
    // 15 s of the agent's clock are 300 ms.
    expect(performance.now() - since).toBeLessThan(1000);
  });

  test('does not keep a pod held whose capture is gone, and the agent forgets it', async () => {
    let [half, requests] = [false, 0];
    const agent = start({
      intercept: halfOpen(
        () => half,
        (_call, perform) => {
          requests += 1;
          return perform();
        },
      ),
    });
    agent.model.put(PODCAPTURES, podCapture(1, { hold: { seconds: 3600 } }));
    await agent.until('held', () => held(agent.capture(1))?.status === 'True');
    half = true;
    agent.model.drop(PODCAPTURES, 'default', 'capture-1');
    await agent.until('let go', () => agent.script.running === 0);
    await pause(50);
    const before = requests;
    await pause(200); // 10 s of the agent's clock
    expect([agent.script.requests.length, requests - before]).toEqual([1, 0]);
  });

  test('does not make the agent claim a capture again and again that is gone', async () => {
    let [half, claims] = [false, 0];
    const agent = start({
      maxConcurrentCaptures: 1,
      intercept: halfOpen(
        () => half,
        (call, perform) => {
          if (call.verb === 'apply' && call.name === 'capture-2' && half) claims += 1;
          return perform();
        },
      ),
    });
    agent.script.before = async () => await pause(100);
    agent.model.put(PODCAPTURES, podCapture(1));
    await agent.until('begun', () => agent.script.running === 1);
    agent.model.put(PODCAPTURES, podCapture(2));
    await agent.until('told', () => succeeded(agent.capture(2))?.reason === 'NodeBusy');
    await pause(10);
    half = true;
    agent.model.drop(PODCAPTURES, 'default', 'capture-2');
    await agent.end(1);
    await agent.until('claimed', () => claims > 0);
    await pause(100);
    expect(claims).toBe(1);
  });

  test('is not believed to be dead by a read that fails', async () => {
    let [half, reads] = [false, 0];
    const agent = start({
      intercept: halfOpen(
        () => half,
        (call, perform) => {
          if (call.verb !== 'get') return perform();
          reads += 1;
          return failure({ method: 'GET', path: '/', code: 500, reason: 'InternalError', message: '' });
        },
      ),
    });
    agent.model.put(PODCAPTURES, podCapture(1, { hold: { seconds: 3600 } }));
    await agent.until('held', () => held(agent.capture(1))?.status === 'True');
    half = true;
    await agent.until('read', () => reads >= 2);
    expect([agent.script.running, held(agent.capture(1))?.status]).toEqual([1, 'True']);
  });
});

describe('a watch that works', () => {
  test('is spared reads of captures that it has just told about, and of all when nothing is held', async () => {
    let reads = 0;
    const agent = start({
      intercept: (call, perform) => {
        if (call.verb === 'get') reads += 1;
        return perform();
      },
    });
    agent.model.put(PODCAPTURES, podCapture(1, { hold: { seconds: 3600 } }));
    await agent.until('held', () => held(agent.capture(1))?.status === 'True');
    const touched = setInterval(() => agent.model.put(PODCAPTURES, { ...agent.capture(1) }), 50);
    await pause(700); // 35 s of the agent's clock
    clearInterval(touched);
    expect(reads).toBe(0);
    agent.model.drop(PODCAPTURES, 'default', 'capture-1');
    await agent.until('let go', () => agent.script.running === 0);
    await pause(400);
    expect(reads).toBe(0);
  });
});
