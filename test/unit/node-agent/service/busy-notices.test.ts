import { afterEach, describe, expect, test } from '@jest/globals';
import { PODCAPTURES, type PodCapture } from '../../../../src/api/kinds.js';
import { failure, success, type KubeResult } from '../../../../src/kube/result.js';
import { BusyNotices, type Waiting } from '../../../../src/node-agent/service/busy-notices.js';
import type { Busy } from '../../../../src/node-agent/service/slots.js';
import { ManualClock } from '../../kube/fixtures.js';
import { podCapture, startAgent, succeeded, tracerScript, type Agent, type AgentSetup } from './fixtures.js';
import { silentLogger } from '../../../fake/silent-logger.js';

interface Stand {
  readonly clock: ManualClock;
  readonly notices: BusyNotices;
  /** Number and message of each write, in order. */
  readonly written: string[];
  answer: (object: PodCapture) => KubeResult<PodCapture> | Promise<KubeResult<PodCapture>>;
}

function stand(): Stand {
  const clock = new ManualClock();
  const written: string[] = [];
  const made: { answer: Stand['answer'] } = { answer: success };
  const notices = new BusyNotices({
    api: {
      apply: async (_, object) => {
        const capture = object as unknown as PodCapture;
        written.push(`${capture.metadata.name}: ${succeeded(capture)?.message}`);
        return (await made.answer(capture)) as never;
      },
      get: () => Promise.reject(new Error('nothing is read')),
    },
    clock,
    random: () => 0.5,
    log: silentLogger(),
    newest: (object) => object,
    learn: () => undefined,
  });
  return Object.assign(made, { clock, written, notices });
}

function waiting(number: number, message: string, kind: Busy['kind'] = 'captures'): Waiting {
  return { object: podCapture(number), busy: { kind, message } };
}

describe('BusyNotices', () => {
  test('see() writes after 500 ms, and nothing about a capture that waits no longer', async () => {
    const { clock, notices, written } = stand();
    notices.see([waiting(1, 'full'), waiting(2, 'full')]);
    await clock.advance(499);
    expect(written).toEqual([]);
    notices.see([waiting(1, 'full')]);
    await clock.advance(1);
    expect(written).toEqual(['capture-1: full']);
    notices.close();
    expect(clock.pending).toBe(0);
  });

  test('see() writes again only when the capture waits for something else, and at most every 10 s', async () => {
    const { clock, notices, written } = stand();
    notices.see([waiting(1, 'a')]);
    await clock.advance(500);
    await clock.advance(60_000);
    expect(written).toEqual(['capture-1: a']);
    notices.see([waiting(1, 'other captures')]);
    await clock.advance(60_000);
    expect(written).toHaveLength(1);
    notices.see([waiting(1, 'b', 'holds')]);
    await clock.advance(0);
    notices.see([waiting(1, 'c')]);
    await clock.advance(9_999);
    expect(written).toEqual(['capture-1: a', 'capture-1: b']);
    await clock.advance(1);
    expect(written).toEqual(['capture-1: a', 'capture-1: b', 'capture-1: c']);
    notices.close();
  });

  test('see() tries again soon after a conflict, and later after another failure', async () => {
    const made = stand();
    const { clock, notices, written } = made;
    const error = { method: 'PATCH', path: '/', reason: 'Conflict', message: '', code: 409 };
    made.answer = () => failure(error);
    notices.see([waiting(1, 'a')]);
    await clock.advance(500);
    made.answer = () => failure({ ...error, reason: 'InternalError', code: 500 });
    await clock.advance(500);
    expect(written).toHaveLength(2);
    await clock.advance(9_999);
    expect(written).toHaveLength(2);
    await clock.advance(1);
    expect(written).toHaveLength(3);
    notices.close();
  });

  test('settled() waits for the write about this capture, and leaves the others alone', async () => {
    const made = stand();
    const { clock, notices, written } = made;
    const gate = new EventTarget();
    made.answer = async (object) =>
      await new Promise((resolve) => gate.addEventListener('go', () => resolve(success(object)), { once: true }));
    notices.see([waiting(1, 'a'), waiting(2, 'a')]);
    await clock.advance(500);
    await notices.settled(podCapture(2).metadata.uid);
    notices.see([waiting(1, 'a'), waiting(2, 'a')]);
    let isSettled = false;
    const settled = notices.settled(podCapture(1).metadata.uid).then(() => (isSettled = true));
    await clock.advance(0);
    expect([isSettled, written]).toEqual([false, ['capture-1: a']]);
    made.answer = success;
    gate.dispatchEvent(new Event('go'));
    await settled;
    await clock.advance(60_000);
    expect(written).toEqual(['capture-1: a', 'capture-2: a']);
    notices.close();
  });

  test('see() writes nothing about a capture that somebody has claimed', async () => {
    const { clock, notices, written } = stand();
    notices.see([{ ...waiting(1, 'full'), object: podCapture(1, {}, { status: { claimedBy: 'another' } }) }]);
    await clock.advance(60_000);
    expect(written).toEqual([]);
    notices.close();
  });
});

