import { describe, expect, test } from '@jest/globals';
import type { Clock } from '../../../src/kube/clock.js';
import { startHeartbeat } from '../../../src/kube/heartbeat.js';
import { LeaderElector } from '../../../src/kube/leader-election.js';
import { microTime } from '../../../src/kube/micro-time.js';
import { LeaseServer, type LeaseApi } from './lease-server.js';
import { ManualClock, seeded } from './fixtures.js';
import { silentLogger } from '../../fake/silent-logger.js';

describe('microTime()', () => {
  test.each([
    [Date.UTC(2026, 0, 2, 3, 4, 5, 278), '2026-01-02T03:04:05.278000Z'],
    [Date.UTC(2026, 0, 2, 3, 4, 5) + 0.25, '2026-01-02T03:04:05.000250Z'],
    [Date.UTC(2026, 0, 2, 3, 4, 5, 999) + 0.9999, '2026-01-02T03:04:06.000000Z'],
  ])('writes six digits of a second for %d', (wall, text) => {
    expect(microTime(wall)).toBe(text);
  });
});

interface Stand {
  readonly elector: LeaderElector;
  readonly leads: () => boolean;
  readonly controller: AbortController;
  readonly log: string[];
  readonly ended: Promise<'stopped' | 'lost'>;
}

function stand(clock: Clock, api: LeaseApi, identity: string, work?: (signal: AbortSignal) => Promise<void>): Stand {
  const controller = new AbortController();
  const log: string[] = [];
  let isLeader = false;
  const elector = new LeaderElector({
    api,
    namespace: 'ns',
    name: 'lock',
    identity,
    clock,
    random: seeded(identity.length),
    log: silentLogger(),
    onStartedLeading: (signal) => {
      log.push('started');
      signal.addEventListener('abort', () => log.push('told to stop'));
      return work?.(signal);
    },
    onStoppedLeading: () => log.push('stopped'),
    onStatus: (status) => {
      isLeader = status;
      log.push(String(status));
    },
  });
  return { elector, leads: () => isLeader, controller, log, ended: elector.run(controller.signal) };
}

