import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { connect, type ConnectOptions, type KubeConnection } from '../../../src/kube/connect.js';
import { writeFileSync } from 'node:fs';
import { FakeApiServer, type FakeHandler } from '../../fake/api-server.js';
import { IDENTITY_A, IDENTITY_B } from '../../fake/api-server-identities.js';
import { fastClock, thing, THINGS } from './fixtures.js';

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

/**
 * The way in which the library describes the user of a pod's service account. The library does not know the `tokenFile`
 * of a kubeconfig user.
 */
function tokenFrom(tokenFile: string): object {
  return { 'auth-provider': { name: 'tokenFile', config: { tokenFile } } };
}

const ONE = { namespace: 'team-a', name: 'one' };

describe('connect()', () => {
  test('reads the token again after 60 s, and at once when it was refused', async () => {
    const tokenFile = server.file('token', 'first\n');
    let accepted = 'Bearer first';
    server.handler = (request, response) =>
      request.headers.authorization === accepted
        ? response.json(200, thing('one', 1))
        : response.status(401, 'Unauthorized');
    let now = 0;
    const clock = { ...fastClock(1), monotonic: () => now };
    const api = await open({ kubeconfig: server.kubeconfig(tokenFrom(tokenFile)), clock });
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

  test('fails with Credentials when they cannot be read, and recovers', async () => {
    server.handler = (_request, response) => response.json(200, thing('one', 1));
    const api = await open({ kubeconfig: server.kubeconfig(tokenFrom(`${server.file('x', '')}-absent`)) });
    expect(await api.get(THINGS, ONE)).toMatchObject({ ok: false, error: { reason: 'Credentials' } });
    server.file('x-absent', 'here');
    expect((await api.get(THINGS, ONE)).ok).toBe(true);
  });
});

describe('connect() over TLS', () => {
  test('trusts the CA of the kubeconfig, and the new CA after its file was rotated', async () => {
    const first = await FakeApiServer.start((_request, response) => response.json(200, thing('one', 1)), {
      identity: IDENTITY_A,
    });
    const { port } = first;
    const ca = first.file('ca.crt', IDENTITY_A.ca);
    let now = 0;
    const clock = { ...fastClock(1), monotonic: () => now };
    const kubeconfig = first.kubeconfig({}, { 'certificate-authority-data': undefined, 'certificate-authority': ca });
    const api = await open({ kubeconfig, clock });
    for (let i = 0; i < 20; i += 1) expect((await api.get(THINGS, ONE)).ok).toBe(true);
    expect(first.connections).toBeLessThanOrEqual(2);
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
