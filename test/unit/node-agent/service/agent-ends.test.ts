import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, describe, expect, test } from '@jest/globals';
import { PODCAPTURES } from '../../../../src/api/kinds.js';
import type { ReleaseReason } from '../../../../src/node-agent/report/end-conditions.js';
import {
  fastClock,
  held,
  ME,
  podCapture,
  startAgent,
  succeeded,
  released,
  tracerScript,
  uid,
  type Agent,
  type AgentSetup,
} from './fixtures.js';

/** Holds twenty pods at once, and ends the agent. */
const MANY_HOLDS = `
  const { startAgent, podCapture, succeeded } = await import(${JSON.stringify(new URL('./fixtures.js', import.meta.url).href)});
  const { PODCAPTURES } = await import(${JSON.stringify(new URL('../../../../src/api/kinds.js', import.meta.url).href)});
  const numbers = Array.from({ length: 20 }, (_, index) => index + 1);
  const agent = startAgent({ maxConcurrentHolds: 20 });
  for (const number of numbers) agent.model.put(PODCAPTURES, podCapture(number, { hold: { seconds: 3600 } }));
  const isHeld = (number) => succeeded(agent.capture(number))?.reason === 'Holding';
  await agent.until('all held', () => numbers.every(isHeld));
  await agent.remove();
  console.log('held', numbers.length);
`;

const agents: Agent[] = [];
afterEach(async () => {
  await Promise.all(agents.splice(0).map(async (agent) => await agent.remove()));
});

function start(setup: AgentSetup = {}): Agent {
  const agent = startAgent(setup);
  agents.push(agent);
  return agent;
}

/** The reasons for which the controller ends a hold that nobody asked it to end, and their words. */
const CUTS = [
  ['PodNotFound', 'the pod no longer exists'],
  ['PodReplaced', 'another pod has replaced the pod'],
  ['PodTerminating', 'the pod is being deleted'],
  ['ContainerEnded', 'a container that was held has ended'],
  ['NodeDrained', 'the node was cordoned or is drained'],
] as const;

async function release(agent: Agent, releaseReason: ReleaseReason): Promise<void> {
  const patch = { spec: { hold: { releaseReason } } };
  await agent.model.api().mergePatch(PODCAPTURES, { namespace: 'default', name: 'capture-1', patch });
}

async function beginHold(agent: Agent): Promise<void> {
  agent.model.put(PODCAPTURES, podCapture(1, { hold: { seconds: 3600 } }));
  await agent.until('held', () => succeeded(agent.capture(1))?.reason === 'Holding');
}

