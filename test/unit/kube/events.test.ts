import { describe, expect, test } from '@jest/globals';
import type { KubeApi } from '../../../src/kube/api.js';
import { cutNote, eventName, type EventDraft } from '../../../src/kube/event-object.js';
import { EventRecorder } from '../../../src/kube/events.js';
import { failure, success, type KubeResult } from '../../../src/kube/result.js';
import { ManualClock } from './fixtures.js';
import { silentLogger } from '../../fake/silent-logger.js';

const DRAFT: EventDraft = {
  regarding: { apiVersion: 'example.dev/v1', kind: 'Thing', namespace: 'team-a', name: 'one', uid: 'u' },
  type: 'Normal',
  reason: 'Captured',
  action: 'Capture',
  note: 'paused 12 ms',
};

function setUp() {
  const clock = new ManualClock();
  const sent: unknown[] = [];
  const answers: { code?: number; reason: string }[] = [];
  const send = (what: unknown): Promise<KubeResult<never>> => {
    sent.push(what);
    const answer = answers.shift();
    return Promise.resolve(
      answer === undefined ? success({} as never) : failure({ method: '', path: '', message: '', ...answer }),
    );
  };
  const api: Pick<KubeApi, 'create'> = { create: (_resource, object) => send(object) };
  const recorder = new EventRecorder({
    api,
    reportingController: 'stasis.dev/controller',
    reportingInstance: 'pod-1',
    clock,
    random: () => 0,
    log: silentLogger(),
  });
  return { clock, sent, answers, recorder };
}

describe('cutNote()', () => {
  test('cuts a note at 1024 bytes, between two characters', () => {
    expect(cutNote('x'.repeat(1024))).toHaveLength(1024);
    for (const text of ['x'.repeat(1025), 'ä'.repeat(600), '😀'.repeat(300), `x${'😀'.repeat(300)}`]) {
      const cut = cutNote(text);
      expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(1024);
      expect(Buffer.byteLength(cut)).toBeGreaterThan(1015);
      expect(cut).toMatch(/^(x|ä|😀)+…$/u);
    }
  });
});

describe('eventName()', () => {
  test.each(['one', 'system:node', 'A.b', '-', '', 'x'.repeat(253), `${'x'.repeat(235)}.-y`, 'a..b'])(
    'is a DNS subdomain for %s',
    (name) => {
      const made = eventName(name, '0123456789abcdef');
      expect(made).toMatch(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/);
      expect(made.length).toBeLessThanOrEqual(253);
    },
  );
});

describe('EventRecorder', () => {
  test('writes an Event with a MicroTime and a unique name', async () => {
    const { clock, sent, recorder } = setUp();
    recorder.record(DRAFT);
    recorder.record({ ...DRAFT, note: 'paused 13 ms' });
    await clock.advance(0);
    expect(sent).toEqual([
      {
        ...DRAFT,
        metadata: { namespace: 'team-a', name: expect.stringMatching(/^one\.[0-9a-f]+$/) },
        eventTime: expect.stringMatching(/\.\d{6}Z$/),
        reportingController: 'stasis.dev/controller',
        reportingInstance: 'pod-1',
      },
      expect.objectContaining({ note: 'paused 13 ms' }),
    ]);
    expect(new Set(sent.map((each) => JSON.stringify((each as { metadata: object }).metadata))).size).toBe(2);
  });

  test('sends four at a time, and the Events of one object one after the other in their order', async () => {
    const clock = new ManualClock();
    const begun: string[] = [];
    let sending = 0;
    let most = 0;
    const api: Pick<KubeApi, 'create'> = {
      create: async <T>(_resource: unknown, object: object): Promise<KubeResult<T>> => {
        const { regarding, note } = object as EventDraft;
        begun.push(`${regarding.name} ${note}`);
        sending += 1;
        most = Math.max(most, sending);
        await clock.sleep(100);
        sending -= 1;
        return success({} as T);
      },
    };
    const options = { reportingController: 'c', reportingInstance: 'i', clock, random: () => 0, log: silentLogger() };
    const recorder = new EventRecorder({ api, ...options });
    for (const note of ['first', 'second', 'third'])
      for (let object = 0; object < 10; object += 1)
        recorder.record({ ...DRAFT, regarding: { ...DRAFT.regarding, name: `o${object}` }, note });
    await clock.advance(50);
    expect(begun).toEqual(['o0 first', 'o1 first', 'o2 first', 'o3 first']);
    // 30 Events, 4 at a time, 100 ms each.
    await clock.advance(800);
    expect([begun.length, most]).toEqual([30, 4]);
    for (let object = 0; object < 10; object += 1)
      expect(begun.filter((each) => each.startsWith(`o${object} `))).toEqual(
        ['first', 'second', 'third'].map((note) => `o${object} ${note}`),
      );
    recorder.record(DRAFT);
    await clock.advance(100);
    expect(begun).toHaveLength(31);
  });

  test('drops nothing of what 5,000 Checkpoints report that end at once', async () => {
    const { clock, sent, recorder } = setUp();
    for (let i = 0; i < 10_000; i += 1) recorder.record({ ...DRAFT, regarding: { ...DRAFT.regarding, name: `o${i}` } });
    await clock.advance(0);
    expect(sent).toHaveLength(10_000);
  }, 60_000);

  test('retries three times, accepts AlreadyExists as success, and does not retry a refusal', async () => {
    const { clock, sent, answers, recorder } = setUp();
    answers.push({ code: 500, reason: 'x' }, { code: 409, reason: 'AlreadyExists' });
    recorder.record(DRAFT);
    await clock.advance(60_000);
    expect(sent).toHaveLength(2);
    answers.push(...Array.from({ length: 4 }, () => ({ reason: 'Unreachable' })));
    recorder.record({ ...DRAFT, note: 'b' });
    await clock.advance(60_000);
    expect(sent).toHaveLength(6);
    answers.push({ code: 403, reason: 'Forbidden' });
    recorder.record({ ...DRAFT, note: 'c' });
    await clock.advance(60_000);
    expect(sent).toHaveLength(7);
  });

  test('keeps at most ten thousand Events waiting', async () => {
    const { clock, sent, answers, recorder } = setUp();
    answers.push({ reason: 'Unreachable' });
    for (let i = 0; i < 30_000; i += 1) recorder.record({ ...DRAFT, note: String(i) });
    await clock.advance(60_000);
    expect(sent.length).toBe(10_001);
  }, 60_000);

  test('close() sends the waiting Events within a time limit', async () => {
    const { clock, sent, answers, recorder } = setUp();
    for (let i = 0; i < 3; i += 1) recorder.record(DRAFT);
    const closed = recorder.close(1_000);
    await clock.advance(0);
    await closed;
    expect(sent).toHaveLength(3);
    recorder.record(DRAFT);
    expect(clock.pending).toBe(0);
    const other = setUp();
    other.answers.push(...Array.from({ length: 9 }, () => ({ reason: 'Unreachable' })));
    other.recorder.record(DRAFT);
    const bounded = other.recorder.close(200);
    await other.clock.advance(200);
    await bounded;
    expect([other.clock.pending, answers.length]).toEqual([0, 0]);
  });
});
