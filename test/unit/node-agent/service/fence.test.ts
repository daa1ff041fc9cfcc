import { afterEach, describe, expect, test } from '@jest/globals';
import { PODCAPTURES } from '../../../../src/api/kinds.js';
import { startHeartbeat } from '../../../../src/kube/heartbeat.js';
import { failure, success } from '../../../../src/kube/result.js';
import { FENCE_AFTER_MS, keepFence, mayHoldFor, RENEWALS } from '../../../../src/node-agent/service/fence.js';
import { ManualClock } from '../../kube/fixtures.js';
import {
  held,
  podCapture,
  released,
  startAgent,
  succeeded,
  tracerScript,
  type Agent,
  type AgentSetup,
} from './fixtures.js';
import { SECOND_MS } from './scripted-tracer.js';
import { silentLogger } from '../../../fake/silent-logger.js';

const agents: Agent[] = [];
afterEach(async () => {
  await Promise.all(agents.splice(0).map(async (agent) => await agent.remove()));
});

function start(setup: AgentSetup = {}): Agent {
  const agent = startAgent(setup);
  agents.push(agent);
  return agent;
}

/** The network between the agent and the API server. */
class Network {
  isUp = true;
  readonly setup: AgentSetup = {
    isRenewable: () => this.isUp,
    intercept: (_call, perform) =>
      this.isUp ? perform() : failure({ method: 'PATCH', path: '/', reason: 'Unreachable', message: 'cut off' }),
  };
}

/** Waits for so many seconds of the agent's clock. */
async function agentSeconds(count: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, count * SECOND_MS));
}

describe('mayHoldFor()', () => {
  test('counts from the last renewal that was confirmed, and is 0 without one', () => {
    expect([undefined, 1000, 10_000].map((last) => mayHoldFor(last, 25_999))).toEqual([0, 1, 9001]);
    expect([mayHoldFor(1000, 26_000), mayHoldFor(1000, 1_000_000)]).toEqual([0, 0]);
  });
});

describe('keepFence()', () => {
  test('lets go 25 s after the last confirmed renewal was sent, and not while renewals succeed', async () => {
    const clock = new ManualClock();
    const stop = new AbortController();
    let last: number | undefined = clock.monotonic();
    const at: number[] = [];
    const begun = clock.monotonic();
    const letGo = (): void => void at.push(clock.monotonic() - begun);
    const kept = keepFence({ clock, lastRenewal: () => last, letGo }, stop.signal);
    await clock.advance(24_000);
    last = clock.monotonic();
    await clock.advance(24_999);
    expect(at).toEqual([]);
    await clock.advance(1);
    expect(at).toEqual([24_000 + FENCE_AFTER_MS]);
    last = clock.monotonic();
    await clock.advance(20_000);
    expect(at).toHaveLength(1);
    stop.abort();
    await kept;
    expect(clock.pending).toBe(0);
  });
});

/**
 * Answers each renewal after a second, as a busy server does, but for those that are lost on the way, counted from 1.
 * Returns how often the fence let go.
 */
async function letGoWhenLost(lost: readonly number[], random: () => number): Promise<number> {
  const clock = new ManualClock();
  const stop = new AbortController();
  let sent = 0;
  const heartbeat = startHeartbeat({
    api: {
      apply: async (_resource, _object, { signal }: { signal?: AbortSignal }) => {
        sent += 1;
        await clock.sleep(lost.includes(sent) ? 1_000_000 : 1_000, signal);
        return signal?.aborted === true
          ? failure({ method: 'PATCH', path: '/', reason: 'Aborted', message: '' })
          : (success({}) as never);
      },
    },
    namespace: 'ns',
    name: 'lease',
    identity: 'me',
    ...RENEWALS,
    clock,
    random,
    log: silentLogger(),
    signal: stop.signal,
  });
  let letGo = 0;
  await clock.advance(2_000);
  const kept = keepFence({ clock, lastRenewal: () => heartbeat.lastRenewal(), letGo: () => (letGo += 1) }, stop.signal);
  await clock.advance(60_000);
  stop.abort();
  await Promise.all([kept, heartbeat.done]);
  expect(sent).toBeGreaterThan(4);
  return letGo;
}

describe('the times of the heartbeat', () => {
  test('leave room for two whole attempts before the fence, and for letting go before the agent is called lost', () => {
    const { everySeconds, withinSeconds, retrySeconds, leaseDurationSeconds } = RENEWALS;
    // The period and the pause after a failure vary at random: by 5 %, and up to twice as long.
    const latestSecondFailure = 1.05 * everySeconds + withinSeconds + 2 * retrySeconds + withinSeconds;
    expect(latestSecondFailure).toBeLessThan(FENCE_AFTER_MS / 1000);
    expect(latestSecondFailure + 2 * retrySeconds).toBeLessThan(FENCE_AFTER_MS / 1000);
    expect(FENCE_AFTER_MS / 1000 + 15).toBeLessThanOrEqual(leaseDurationSeconds);
  });

  test.each([0, 0.5, 0.85, 0.999])(
    'keep the holds when a renewal hangs, and when two do (random number %d)',
    async (random) => {
      expect(await letGoWhenLost([2], () => random)).toBe(0);
      expect(await letGoWhenLost([2, 3], () => random)).toBe(0);
      expect(await letGoWhenLost([2, 3, 4, 5, 6], () => random)).toBeGreaterThan(0);
    },
  );
});