const agents: Agent[] = [];
afterEach(async () => {
  await Promise.all(agents.splice(0).map(async (agent) => await agent.remove()));
});

function start(setup: AgentSetup): Agent {
  const agent = startAgent(setup);
  agents.push(agent);
  return agent;
}

describe('a node that is busy', () => {
  test('runAgent() tells a capture that waits for a slot what it waits for, claims nothing, and captures later', async () => {
    const script = tracerScript();
    const gate = new EventTarget();
    script.before = async () =>
      await new Promise((resolve) => gate.addEventListener('go', () => resolve(), { once: true }));
    const agent = start({ script, maxConcurrentCaptures: 1 });
    agent.model.put(PODCAPTURES, podCapture(1));
    await agent.until('begun', () => script.requests.length === 1);
    agent.model.put(PODCAPTURES, podCapture(2));
    await agent.until('told', () => succeeded(agent.capture(2)) !== undefined);
    expect(succeeded(agent.capture(2))).toMatchObject({
      status: 'Unknown',
      reason: 'NodeBusy',
      message: 'the node agent carries out as many captures as it may at a time (1): default/capture-1',
    });
    expect(agent.capture(2)?.status).not.toHaveProperty('claimedBy');
    script.before = async () => await Promise.resolve();
    gate.dispatchEvent(new Event('go'));
    expect((await agent.end(1)).reason).toBe('Captured');
    expect((await agent.end(2)).reason).toBe('Captured');
    expect(script.requests).toHaveLength(2);
  });

  test('runAgent() captures beside held pods, and holds no more pods than it may', async () => {
    const agent = start({ maxConcurrentCaptures: 1, maxConcurrentHolds: 2 });
    for (const number of [1, 2, 3]) agent.model.put(PODCAPTURES, podCapture(number, { hold: { seconds: 3600 } }));
    const message = 'the node agent holds as many pods as it may at a time (2): default/capture-1, default/capture-2';
    await agent.until('told', () => succeeded(agent.capture(3))?.message === message);
    agent.model.put(PODCAPTURES, podCapture(4));
    expect((await agent.end(4)).reason).toBe('Captured');
    expect([1, 2, 3].map((number) => succeeded(agent.capture(number))?.reason)).toEqual([
      'Holding',
      'Holding',
      'NodeBusy',
    ]);
    const patch = { spec: { hold: { releaseReason: 'ReleaseRequested' } } };
    await agent.model.api().mergePatch(PODCAPTURES, { namespace: 'default', name: 'capture-1', patch });
    await agent.until('held', () => succeeded(agent.capture(3))?.reason === 'Holding');
  });

  test('runAgent() captures a pod at once whose hold was released while it waited for the end of another hold', async () => {
    const agent = start({ maxConcurrentHolds: 1 });
    agent.model.put(PODCAPTURES, podCapture(1, { hold: { seconds: 3600 } }));
    await agent.until('held', () => succeeded(agent.capture(1))?.reason === 'Holding');
    agent.model.put(PODCAPTURES, podCapture(2, { hold: { seconds: 60 } }));
    await agent.until('told', () => succeeded(agent.capture(2))?.reason === 'NodeBusy');
    const patch = { spec: { hold: { releaseReason: 'ReleaseRequested' } } };
    await agent.model.api().mergePatch(PODCAPTURES, { namespace: 'default', name: 'capture-2', patch });
    expect((await agent.end(2)).reason).toBe('Captured');
    expect(succeeded(agent.capture(1))?.reason).toBe('Holding');
  });

  test('runAgent() writes a bounded number of times to a capture that waits while others come and go', async () => {
    let writes = 0;
    const agent = start({
      maxConcurrentCaptures: 1,
      intercept: (call, perform) => {
        if (call.verb === 'apply' && call.name === 'capture-99') writes += 1;
        return perform();
      },
    });
    // The others are older, and each takes 2 s.
    agent.script.before = async () => await new Promise((resolve) => setTimeout(resolve, 40));
    const late = podCapture(99);
    for (let number = 1; number <= 15; number++) agent.model.put(PODCAPTURES, podCapture(number));
    agent.model.put(PODCAPTURES, {
      ...late,
      metadata: { ...late.metadata, creationTimestamp: '2026-01-02T00:00:00Z' },
    });
    await agent.until('others done', () => succeeded(agent.capture(15))?.reason === 'Captured');
    expect((await agent.end(99)).reason).toBe('Captured');
    // Three writes tell the wait, the claim and the end. On a busy machine, more writes tell that the
    // disk is slow, and that the capture goes on.
    expect(writes).toBeLessThanOrEqual(7);
  }, 30_000);
});