describe('LeaderElector', () => {
  test('lets one of two candidates lead, and the other as soon as the first gives up', async () => {
    const [clock, server] = [new ManualClock(), new LeaseServer()];
    const a = stand(clock, server.client(), 'a');
    const b = stand(clock, server.client(), 'bb');
    await clock.advance(60_000);
    expect([a.leads(), b.leads(), b.elector.leader()]).toEqual([true, false, 'a']);
    expect(server.lease?.spec).toMatchObject({ leaseDurationSeconds: 15, leaseTransitions: 0 });
    expect(server.lease?.spec?.renewTime).toMatch(/\.\d{6}Z$/);
    a.controller.abort();
    expect(await a.ended).toBe('stopped');
    expect(a.log).toEqual(['false', 'true', 'started', 'told to stop', 'false', 'stopped']);
    expect(server.lease?.spec?.holderIdentity).toBe('');
    await clock.advance(4_400);
    expect([b.leads(), server.lease?.spec?.leaseTransitions]).toEqual([true, 1]);
    b.controller.abort();
    await b.ended;
    expect(clock.pending).toBe(0);
  });

  test('waits for a whole lease duration when the leader has died, whatever its clock said', async () => {
    for (const skew of [-3_600_000, 3_600_000]) {
      const [clock, server] = [new ManualClock(), new LeaseServer()];
      let dead = false;
      const skewed: Clock = {
        wall: () => clock.wall() + skew,
        monotonic: () => clock.monotonic(),
        sleep: (milliseconds, signal) => clock.sleep(milliseconds, signal),
      };
      const a = stand(
        skewed,
        server.client(() => (dead ? 'away' : 'works')),
        'a',
      );
      const b = stand(clock, server.client(), 'bb');
      await clock.advance(30_000);
      dead = true;
      await clock.advance(10_500);
      expect([await a.ended, a.leads(), b.leads()]).toEqual(['lost', false, false]);
      await clock.advance(10_000);
      expect(b.leads()).toBe(true);
      b.controller.abort();
      await b.ended;
    }
  });

  test('goes on leading through 6 s without API server, lost answers, and a write by somebody else', async () => {
    const [clock, server] = [new ManualClock(), new LeaseServer()];
    let now: 'works' | 'away' | 'answer lost' = 'works';
    const a = stand(
      clock,
      server.client((write) => (write || now === 'away' ? now : 'works')),
      'a',
    );
    await clock.advance(5_000);
    now = 'away';
    await clock.advance(6_000);
    now = 'works';
    await clock.advance(4_000);
    now = 'answer lost';
    await clock.advance(3_000);
    now = 'works';
    await clock.advance(20_000);
    if (server.lease !== undefined) {
      const { metadata } = server.lease;
      server.lease = { ...server.lease, metadata: { ...metadata, resourceVersion: 'touched' } };
    }
    await clock.advance(20_000);
    expect(a.leads()).toBe(true);
    server.lease = undefined;
    await clock.advance(20_000);
    expect([a.leads(), a.log]).toEqual([true, ['false', 'true', 'started']]);
    a.controller.abort();
    await a.ended;
  });

  test('stops at once when somebody else has taken the Lease', async () => {
    const [clock, server] = [new ManualClock(), new LeaseServer()];
    const a = stand(clock, server.client(), 'a');
    await clock.advance(5_000);
    if (server.lease !== undefined)
      server.lease = {
        ...server.lease,
        metadata: { ...server.lease.metadata, resourceVersion: 'x' },
        spec: { holderIdentity: 'thief' },
      };
    await clock.advance(2_500);
    expect([await a.ended, server.lease?.spec?.holderIdentity]).toEqual(['lost', 'thief']);
  });

  test('gives up the Lease only when its work has ended', async () => {
    const [clock, server] = [new ManualClock(), new LeaseServer()];
    const slow = stand(
      clock,
      server.client(),
      'a',
      (signal) =>
        new Promise((resolve) => signal.addEventListener('abort', () => void clock.sleep(3_000).then(resolve))),
    );
    await clock.advance(5_000);
    slow.controller.abort();
    await clock.advance(2_900);
    expect(server.lease?.spec?.holderIdentity).toBe('a');
    await clock.advance(200);
    expect([await slow.ended, server.lease?.spec?.holderIdentity]).toEqual(['stopped', '']);
    const stuck = stand(clock, server.client(), 'bb', () => new Promise(() => undefined));
    await clock.advance(5_000);
    stuck.controller.abort();
    await clock.advance(20_000);
    expect([await stuck.ended, server.lease?.spec?.holderIdentity]).toEqual(['stopped', 'bb']);
  });

  test('tells when it last read or wrote the Lease, also when it does not lead', async () => {
    const [clock, server] = [new ManualClock(), new LeaseServer()];
    let away = true;
    const fault = () => (away ? 'away' : 'works');
    const leader = stand(clock, server.client(fault), 'a');
    await clock.advance(5_000);
    expect(leader.elector.lastContact()).toBeUndefined();
    away = false;
    const other = stand(clock, server.client(fault), 'bb');
    await clock.advance(60_000);
    const last = [leader, other].map(({ elector }) => clock.monotonic() - (elector.lastContact() ?? 0));
    for (const ago of last) expect(ago).toBeLessThan(5_000);
    away = true;
    await clock.advance(8_000);
    expect(clock.monotonic() - (other.elector.lastContact() ?? 0)).toBeGreaterThanOrEqual(8_000);
    for (const { controller } of [leader, other]) controller.abort();
    await clock.advance(20_000);
  });

  test('stops leading when its work fails', async () => {
    const [clock, server] = [new ManualClock(), new LeaseServer()];
    const a = stand(clock, server.client(), 'a', () => Promise.reject(new Error('x')));
    await clock.advance(100);
    expect([await a.ended, server.lease?.spec?.holderIdentity]).toEqual(['lost', '']);
  });

  test('never has two leaders, with an API server that fails at random', async () => {
    for (let seed = 1; seed <= 10; seed += 1) {
      const [clock, server, random] = [new ManualClock(), new LeaseServer(), seeded(seed)];
      const fault = (): 'works' | 'away' | 'answer lost' =>
        random() < 0.5 ? 'works' : random() < 0.7 ? 'away' : 'answer lost';
      const stands = ['a', 'bb', 'ccc'].map((identity) => stand(clock, server.client(fault), identity));
      let led = 0;
      for (let step = 0; step < 300; step += 1) {
        await clock.advance(500);
        const leaders = stands.filter(({ leads }) => leads()).length;
        expect(leaders).toBeLessThanOrEqual(1);
        led += leaders;
      }
      expect(led).toBeGreaterThan(0);
      for (const { controller } of stands) controller.abort();
      await clock.advance(20_000);
    }
  }, 60_000);
});

describe('startHeartbeat()', () => {
  test('renews, goes on after failures, and lets the Lease expire at the end', async () => {
    const [clock, server] = [new ManualClock(), new LeaseServer()];
    const controller = new AbortController();
    let away = true;
    const heartbeat = startHeartbeat({
      api: server.client(() => (away ? 'away' : 'works')),
      namespace: 'ns',
      name: 'lock',
      identity: 'node-1',
      clock,
      random: () => 0.5,
      log: silentLogger(),
      signal: controller.signal,
    });
    await clock.advance(5_000);
    expect([server.lease, heartbeat.lastRenewal()]).toEqual([undefined, undefined]);
    away = false;
    await clock.advance(60_000);
    expect(server.writes).toBe(6);
    expect(server.lease?.spec).toMatchObject({ holderIdentity: 'node-1', leaseDurationSeconds: 40 });
    expect(clock.monotonic() - (heartbeat.lastRenewal() ?? 0)).toBe(5_000);
    controller.abort();
    await heartbeat.done;
    expect([server.lease?.spec?.holderIdentity, clock.pending]).toEqual(['node-1', 0]);
  });
});