describe('startHeartbeat()', () => {
  test('renews soon again after a failure, and tells of each renewal', async () => {
    const clock = new ManualClock();
    const stop = new AbortController();
    const sent: number[] = [];
    let [works, renewals] = [true, 0];
    const begun = clock.monotonic();
    const heartbeat = startHeartbeat({
      api: {
        apply: async () => {
          sent.push(clock.monotonic() - begun);
          const refused = failure({ method: 'PATCH', path: '/', reason: 'Unreachable', message: '' });
          return await Promise.resolve(works ? (success({}) as never) : refused);
        },
      },
      namespace: 'ns',
      name: 'lease',
      identity: 'me',
      ...RENEWALS,
      onRenewal: () => (renewals += 1),
      clock,
      random: () => 0.5,
      log: silentLogger(),
      signal: stop.signal,
    });
    await clock.advance(9_000);
    works = false;
    await clock.advance(8_000);
    works = true;
    await clock.advance(12_000);
    expect(sent).toEqual([0, 10_000, 11_500, 13_000, 14_500, 16_000, 17_500, 27_500]);
    expect([renewals, heartbeat.lastRenewal()]).toEqual([3, begun + 27_500]);
    stop.abort();
    await heartbeat.done;
  });
});

describe('an agent that is cut off', () => {
  test('runAgent() ends its holds 25 s after the last renewal, begins nothing, and reports and begins again later', async () => {
    const network = new Network();
    const agent = start(network.setup);
    agent.model.put(PODCAPTURES, podCapture(1, { hold: { seconds: 3600 } }));
    await agent.until('held', () => held(agent.capture(1))?.status === 'True');
    network.isUp = false;
    const since = performance.now();
    await agent.until('let go', () => agent.script.running === 0);
    // 25 s, by the agent's clock. The last renewal was up to 10 s before; the rest of the bound is for a busy machine.
    const took = (performance.now() - since) / SECOND_MS;
    expect(took).toBeGreaterThan(14);
    expect(took).toBeLessThan(60);
    agent.model.put(PODCAPTURES, podCapture(2));
    await agentSeconds(10);
    expect(agent.script.requests).toHaveLength(1);
    const ready = await fetch(`http://127.0.0.1:${agent.port()}/readyz`);
    expect([ready.status, await ready.text()]).toEqual([503, 'heartbeat: the Lease has not been renewed in time\n']);
    expect(held(agent.capture(1))?.status).toBe('True');
    network.isUp = true;
    expect(await agent.end(1)).toMatchObject({ status: 'False', reason: 'HoldCutShort' });
    expect(held(agent.capture(1))).toMatchObject({ status: 'False', reason: 'HeartbeatLost' });
    expect(released(agent.capture(1))).toMatchObject({ status: 'True', reason: 'FreezersRestored' });
    expect(agent.capture(1)?.status).toMatchObject({ processes: 1, tree: [{ pid: 4711 }] });
    expect((await agent.end(2)).reason).toBe('Captured');
  });

  test('runAgent() rolls back a capture that has not reached its hold', async () => {
    const network = new Network();
    const script = tracerScript();
    script.before = async (signal) =>
      await new Promise((resolve) => signal?.addEventListener('abort', () => resolve()));
    const agent = start({ ...network.setup, script });
    agent.model.put(PODCAPTURES, podCapture(1, { hold: { seconds: 60 } }));
    await agent.until('begun', () => script.requests.length === 1);
    network.isUp = false;
    await agent.until('rolled back', () => script.running === 0);
    network.isUp = true;
    expect(await agent.end(1)).toMatchObject({
      status: 'False',
      reason: 'Cancelled',
      message: expect.stringContaining('could not renew its heartbeat'),
    });
    expect(held(agent.capture(1))).toMatchObject({ status: 'False', reason: 'HeartbeatLost' });
  });

  test('runAgent() begins nothing before its first renewal has succeeded', async () => {
    let isRenewable = false;
    const agent = start({ isRenewable: () => isRenewable });
    agent.model.put(PODCAPTURES, podCapture(1));
    await agentSeconds(10);
    expect([agent.script.requests.length, succeeded(agent.capture(1))]).toEqual([0, undefined]);
    isRenewable = true;
    expect((await agent.end(1)).reason).toBe('Captured');
  });

  test('runAgent() carries out a capture after the heartbeat is back when the answer to its claim came late', async () => {
    const network = new Network();
    let claims = 0;
    const agent = start({
      ...network.setup,
      intercept: (call, perform) => {
        if (call.verb === 'apply' && (claims += 1) === 1) {
          const claimed = perform();
          network.isUp = false;
          return new Promise<typeof claimed>((resolve) => setTimeout(() => resolve(claimed), 30 * SECOND_MS)) as never;
        }
        return perform();
      },
    });
    agent.model.put(PODCAPTURES, podCapture(1));
    await agent.until('claimed', () => succeeded(agent.capture(1))?.reason === 'Capturing');
    await agentSeconds(40);
    expect(agent.script.requests).toEqual([]);
    network.isUp = true;
    expect((await agent.end(1)).reason).toBe('Captured');
  });
});
