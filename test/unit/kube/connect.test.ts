import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { connect, type ConnectOptions, type KubeConnection, type RequestFacts } from '../../../src/kube/connect.js';
import { writeFileSync } from 'node:fs';
import { FakeApiServer, type FakeHandler } from '../../fake/api-server.js';
import { IDENTITY_A, IDENTITY_B } from '../../fake/api-server-identities.js';
import { fastClock, page, thing, THINGS, type Thing } from './fixtures.js';

let server: FakeApiServer;
let opened: KubeConnection[] = [];

const answerNothing: FakeHandler = () => undefined;

beforeEach(async () => {
  server = await FakeApiServer.start(answerNothing);
});

afterEach(async () => {
  await Promise.all(opened.map((connection) => connection.close()));
  opened = [];
  await server.close();
});

function open(options: Partial<ConnectOptions> = {}): KubeConnection {
  const connection = connect({ kubeconfig: server.kubeconfig(), userAgent: 'tester/1', random: () => 0.5, ...options });
  opened.push(connection);
  return connection;
}

const ONE = { namespace: 'team-a', name: 'one' };

describe('connect()', () => {
  test('throws when the kubeconfig cannot be read', () => {
    expect(() => connect({ kubeconfig: '/nonexistent/kubeconfig', userAgent: 'x' })).toThrow();
  });

  test('tells the server and the namespace of the context', () => {
    const connection = open();
    expect([connection.serverName, connection.namespace]).toEqual([`127.0.0.1:${server.port}`, 'team-a']);
  });

  test('makes 500 requests over one connection', async () => {
    server.handler = (_request, response) => response.json(200, thing('one', 1));
    const api = open();
    for (let i = 0; i < 500; i += 1) expect((await api.get(THINGS, ONE)).ok).toBe(true);
    expect(server.connections).toBeLessThanOrEqual(2);
  });

  test('bounds the connections of many requests at once', async () => {
    server.handler = (_request, response) => response.json(200, thing('one', 1));
    const api = open();
    const answers = await Promise.all(Array.from({ length: 200 }, () => api.get(THINGS, ONE)));
    expect(answers.every(({ ok }) => ok)).toBe(true);
    expect(server.connections).toBeLessThanOrEqual(16);
  });

  test('sends each operation as the API wants it', async () => {
    server.handler = (_request, response) => response.json(200, thing('one', 2));
    const api = open();
    await api.create(THINGS, { metadata: { namespace: 'team-a', name: 'one' } }, { fieldManager: 'me' });
    await api.apply(
      THINGS,
      { metadata: ONE, status: { note: 'x' } },
      { fieldManager: 'me', force: true, subresource: 'status' },
    );
    await api.mergePatch(THINGS, { ...ONE, patch: { spec: { color: 'red' } } });
    await api.jsonPatch(THINGS, { ...ONE, patch: [{ op: 'remove', path: '/metadata/finalizers/0' }] });
    await api.replace(THINGS, thing('one', 2), { subresource: 'status' });
    await api.remove(THINGS, { ...ONE, uid: 'u', resourceVersion: '2', propagationPolicy: 'Background' });
    const base = '/apis/example.dev/v1/namespaces/team-a/things';
    expect(
      server.requests.map(({ method, path, query, headers }) => [
        method,
        `${path}?${query.toString()}`,
        headers['content-type'],
      ]),
    ).toEqual([
      ['POST', `${base}?fieldManager=me`, 'application/json'],
      ['PATCH', `${base}/one/status?fieldManager=me&force=true`, 'application/apply-patch+yaml'],
      ['PATCH', `${base}/one?`, 'application/merge-patch+json'],
      ['PATCH', `${base}/one?`, 'application/json-patch+json'],
      ['PUT', `${base}/one/status?`, 'application/json'],
      ['DELETE', `${base}/one?`, 'application/json'],
    ]);
    expect(server.requests.map(({ body }) => body)).toEqual([
      { apiVersion: 'example.dev/v1', kind: 'Thing', metadata: { namespace: 'team-a', name: 'one' } },
      { apiVersion: 'example.dev/v1', kind: 'Thing', metadata: ONE, status: { note: 'x' } },
      { spec: { color: 'red' } },
      [{ op: 'remove', path: '/metadata/finalizers/0' }],
      thing('one', 2),
      {
        apiVersion: 'v1',
        kind: 'DeleteOptions',
        preconditions: { uid: 'u', resourceVersion: '2' },
        propagationPolicy: 'Background',
      },
    ]);
    expect(server.requests.every(({ headers }) => headers['user-agent'] === 'tester/1')).toBe(true);
  });

  test('lists raw items, with the apiVersion and kind that the server leaves out', async () => {
    server.handler = (_request, response) => response.json(200, page(7, [thing('one', 3)], 'more'));
    const listed = await open().list(THINGS, { namespace: 'team-a', limit: 1, fieldSelector: 'spec.nodeName=n' });
    expect(listed).toEqual({
      ok: true,
      value: {
        items: [{ ...thing('one', 3), spec: undefined }],
        metadata: { resourceVersion: '7', continue: 'more' },
      },
    });
    expect(server.requests[0]?.query.toString()).toBe('limit=1&fieldSelector=spec.nodeName%3Dn');
  });

  test('never lets a name leave its place in the path', async () => {
    server.handler = (_request, response) => response.status(404, 'NotFound');
    const api = open();
    await api.get(THINGS, { namespace: 'a', name: '../b?x#y' });
    expect(server.requests[0]?.path).toBe('/apis/example.dev/v1/namespaces/a/things/..%2Fb%3Fx%23y');
    for (const name of ['..', '.', ''])
      expect(await api.get(THINGS, { namespace: 'a', name })).toMatchObject({
        ok: false,
        error: { reason: 'BadRequest' },
      });
    expect(server.requests).toHaveLength(1);
  });

  test('tells the facts of a refusal, and never the token', async () => {
    server.handler = (_request, response) =>
      response.status(422, 'Invalid', {
        details: { causes: [{ field: 'spec', reason: 'FieldValueInvalid', message: 'no' }] },
      });
    const api = open({ kubeconfig: server.kubeconfig({ token: 'hush-hush' }) });
    const refused = await api.mergePatch(THINGS, { ...ONE, patch: {} });
    expect(server.requests[0]?.headers.authorization).toBe('Bearer hush-hush');
    expect(refused).toEqual({
      ok: false,
      error: {
        method: 'PATCH',
        path: '/apis/example.dev/v1/namespaces/team-a/things/one',
        code: 422,
        reason: 'Invalid',
        message: 'Invalid it is',
        causes: [{ field: 'spec', reason: 'FieldValueInvalid', message: 'no' }],
      },
    });
    expect(JSON.stringify(refused)).not.toContain('hush');
  });

  test('gives a reason to what is no Status, and to what is no JSON', async () => {
    const api = open();
    server.handler = (_request, response) => response.text(502, '<html>bad gateway</html>');
    expect(await api.get(THINGS, ONE)).toMatchObject({ ok: false, error: { code: 502, reason: 'HTTP502' } });
    server.handler = (_request, response) => response.text(200, 'hello');
    expect(await api.get(THINGS, ONE)).toMatchObject({ ok: false, error: { reason: 'Malformed' } });
  });

  test('gives up a request that has no answer in time, without retry', async () => {
    const refused = await open({ requestTimeoutMs: 50 }).get(THINGS, ONE);
    expect(refused).toMatchObject({ ok: false, error: { reason: 'Timeout' } });
    expect(server.requests).toHaveLength(1);
  });

  test('gives up an answer that never ends', async () => {
    server.handler = (_request, response) => response.watch().write('{"kind":');
    expect(await open({ requestTimeoutMs: 50 }).get(THINGS, ONE)).toMatchObject({
      ok: false,
      error: { reason: 'Timeout' },
    });
  });

  test("ends a request with the caller's signal", async () => {
    const controller = new AbortController();
    const asked = open().get(THINGS, { ...ONE, signal: controller.signal });
    setTimeout(() => controller.abort(), 30);
    expect(await asked).toMatchObject({ ok: false, error: { reason: 'Aborted' } });
  });

  test('says Unreachable when nobody listens', async () => {
    const api = open();
    await server.stop();
    expect(await api.get(THINGS, ONE)).toMatchObject({ ok: false, error: { reason: 'Unreachable' } });
  });

  test('sends a read again when its connection was cut, but no create', async () => {
    server.handler = (_request, response) =>
      server.requests.length === 1 ? response.cut() : response.json(200, thing('one', 1));
    const api = open();
    expect((await api.get(THINGS, ONE)).ok).toBe(true);
    expect(server.requests).toHaveLength(2);
    server.handler = (_request, response) => response.cut();
    expect(await api.create(THINGS, { metadata: ONE })).toMatchObject({ ok: false, error: { reason: 'Unreachable' } });
    expect(server.requests).toHaveLength(3);
  });

  test('waits as Retry-After says, a few times', async () => {
    server.handler = (_request, response) => response.status(429, 'TooManyRequests', {}, { 'retry-after': '1' });
    const facts: RequestFacts[] = [];
    const api = open({ clock: fastClock(100), onRequest: (each) => facts.push(each) });
    expect(await api.get(THINGS, ONE)).toMatchObject({ ok: false, error: { code: 429, retryAfterSeconds: 1 } });
    expect(facts.map(({ verb, code, host }) => [verb, code, host])).toEqual(
      Array.from({ length: 4 }, () => ['GET', '429', `127.0.0.1:${server.port}`]),
    );
    server.handler = (_request, response) => response.status(503, 'ServiceUnavailable', {}, { 'retry-after': '1' });
    server.requests.length = 0;
    await api.mergePatch(THINGS, { ...ONE, patch: {} });
    expect(server.requests).toHaveLength(1);
  });

  test('reads the token anew after 60 s, and at once when it is refused', async () => {
    const tokenFile = server.file('token', 'first\n');
    let accepted = 'Bearer first';
    server.handler = (request, response) =>
      request.headers.authorization === accepted
        ? response.json(200, thing('one', 1))
        : response.status(401, 'Unauthorized');
    let now = 0;
    const clock = { ...fastClock(1000), monotonic: () => now };
    const api = open({ kubeconfig: server.kubeconfig({ tokenFile }), clock });
    expect((await api.get(THINGS, ONE)).ok).toBe(true);
    writeFileSync(tokenFile, 'second');
    now = 59_000;
    expect((await api.get(THINGS, ONE)).ok).toBe(true);
    accepted = 'Bearer second';
    now = 61_000;
    expect((await api.get(THINGS, ONE)).ok).toBe(true);
    expect(server.requests).toHaveLength(3);
    writeFileSync(tokenFile, 'third');
    accepted = 'Bearer third';
    now = 63_000;
    expect((await api.create(THINGS, { metadata: ONE })).ok).toBe(true);
    expect(server.requests).toHaveLength(5);
    accepted = 'Bearer nobody';
    expect(await api.get(THINGS, ONE)).toMatchObject({ ok: false, error: { code: 401 } });
  });

  test('says Credentials when they cannot be read, and heals', async () => {
    server.handler = (_request, response) => response.json(200, thing('one', 1));
    const api = open({ kubeconfig: server.kubeconfig({ tokenFile: `${server.file('x', '')}-absent` }) });
    expect(await api.get(THINGS, ONE)).toMatchObject({ ok: false, error: { reason: 'Credentials' } });
    server.file('x-absent', 'here');
    expect((await api.get(THINGS, ONE)).ok).toBe(true);
  });
});