describe('cancelling', () => {
  test('runAgent() ends a hold when its release is requested, which is a success', async () => {
    const agent = start();
    await beginHold(agent);
    await release(agent, 'ReleaseRequested');
    expect(await agent.end(1)).toMatchObject({ status: 'True', reason: 'Captured' });
    expect(held(agent.capture(1))).toMatchObject({
      status: 'False',
      reason: 'ReleaseRequested',
      message: expect.stringMatching(/^held for \d+\.\d s of 3600 s: the release was requested$/),
    });
    expect(agent.capture(1)?.status?.holdUntil).toBeUndefined();
    // kubectl wait looks at nothing older than the spec, which the release has changed.
    const { metadata, status } = agent.capture(1) ?? {};
    expect(metadata?.generation).toBeGreaterThan(0);
    expect(status?.conditions?.map((one) => one.observedGeneration)).toEqual(Array(3).fill(metadata?.generation));
  });

  test.each(CUTS)(
    'runAgent() reports a hold that %s ended as cut short, and keeps what was read',
    async (reason, why) => {
      const agent = start();
      await beginHold(agent);
      await release(agent, reason);
      const cut = expect.stringMatching(new RegExp(`^held for \\d+\\.\\d s of 3600 s: ${why}$`));
      expect(await agent.end(1)).toMatchObject({ status: 'False', reason: 'HoldCutShort', message: cut });
      expect(held(agent.capture(1))).toMatchObject({ status: 'False', reason, message: cut });
      expect(agent.capture(1)?.status).toMatchObject({
        processes: 1,
        tree: [{ pid: 4711 }],
        artifact: expect.anything(),
      });
    },
  );

  test('runAgent() does not roll back when the release comes before the hold, and does not hold', async () => {
    const script = tracerScript();
    const gate = new EventTarget();
    script.before = async () =>
      await new Promise((resolve) => gate.addEventListener('go', () => resolve(), { once: true }));
    const agent = start({ script });
    agent.model.put(PODCAPTURES, podCapture(1, { hold: { seconds: 3600 } }));
    await agent.until('begun', () => script.requests.length === 1);
    await release(agent, 'ReleaseRequested');
    await new Promise((resolve) => setTimeout(resolve, 5));
    gate.dispatchEvent(new Event('go'));
    expect(await agent.end(1)).toMatchObject({ status: 'True', reason: 'Captured' });
    expect(held(agent.capture(1))?.reason).toBe('ReleaseRequested');
  });

  test('runAgent() ends a hold when the capture is deleted, and reports the end before the object disappears', async () => {
    const agent = start();
    agent.model.put(PODCAPTURES, {
      ...podCapture(1, { hold: { seconds: 3600 } }),
      metadata: { ...podCapture(1).metadata, finalizers: ['stasis.dev/release'] },
    });
    await agent.until('held', () => succeeded(agent.capture(1))?.reason === 'Holding');
    await agent.model.api().remove(PODCAPTURES, { namespace: 'default', name: 'capture-1' });
    expect(await agent.end(1)).toMatchObject({
      status: 'False',
      reason: 'Cancelled',
      message: expect.stringMatching(
        /^held for \d+\.\d s of 3600 s: the PodCapture was deleted, as it is with its Checkpoint$/,
      ),
    });
    expect(held(agent.capture(1))).toMatchObject({ status: 'False', reason: 'Cancelled' });
    expect(agent.capture(1)?.status).toMatchObject({ processes: 1, tree: [{ pid: 4711 }] });
  });

  test('runAgent() releases the pod when the capture vanishes, and keeps no artifact', async () => {
    const agent = start();
    await beginHold(agent);
    agent.model.drop(PODCAPTURES, 'default', 'capture-1');
    const artifact = join(agent.artifacts, `${uid(1)}.json`);
    await agent.until('let go', () => agent.script.running === 0);
    // The artifact may be written after the capture vanished. The agent removes it when its report finds the capture
    // gone.
    let absent = 0;
    await agent.until('no artifact', () => (absent = existsSync(artifact) ? 0 : absent + 1) > 200);
    await agent.stop();
    expect(existsSync(artifact)).toBe(false);
  });

  test('runAgent() releases the pod when no Checkpoint owns the capture any more', async () => {
    const agent = start();
    await beginHold(agent);
    const { ownerReferences: _, ...metadata } = podCapture(1).metadata;
    const now = agent.capture(1);
    agent.model.put(PODCAPTURES, { ...now, metadata });
    expect((await agent.end(1)).reason).toBe('Cancelled');
  });

  test('runAgent() ends a capture that is being deleted without beginning it', async () => {
    const agent = start();
    const metadata = {
      ...podCapture(1).metadata,
      deletionTimestamp: '2026-01-01T00:00:01Z',
      finalizers: ['stasis.dev/release'],
    };
    agent.model.put(PODCAPTURES, { ...podCapture(1), metadata });
    expect(await agent.end(1)).toMatchObject({ status: 'False', reason: 'Cancelled' });
    expect(agent.script.requests).toEqual([]);
  });
});

