/**
 * Tests the agent with its guard: the guard is found, lost, found again and waited for, and its earlier actions are
 * reported.
 */
import { constants } from 'node:os';
import { afterEach, describe, expect, test } from '@jest/globals';
import { PODCAPTURES } from '../../../../src/api/kinds.js';
import { ENOENT, ETIMEDOUT } from '../../../../src/native/errno.js';
import { captureIdOf } from '../../../../src/native/guard-protocol.js';
import type { Guard, GuardOutcome, Recovered } from '../../../../src/native/guard.js';
import { emptyReport } from '../../../../src/node-agent/report/empty-report.js';
import { failure } from '../../../../src/node-agent/pure/failure.js';
import { systemClock } from '../../../../src/kube/clock.js';
import { GuardKeeper } from '../../../../src/node-agent/service/guard-keeper.js';
import { describeRecovered, Recoveries } from '../../../../src/node-agent/service/recoveries.js';
import { fakeGuard } from '../../../fake/guard.js';
import { fakeDoor, fastClock, goodReport, podCapture, startAgent, succeeded, released, uid } from './fixtures.js';
import type { Agent } from './fixtures.js';
import { silentLogger } from '../../../fake/silent-logger.js';

const { ECONNREFUSED, EPIPE } = constants.errno;

function idOf(number: number): Uint8Array {
  return captureIdOf(uid(number)) ?? new Uint8Array();
}

function recovered(number: number, outcome: GuardOutcome = 'Thawed'): Recovered {
  return { capture: idOf(number), container: 0, outcome, cause: 'AgentDied' };
}

function keeper(open: () => Guard | number): GuardKeeper {
  return new GuardKeeper({ door: fakeDoor(open), clock: fastClock(), log: silentLogger() });
}

/** Makes the guard refuse the next captures, so many times. */
function refuse({ script }: Agent, times: number): void {
  let left = times;
  script.report = () => {
    if (left === 0) return goodReport();
    left -= 1;
    return emptyReport(failure('GuardUnavailable', 'refused'));
  };
}

describe('GuardKeeper', () => {
  test('check() finds a guard, loses a dead guard at once, and loses a silent guard after three tests', () => {
    let answers = 0;
    let there = true;
    const kept = keeper(() => (there ? fakeGuard({ ping: () => answers }) : -ECONNREFUSED));
    let restarts = 0;
    kept.onRestarted = () => (restarts += 1);
    expect([kept.isAlive, kept.check(), kept.isAlive]).toEqual([false, true, true]);
    there = false;
    answers = -ETIMEDOUT;
    expect([kept.check(), kept.check(), kept.check()]).toEqual([true, true, false]);
    there = true;
    answers = 0;
    expect(restarts).toBe(0);
    expect(kept.check()).toBe(true);
    expect(restarts).toBe(1);
    there = false;
    answers = -EPIPE;
    expect(kept.check()).toBe(false);
    expect(restarts).toBe(1);
  });

  test('whenAlive() resolves as soon as a guard is found, after the given time without one, and at once when aborted', async () => {
    let there = false;
    const kept = keeper(() => (there ? fakeGuard() : -ENOENT));
    expect(await kept.whenAlive(10)).toBe(false);
    const waiting = kept.whenAlive(60_000);
    there = true;
    kept.check();
    expect(await waiting).toBe(true);
    const none = keeper(() => -ENOENT);
    expect(await none.whenAlive(60_000, AbortSignal.abort())).toBe(false);
  });
});

describe('Recoveries', () => {
  test('see() counts each recovery once, and acknowledges those of no unfinished capture, once all captures are listed', () => {
    const counted: GuardOutcome[] = [];
    const acknowledged: string[] = [];
    let listed: ReturnType<typeof podCapture>[] | undefined;
    const recoveries = new Recoveries({
      log: silentLogger(),
      count: (outcome) => counted.push(outcome),
      list: () => listed,
      acknowledge: (one) => acknowledged.push(one),
    });
    const all = [recovered(1), recovered(2, 'CgroupGone')];
    recoveries.see(all);
    expect(acknowledged).toEqual([]);
    listed = [podCapture(1)];
    recoveries.see(all);
    expect([counted, acknowledged]).toEqual([['Thawed', 'CgroupGone'], [uid(2)]]);
  });

  test('describeRecovered() counts the freezers per outcome', () => {
    expect(describeRecovered([])).toBe('');
    expect(describeRecovered([recovered(1), recovered(1), recovered(1, 'FoundThawed')])).toBe(
      'freezers handled by the guard: 2 opened (AgentDied), 1 found open (AgentDied)',
    );
  });
});