describe('connect() over TLS', () => {
  test('trusts the CA of the kubeconfig, and after a rotation of its file the new one', async () => {
    const first = await FakeApiServer.start((_request, response) => response.json(200, thing('one', 1)), {
      identity: IDENTITY_A,
    });
    const { port } = first;
    const ca = first.file('ca.crt', IDENTITY_A.ca);
    let now = 0;
    const clock = { ...fastClock(1000), monotonic: () => now };
    const kubeconfig = first.kubeconfig({}, { 'certificate-authority-data': undefined, 'certificate-authority': ca });
    const api = open({ kubeconfig, clock });
    for (let i = 0; i < 20; i += 1) expect((await api.get(THINGS, ONE)).ok).toBe(true);
    expect(first.connections).toBe(1);
    await first.stop();
    const second = await FakeApiServer.start((_request, response) => response.json(200, thing('one', 1)), {
      identity: IDENTITY_B,
      port,
    });
    expect(await api.get(THINGS, ONE)).toMatchObject({ ok: false, error: { reason: 'Unreachable' } });
    writeFileSync(ca, IDENTITY_B.ca);
    now = 61_000;
    expect((await api.get(THINGS, ONE)).ok).toBe(true);
    await second.close();
    await first.close();
  });
});

describe('watch()', () => {
  async function collect(
    script: FakeHandler,
    signal = new AbortController().signal,
  ): Promise<{ events: unknown[]; api: KubeConnection }> {
    server.handler = script;
    const api = open();
    const watched = await api.watch<Thing>(THINGS, { resourceVersion: '5', timeoutSeconds: 300, signal });
    if (!watched.ok) return { events: [watched.error], api };
    const events: unknown[] = [];
    for await (const event of watched.value) events.push(event);
    return { events, api };
  }

  test('asks for bookmarks, and passes events on, however they are cut', async () => {
    const line = `${JSON.stringify({ type: 'ADDED', object: thing('grün', 6) })}\n`;
    const { events } = await collect((_request, response) => {
      const watch = response.watch();
      const bytes = Buffer.from(line);
      for (const [i, byte] of bytes.entries())
        setTimeout(() => watch.write(Buffer.from([byte]) as unknown as string), i / 10);
      setTimeout(() => {
        watch.write(`${line}${line}`);
        watch.event('BOOKMARK', { kind: 'Thing', metadata: { resourceVersion: '9' } });
        watch.end();
      }, 100);
    });
    const added = { type: 'ADDED', object: thing('grün', 6) };
    expect(events).toEqual([added, added, added, { type: 'BOOKMARK', resourceVersion: '9' }]);
    expect(server.requests[0]?.query.toString()).toBe(
      'resourceVersion=5&timeoutSeconds=300&watch=true&allowWatchBookmarks=true',
    );
  });

  test.each<[string, string, (watch: ReturnType<Parameters<FakeHandler>[1]['watch']>) => void]>([
    [
      'Expired',
      'a 410 in the stream',
      (watch) => watch.event('ERROR', { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' }),
    ],
    [
      'Unreachable',
      'a stream that is cut in the middle of a line',
      (watch) => {
        watch.write('{"type":"ADD');
        setTimeout(() => watch.cut(), 20);
      },
    ],
    [
      'Unreachable',
      'a stream that ends in the middle of a line',
      (watch) => {
        watch.write('{"type":"ADD');
        watch.end();
      },
    ],
    ['Malformed', 'a line that is no event', (watch) => watch.write('{"type":"ADDED"}\n')],
    ['Malformed', 'a line that is no JSON', (watch) => watch.write('hello\n')],
    [
      'TooLong',
      'a line that does not end',
      (watch) => {
        for (let i = 0; i < 18; i += 1) watch.write('x'.repeat(1024 * 1024));
      },
    ],
  ])('ends with %s after %s', async (reason, _what, script) => {
    const { events } = await collect((_request, response) => {
      const watch = response.watch();
      watch.event('ADDED', thing('one', 6));
      script(watch);
    });
    expect(events).toEqual([
      { type: 'ADDED', object: thing('one', 6) },
      { type: 'ERROR', error: expect.objectContaining({ reason }) },
    ]);
  });

  test('is refused as a value', async () => {
    const { events } = await collect((_request, response) => response.status(410, 'Expired'));
    expect(events).toEqual([expect.objectContaining({ code: 410, reason: 'Expired' })]);
  });

  test('ends quietly with its signal, and closes its connection', async () => {
    const controller = new AbortController();
    let closed: Promise<void> | undefined;
    const { events } = await collect((_request, response) => {
      const watch = response.watch();
      ({ closed } = watch);
      watch.event('ADDED', thing('one', 6));
      setTimeout(() => controller.abort(), 30);
    }, controller.signal);
    expect(events).toHaveLength(1);
    await closed;
  });

  test('does not hinder other requests', async () => {
    const controller = new AbortController();
    server.handler = (request, response) => {
      if (request.query.has('watch')) response.watch();
      else response.json(200, thing('one', 1));
    };
    const api = open();
    for (let i = 0; i < 30; i += 1)
      expect(
        (await api.watch(THINGS, { resourceVersion: '1', timeoutSeconds: 300, signal: controller.signal })).ok,
      ).toBe(true);
    expect((await api.get(THINGS, ONE)).ok).toBe(true);
    controller.abort();
  });
});