describe('ends', () => {
  test('runAgent() releases the pod, reports and closes its threads on SIGTERM', async () => {
    const agent = start();
    agent.model.put(PODCAPTURES, podCapture(1, { hold: { seconds: 3600 } }));
    await agent.until('held', () => succeeded(agent.capture(1))?.reason === 'Holding');
    await agent.stop();
    expect(succeeded(agent.capture(1))).toMatchObject({
      status: 'False',
      reason: 'HoldCutShort',
      message: expect.stringMatching(/^held for \d+\.\d s of 3600 s: the node agent was stopped$/),
    });
    expect(held(agent.capture(1))).toMatchObject({ status: 'False', reason: 'NodeAgentStopped' });
    expect(released(agent.capture(1))).toMatchObject({ status: 'True', reason: 'FreezersRestored' });
    expect(agent.capture(1)?.status).toMatchObject({ processes: 1, tree: [{ pid: 4711 }] });
    expect(agent.script.closed).toBe(1);
  });

  test('runAgent() rolls back a capture that has not reached its hold on SIGTERM', async () => {
    const script = tracerScript();
    script.before = async (signal) =>
      await new Promise((resolve) => signal?.addEventListener('abort', () => resolve()));
    const agent = start({ script });
    agent.model.put(PODCAPTURES, podCapture(1));
    await agent.until('begun', () => script.requests.length === 1);
    await agent.stop();
    const end = succeeded(agent.capture(1));
    expect([end?.reason, end?.message]).toEqual([
      'Cancelled',
      expect.stringContaining('the node agent is being stopped'),
    ]);
    expect(held(agent.capture(1))).toBeUndefined();
    expect(released(agent.capture(1))).toMatchObject({ status: 'True', reason: 'NothingTouched' });
  });

  test('runAgent() begins no capture after SIGTERM', async () => {
    const agent = start();
    await agent.stop();
    agent.model.put(PODCAPTURES, podCapture(1));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(agent.capture(1)?.status).toBeUndefined();
  });

  test('runAgent() ends the capture of an earlier agent, and keeps its claim', async () => {
    const agent = start();
    const condition = {
      type: 'Succeeded',
      status: 'Unknown' as const,
      reason: 'Capturing',
      message: '',
      lastTransitionTime: '2026-01-01T00:00:00Z',
    };
    const status = { claimedBy: 'another', startTime: '2026-01-01T00:00:00Z', conditions: [condition] };
    agent.model.put(PODCAPTURES, podCapture(1, {}, { status }));
    agent.model.put(PODCAPTURES, podCapture(2, {}, { status: { ...status, claimedBy: ME } }));
    for (const [number, claimedBy] of [
      [1, 'another'],
      [2, ME],
    ] as const) {
      expect(await agent.end(number)).toMatchObject({ status: 'False', reason: 'NodeAgentRestarted' });
      expect(agent.capture(number)?.status?.claimedBy).toBe(claimedBy);
      expect(released(agent.capture(number))).toMatchObject({ status: 'True' });
    }
    expect(agent.script.requests).toEqual([]);
  });

  test('runAgent() releases the pod when the controller has ended the capture', async () => {
    const agent = start();
    agent.model.put(PODCAPTURES, podCapture(1, { hold: { seconds: 3600 } }));
    await agent.until('held', () => succeeded(agent.capture(1))?.reason === 'Holding');
    const lost = {
      type: 'Succeeded',
      status: 'False' as const,
      reason: 'NodeAgentLost',
      message: '',
      lastTransitionTime: '2026-01-01T00:00:00Z',
    };
    const now = agent.capture(1);
    agent.model.put(PODCAPTURES, { ...now, status: { ...now?.status, conditions: [lost] } });
    await agent.until('let go', () => agent.script.running === 0);
    await agent.stop();
    expect(succeeded(agent.capture(1))?.reason).toBe('NodeAgentLost');
  });

  test('runAgent() ends no hold before its start when the wall clock is set back meanwhile', async () => {
    const clock = fastClock();
    let back = 0;
    const agent = start({ parts: { clock: { ...clock, wall: () => clock.wall() - back } } });
    agent.model.put(PODCAPTURES, podCapture(1, { hold: { seconds: 60 } }));
    await agent.until('held', () => held(agent.capture(1))?.status === 'True');
    back = 3_600_000;
    await agent.end(1);
    const { startTime = '', completionTime = '' } = agent.capture(1)?.status ?? {};
    expect(Date.parse(completionTime)).toBeGreaterThanOrEqual(Date.parse(startTime));
    expect(held(agent.capture(1))?.reason).toBe('HoldElapsed');
  });

  test('runAgent() holds many pods at once without a warning of Node', async () => {
    // In a process of its own: Jest's process object does not hear the warnings of Node.
    const child = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', MANY_HOLDS]);
    expect(child).toEqual({ stdout: 'held 20\n', stderr: '' });
  });
});