describe('guarded', () => {
  const agents: Agent[] = [];
  afterEach(async () => {
    await Promise.all(agents.splice(0).map(async (agent) => await agent.remove()));
  });
  function start(setup: Parameters<typeof startAgent>[0] = {}): Agent {
    const agent = startAgent(setup);
    agents.push(agent);
    return agent;
  }

  test('runAgent() reports and counts what the guard did for an earlier agent, and acknowledges it', async () => {
    const guard = fakeGuard({ recovered: [recovered(1), recovered(77)] });
    const agent = start({ guard: keeper(() => guard) });
    const condition = {
      type: 'Succeeded',
      status: 'Unknown' as const,
      reason: 'Capturing',
      message: '',
      lastTransitionTime: '2026-01-01T00:00:00Z',
    };
    agent.model.put(PODCAPTURES, podCapture(1, {}, { status: { claimedBy: 'another', conditions: [condition] } }));
    expect(await agent.end(1)).toMatchObject({ status: 'False', reason: 'NodeAgentRestarted' });
    expect(released(agent.capture(1))).toMatchObject({
      status: 'True',
      message: expect.stringContaining('1 opened (AgentDied)'),
    });
    await agent.until('forgotten', () => guard.told.filter(({ kind }) => kind === 'acknowledge').length === 2);
    expect(await agent.registry.metrics()).toMatch(/^stasis_guard_recoveries_total\{outcome="Thawed"\} 2$/m);
  });

  test('runAgent() is not ready without a guard, waits for one, and gives up on a capture after 30 s', async () => {
    let there = false;
    const agent = start({ guard: keeper(() => (there ? fakeGuard() : -ENOENT)) });
    await agent.until('listening', () => agent.port() > 0);
    agent.model.put(PODCAPTURES, podCapture(1));
    expect(await agent.end(1)).toMatchObject({ status: 'False', reason: 'GuardUnavailable' });
    expect(agent.script.requests).toEqual([]);
    const ready = await fetch(`http://127.0.0.1:${agent.port()}/readyz`);
    expect([ready.status, await ready.text()]).toEqual([503, expect.stringContaining('guard')]);
    agent.model.put(PODCAPTURES, podCapture(2));
    await agent.until('claimed', () => succeeded(agent.capture(2)) !== undefined);
    there = true;
    expect(await agent.end(2)).toMatchObject({ reason: 'Captured' });
  });

  test('runAgent() tells within a second that a capture waits for a guard, and no longer once there is one', async () => {
    let there = false;
    const clock = systemClock();
    const door = fakeDoor(() => (there ? fakeGuard() : -ENOENT));
    const agent = start({ guard: new GuardKeeper({ door, clock, log: silentLogger() }), parts: { clock } });
    agent.script.before = async (signal) =>
      await new Promise((resolve) => signal?.addEventListener('abort', () => resolve()));
    agent.model.put(PODCAPTURES, podCapture(1));
    await agent.until('claimed', () => agent.capture(1)?.status?.claimedBy !== undefined);
    const claimed = performance.now();
    await agent.until('told', () => succeeded(agent.capture(1))?.reason === 'GuardUnavailable');
    expect(performance.now() - claimed).toBeLessThan(1000);
    expect(succeeded(agent.capture(1))).toMatchObject({
      status: 'Unknown',
      message: expect.stringContaining('waits for a guard'),
    });
    there = true;
    await agent.until('told', () => succeeded(agent.capture(1))?.reason === 'Capturing');
  });

  test('runAgent() retries a capture that did not begin because the guard went away', async () => {
    let alive = true;
    const opened = (): Guard | number => (alive ? fakeGuard({ ping: () => (alive ? 0 : -EPIPE) }) : -ENOENT);
    const agent = start({ guard: keeper(opened) });
    refuse(agent, 1);
    agent.script.before = async () => {
      alive = false;
      agent.script.before = async () => await Promise.resolve();
      await Promise.resolve();
    };
    agent.model.put(PODCAPTURES, podCapture(1));
    await agent.until('lost', () => !alive);
    alive = true;
    expect(await agent.end(1)).toMatchObject({ reason: 'Captured' });
    expect(agent.script.requests).toHaveLength(2);
  });

  test('runAgent() retries a capture that a new guard refuses, and accepts the refusal after 1.5 s', async () => {
    const agent = start({ guard: keeper(() => fakeGuard()) });
    refuse(agent, 1);
    agent.model.put(PODCAPTURES, podCapture(1));
    expect(await agent.end(1)).toMatchObject({ reason: 'Captured' });
    expect(agent.script.requests).toHaveLength(2);
    refuse(agent, Infinity);
    agent.model.put(PODCAPTURES, podCapture(2));
    expect(await agent.end(2)).toMatchObject({
      reason: 'GuardUnavailable',
      message: expect.stringContaining('refused'),
    });
  });
});
