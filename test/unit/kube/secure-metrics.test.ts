/** Tests the metrics behind TLS and the API server's authorisation. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Gauge, Registry } from 'prom-client';
import type { KubeApi, RawOptions } from '../../../src/kube/api.js';
import { MetricsAccess } from '../../../src/kube/metrics-access.js';
import { serveMetrics } from '../../../src/kube/metrics-server.js';
import { failure, success, type KubeResult } from '../../../src/kube/result.js';
import { IDENTITY_A, IDENTITY_B, type ServerIdentity } from '../../fake/api-server-identities.js';
import { ManualClock } from './fixtures.js';
import { silentLogger } from '../../fake/silent-logger.js';

/** An API server that knows the tokens `reader` and `stranger`, and lets only `reader` get the metrics. */
class Reviews {
  readonly asked: { readonly path: string; readonly body: unknown }[] = [];
  down = false;
  /** While set, answers wait for it. */
  gate: Promise<void> | undefined;

  readonly api: Pick<KubeApi, 'raw'> = {
    raw: async (_method: string, path: string, { body }: RawOptions = {}) => {
      this.asked.push({ path, body });
      await this.gate;
      return this.#answer(path, body as { spec: { token?: string; user?: string } });
    },
  };

  #answer(
    path: string,
    { spec }: { spec: { token?: string; user?: string } },
  ): KubeResult<{ code: number; text: string }> {
    if (this.down) return failure({ method: 'POST', path, reason: 'Unreachable', message: 'no' });
    const user = { username: spec.token, groups: ['g'], uid: 'u', extra: { node: ['n'] } };
    const known = spec.token === 'reader' || spec.token === 'stranger';
    const status = path.endsWith('/tokenreviews')
      ? { authenticated: known, ...(known ? { user } : {}) }
      : { allowed: spec.user === 'reader' };
    return success({ code: 201, text: JSON.stringify({ status }) });
  }
}

interface Deferred {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
}

function deferred(): Deferred {
  let settle: (() => void) | undefined;
  const promise = new Promise<void>((resolve) => {
    settle = resolve;
  });
  return { promise, resolve: () => settle?.() };
}

let reviews: Reviews;
let clock: ManualClock;
let access: MetricsAccess;
beforeEach(() => {
  reviews = new Reviews();
  clock = new ManualClock();
  access = new MetricsAccess({ api: reviews.api, clock, log: silentLogger() });
});

describe('MetricsAccess', () => {
  test.each([
    ['Bearer reader', 'allowed'],
    ['bearer  reader ', 'allowed'],
    ['Bearer stranger', 'forbidden'],
    ['Bearer nobody', 'unauthenticated'],
    ['Basic cmVhZGVy', 'unauthenticated'],
    ['Bearer two words', 'unauthenticated'],
    [`Bearer ${'x'.repeat(20_000)}`, 'unauthenticated'],
    [undefined, 'unauthenticated'],
  ])('judges %p as %s', async (authorization, verdict) => {
    expect(await access.judge(authorization)).toBe(verdict);
  });

  test('asks with the whole identity that the API server gave', async () => {
    await access.judge('Bearer reader');
    expect(reviews.asked.map(({ body }) => body)).toMatchObject([
      { kind: 'TokenReview', spec: { token: 'reader' } },
      {
        kind: 'SubjectAccessReview',
        spec: {
          user: 'reader',
          groups: ['g'],
          uid: 'u',
          extra: { node: ['n'] },
          nonResourceAttributes: { path: '/metrics', verb: 'get' },
        },
      },
    ]);
  });

  test('remembers a permission for a minute and a refusal for ten seconds', async () => {
    await access.judge('Bearer reader');
    await access.judge('Bearer stranger');
    await clock.advance(9_000);
    expect([await access.judge('Bearer reader'), await access.judge('Bearer stranger')]).toEqual([
      'allowed',
      'forbidden',
    ]);
    expect(reviews.asked).toHaveLength(4);
    await clock.advance(2_000);
    await access.judge('Bearer stranger');
    expect(reviews.asked).toHaveLength(6);
    await clock.advance(60_000);
    await access.judge('Bearer reader');
    expect(reviews.asked).toHaveLength(8);
  });

  test('allows nobody while the API server is away, and asks again at once', async () => {
    reviews.down = true;
    expect(await access.judge('Bearer reader')).toBe('unknown');
    reviews.down = false;
    expect(await access.judge('Bearer reader')).toBe('allowed');
  });

  test('asks once for many requests with one token, and ten times a second for unknown ones', async () => {
    const gate = deferred();
    reviews.gate = gate.promise;
    const same = Array.from({ length: 20 }, async () => await access.judge('Bearer reader'));
    const flood = Array.from({ length: 50 }, async (_, index) => await access.judge(`Bearer guess-${index}`));
    gate.resolve();
    expect(new Set(await Promise.all(same))).toEqual(new Set(['allowed']));
    const verdicts = await Promise.all(flood);
    expect(verdicts.filter((verdict) => verdict === 'unknown')).toHaveLength(41);
    expect(reviews.asked).toHaveLength(2 + 9);
    await clock.advance(1_000);
    expect(await access.judge('Bearer one-more')).toBe('unauthenticated');
  });

  test('guesses displace no permission, and do not keep its holder from being asked about again', async () => {
    await access.judge('Bearer reader');
    for (let index = 0; index < 200; index += 1) {
      if (index % 10 === 0) await clock.advance(1_000);
      await access.judge(`Bearer guess-${index}`);
    }
    const before = reviews.asked.length;
    expect(await access.judge('Bearer reader')).toBe('allowed');
    expect(reviews.asked).toHaveLength(before);
    await clock.advance(60_000);
    for (let index = 0; index < 20; index += 1) await access.judge(`Bearer late-${index}`);
    expect(await access.judge('Bearer reader')).toBe('allowed');
  });
});

