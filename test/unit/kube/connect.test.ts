import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { connect, type ConnectOptions, type KubeConnection, type RequestFacts } from '../../../src/kube/connect.js';
import { FakeApiServer, type FakeHandler } from '../../fake/api-server.js';
import { fastClock, page, thing, THINGS } from './fixtures.js';

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

async function open(options: Partial<ConnectOptions> = {}): Promise<KubeConnection> {
  const connection = await connect({
    kubeconfig: server.kubeconfig(),
    userAgent: 'tester/1',
    random: () => 0.5,
    ...options,
  });
  opened.push(connection);
  return connection;
}

const ONE = { namespace: 'team-a', name: 'one' };

describe('connect()', () => {
  test('rejects when the kubeconfig cannot be read', async () => {
    await expect(connect({ kubeconfig: '/nonexistent/kubeconfig', userAgent: 'x' })).rejects.toThrow('ENOENT');
  });

  test('returns the server and the namespace of the context', async () => {
    const connection = await open();
    expect([connection.serverName, connection.namespace]).toEqual([`127.0.0.1:${server.port}`, 'team-a']);
  });

  test('sends 500 requests over one connection', async () => {
    server.handler = (_request, response) => response.json(200, thing('one', 1));
    const api = await open();
    for (let i = 0; i < 500; i += 1) expect((await api.get(THINGS, ONE)).ok).toBe(true);
    expect(server.connections).toBeLessThanOrEqual(2);
  });

  test('bounds the connections of many requests at once', async () => {
    server.handler = (_request, response) => response.json(200, thing('one', 1));
    const api = await open();
    const answers = await Promise.all(Array.from({ length: 200 }, () => api.get(THINGS, ONE)));
    expect(answers.every(({ ok }) => ok)).toBe(true);
    expect(server.connections).toBeLessThanOrEqual(32);
  });

  test('opens any number of watches, and none keeps another from being opened', async () => {
    server.handler = (_request, response) => void response.watch();
    const api = await open();
    const stop = new AbortController();
    const watch = () => api.watch(THINGS, { resourceVersion: '1', timeoutSeconds: 300, signal: stop.signal });
    const watches = await Promise.all(Array.from({ length: 200 }, watch));
    expect(watches.every(({ ok }) => ok)).toBe(true);
    const one = await api.watch(THINGS, { resourceVersion: '1', timeoutSeconds: 300, signal: stop.signal });
    expect(one.ok).toBe(true);
    stop.abort();
  });

  test('sends each operation as the API expects it', async () => {
    server.handler = (_request, response) => response.json(200, thing('one', 2));
    const api = await open();
    await api.create(THINGS, { metadata: { namespace: 'team-a', name: 'one' } }, { fieldManager: 'me' });
    await api.apply(
      THINGS,
      { metadata: ONE, status: { note: 'x' } },
      { fieldManager: 'me', force: true, subresource: 'status' },
    );
    await api.mergePatch(THINGS, { ...ONE, patch: { spec: { color: 'red' } } });
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
      ['PUT', `${base}/one/status?`, 'application/json'],
      ['DELETE', `${base}/one?`, 'application/json'],
    ]);
    expect(server.requests.map(({ body }) => body)).toEqual([
      { apiVersion: 'example.dev/v1', kind: 'Thing', metadata: { namespace: 'team-a', name: 'one' } },
      { apiVersion: 'example.dev/v1', kind: 'Thing', metadata: ONE, status: { note: 'x' } },
      { spec: { color: 'red' } },
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

  test('returns list items with the apiVersion and kind that the server leaves out', async () => {
    server.handler = (_request, response) => response.json(200, page(7, [thing('one', 3)], 'more'));
    const listed = await (
      await open()
    ).list(THINGS, { namespace: 'team-a', limit: 1, fieldSelector: 'spec.nodeName=n' });
    expect(listed).toEqual({
      ok: true,
      value: {
        length: expect.any(Number) as unknown as number,
        items: [{ ...thing('one', 3), spec: undefined }],
        metadata: { resourceVersion: '7', continue: 'more' },
      },
    });
    expect(server.requests[0]?.query.toString()).toBe('limit=1&fieldSelector=spec.nodeName%3Dn');
  });

  test('never lets a name change the rest of the path', async () => {
    server.handler = (_request, response) => response.status(404, 'NotFound');
    const api = await open();
    await api.get(THINGS, { namespace: 'a', name: '../b?x#y' });
    expect(server.requests[0]?.path).toBe('/apis/example.dev/v1/namespaces/a/things/..%2Fb%3Fx%23y');
    for (const name of ['..', '.', ''])
      expect(await api.get(THINGS, { namespace: 'a', name })).toMatchObject({
        ok: false,
        error: { reason: 'BadRequest' },
      });
    expect(server.requests).toHaveLength(1);
  });

  test('reports the facts of a refusal, but never the token', async () => {
    server.handler = (_request, response) =>
      response.status(422, 'Invalid', {
        details: { causes: [{ field: 'spec', reason: 'FieldValueInvalid', message: 'no' }] },
      });
    const api = await open({ kubeconfig: server.kubeconfig({ token: 'hush-hush' }) });
    const refused = await api.mergePatch(THINGS, { ...ONE, patch: {} });
    expect(server.requests[0]?.headers.authorization).toBe('Bearer hush-hush');
    expect(refused).toEqual({
      ok: false,
      error: {
        method: 'PATCH',
        path: '/apis/example.dev/v1/namespaces/team-a/things/one',
        code: 422,
        reason: 'Invalid',
        message: 'the fake server refuses: Invalid',
        causes: [{ field: 'spec', reason: 'FieldValueInvalid', message: 'no' }],
      },
    });
    expect(JSON.stringify(refused)).not.toContain('hush');
  });

  test('derives a reason for an answer that is no Status or no JSON', async () => {
    const api = await open();
    server.handler = (_request, response) => response.text(502, '<html>bad gateway</html>');
    expect(await api.get(THINGS, ONE)).toMatchObject({ ok: false, error: { code: 502, reason: 'HTTP502' } });
    server.handler = (_request, response) => response.text(200, 'hello');
    expect(await api.get(THINGS, ONE)).toMatchObject({ ok: false, error: { reason: 'Malformed' } });
  });

  test('gives up on a request without an answer in time, and does not retry', async () => {
    const refused = await (await open({ requestTimeoutMs: 50 })).get(THINGS, ONE);
    expect(refused).toMatchObject({ ok: false, error: { reason: 'Timeout' } });
    expect(server.requests).toHaveLength(1);
  });

  test('gives up on an answer that never ends', async () => {
    server.handler = (_request, response) => response.watch().write('{"kind":');
    expect(await (await open({ requestTimeoutMs: 50 })).get(THINGS, ONE)).toMatchObject({
      ok: false,
      error: { reason: 'Timeout' },
    });
  });

  test("ends a request with the caller's signal", async () => {
    const controller = new AbortController();
    const api = await open();
    const asked = api.get(THINGS, { ...ONE, signal: controller.signal });
    setTimeout(() => controller.abort(), 30);
    expect(await asked).toMatchObject({ ok: false, error: { reason: 'Aborted' } });
  });

  test('says Unreachable when nobody listens', async () => {
    const api = await open();
    await server.stop();
    expect(await api.get(THINGS, ONE)).toMatchObject({ ok: false, error: { reason: 'Unreachable' } });
  });

  test('repeats a read when its connection was cut, but not a create', async () => {
    server.handler = (_request, response) =>
      server.requests.length === 1 ? response.cut() : response.json(200, thing('one', 1));
    const api = await open();
    expect((await api.get(THINGS, ONE)).ok).toBe(true);
    expect(server.requests).toHaveLength(2);
    server.handler = (_request, response) => response.cut();
    expect(await api.create(THINGS, { metadata: ONE })).toMatchObject({ ok: false, error: { reason: 'Unreachable' } });
    expect(server.requests).toHaveLength(3);
  });

  test('waits for the time in Retry-After, a few times', async () => {
    server.handler = (_request, response) => response.status(429, 'TooManyRequests', {}, { 'retry-after': '1' });
    const facts: RequestFacts[] = [];
    const api = await open({ clock: fastClock(100), onRequest: (each) => facts.push(each) });
    expect(await api.get(THINGS, ONE)).toMatchObject({ ok: false, error: { code: 429, retryAfterSeconds: 1 } });
    expect(facts.map(({ verb, code, host }) => [verb, code, host])).toEqual(
      Array.from({ length: 4 }, () => ['GET', '429', `127.0.0.1:${server.port}`]),
    );
    server.handler = (_request, response) => response.status(503, 'ServiceUnavailable', {}, { 'retry-after': '1' });
    server.requests.length = 0;
    await api.mergePatch(THINGS, { ...ONE, patch: {} });
    expect(server.requests).toHaveLength(1);
  });
});