describe('serveMetrics()', () => {
  let folder: string;
  let stop: AbortController;
  let done: Promise<void>;
  let port: number;
  let opened: Deferred;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'stasis-tls-'));
    stop = new AbortController();
    port = 0;
    opened = deferred();
  });
  afterEach(async () => {
    stop.abort();
    await done;
    rmSync(folder, { recursive: true, force: true });
  });

  function put({ cert, key }: ServerIdentity): void {
    writeFileSync(join(folder, 'tls.crt'), cert);
    writeFileSync(join(folder, 'tls.key'), key);
  }

  function start(registry = new Registry()): void {
    const at = {
      port: 0,
      host: '127.0.0.1',
      folder,
      onListening: (given: number) => {
        port = given;
        opened.resolve();
      },
    };
    done = serveMetrics({ ...at, registry, access, clock, log: silentLogger() }, stop.signal);
  }

  async function listening(): Promise<void> {
    await opened.promise;
  }

  /** Returns the status and the body; rejects when the certificate is not the one that is trusted. */
  async function get(path: string, token: string | undefined, trusted = IDENTITY_A): Promise<[number, string]> {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    return await new Promise((resolve, reject) => {
      const asked = request({ host: '127.0.0.1', port, path, ca: trusted.ca, headers, agent: false }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (piece: string) => (text += piece));
        response.on('end', () => resolve([response.statusCode ?? 0, text]));
      });
      asked.on('error', reject).end();
    });
  }

  test('answers 200, 401, 403 and 503, and knows no other path', async () => {
    const registry = new Registry();
    new Gauge({ name: 'answer', help: 'The answer.', registers: [registry] }).set(42);
    put(IDENTITY_A);
    start(registry);
    await listening();
    expect((await get('/metrics', 'reader'))[1]).toContain('answer 42');
    expect((await get('/metrics', undefined))[0]).toBe(401);
    expect((await get('/metrics', 'stranger'))[0]).toBe(403);
    expect((await get('/healthz', 'reader'))[0]).toBe(404);
    reviews.down = true;
    expect((await get('/metrics', 'another'))[0]).toBe(503);
  });

  test('takes a rotated certificate into use, keeps the old one while the files are no pair, and waits for the first', async () => {
    start();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(port).toBe(0);
    put(IDENTITY_A);
    await clock.advance(5_000);
    await listening();
    expect((await get('/metrics', 'reader'))[0]).toBe(200);
    put({ ...IDENTITY_B, key: IDENTITY_A.key });
    await clock.advance(60_000);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect((await get('/metrics', 'reader'))[0]).toBe(200);
    put(IDENTITY_B);
    await clock.advance(5_000);
    await new Promise((resolve) => setTimeout(resolve, 50));
    await clock.advance(60_000);
    expect((await get('/metrics', 'reader', IDENTITY_B))[0]).toBe(200);
    await expect(get('/metrics', 'reader')).rejects.toThrow('unable to verify');
  });
});
