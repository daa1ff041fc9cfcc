/** Tests commands in containers against a real WebSocket server. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { Access } from '../../../src/kube/access.js';
import { systemClock, type Clock } from '../../../src/kube/clock.js';
import { connect } from '../../../src/kube/connect.js';
import { execInPod, type ExecRequest, type ExecResult } from '../../../src/kube/exec.js';
import { IDENTITY_A, IDENTITY_B } from '../../fake/api-server-identities.js';
import { ConnectProxy, ExecServer, type ExecScript, type ExecServerOptions } from '../../fake/exec-server.js';
import { fastClock } from './fixtures.js';

const opened: { close(): Promise<void> }[] = [];

afterEach(async () => {
  await Promise.all(opened.splice(0).map(async (each) => await each.close()));
});

async function serve(script: ExecScript, options: ExecServerOptions = {}): Promise<ExecServer> {
  const server = await ExecServer.start(script, options);
  opened.push(server);
  return server;
}

interface Run {
  readonly access?: Partial<Access>;
  readonly request?: Partial<ExecRequest>;
  readonly clock?: Clock;
  readonly refused?: () => boolean;
}

/** Runs a command, and returns its end and its output. */
async function run(server: ExecServer, { access, request, clock = systemClock(), refused = () => false }: Run = {}) {
  const parts: Buffer[] = [];
  const result = await execInPod(
    {
      clock,
      userAgent: 'tester/1',
      credentials: {
        refused,
        access: async () =>
          await Promise.resolve({
            origin: `http://127.0.0.1:${server.port}`,
            basePath: '',
            proxy: undefined,
            headers: { authorization: 'Bearer secret' },
            tls: {},
            fingerprint: '',
            ...access,
          }),
      },
    },
    {
      namespace: 'stasis-system',
      pod: 'agent',
      container: 'node-agent',
      command: ['stasis', 'doctor'],
      onOutput: async (bytes) => {
        parts.push(Buffer.from(bytes));
        await Promise.resolve();
      },
      ...request,
    },
  );
  return { result, output: Buffer.concat(parts).toString('utf8') };
}

const FORBIDDEN = JSON.stringify({
  kind: 'Status',
  status: 'Failure',
  reason: 'Forbidden',
  message: 'pods "agent" is forbidden: User "jane" cannot get resource "pods/exec" in API group ""',
  code: 403,
});

describe('execInPod()', () => {
  test('returns the output, the errors and the status, and asks as kubectl does', async () => {
    const server = await serve(async (exec) => {
      await exec.write(1, '');
      await exec.write(1, 'first ');
      await exec.write(2, 'a warning\n');
      await exec.write(1, 'second');
      await exec.exit(0);
    });
    const impersonating = { headers: { 'impersonate-user': 'jane', 'impersonate-group': ['a', 'b'] }, basePath: '/up' };
    const { result, output } = await run(server, { access: impersonating });
    expect(result).toEqual({ kind: 'ended', status: 0, errors: 'a warning\n' });
    expect(output).toBe('first second');
    const [{ url, headers } = { url: '', headers: {} }] = server.requests;
    expect(url).toBe(
      '/up/api/v1/namespaces/stasis-system/pods/agent/exec?container=node-agent&stdout=true&stderr=true&command=stasis&command=doctor',
    );
    expect(headers).toMatchObject({
      'user-agent': 'tester/1',
      'impersonate-user': 'jane',
      'sec-websocket-protocol': 'v5.channel.k8s.io,v4.channel.k8s.io',
    });
  });

  test('takes version 4 of the subprotocol from an older server', async () => {
    const server = await serve(async (exec) => await exec.exit(0), { protocol: 'v4.channel.k8s.io' });
    expect((await run(server)).result).toEqual({ kind: 'ended', status: 0, errors: '' });
  });

  test('returns the exit status of a command that failed', async () => {
    const server = await serve(async (exec) => await exec.exit(7));
    expect((await run(server)).result).toMatchObject({ kind: 'ended', status: 7 });
  });

  test('fails with the words of the server when the command cannot be started', async () => {
    const server = await serve(
      async (exec) =>
        await exec.status({ status: 'Failure', reason: 'InternalError', message: 'no such file', code: 500 }),
    );
    expect((await run(server)).result).toEqual({ kind: 'failed', code: 500, message: 'no such file' });
  });

  test('a connection that ends without a Status is a failure, never a success', async () => {
    const polite = await serve(async (exec) => {
      await exec.write(1, 'all there is');
      exec.socket.close(1000);
    });
    const broken = await serve(async (exec) => {
      await exec.write(1, 'half');
      exec.socket.terminate();
    });
    const message = 'the connection ended before the end of the command was known';
    expect((await run(polite)).result).toEqual({ kind: 'failed', message });
    expect((await run(broken)).result).toEqual({ kind: 'failed', message });
  });

  test('tells a refusal with its code and its message', async () => {
    const server = await serve(() => undefined, { refuse: () => ({ code: 403, body: FORBIDDEN }) });
    expect((await run(server)).result).toEqual({
      kind: 'failed',
      code: 403,
      message: 'pods "agent" is forbidden: User "jane" cannot get resource "pods/exec" in API group ""',
    });
  });

  test('asks once more with new credentials after a 401', async () => {
    let asked = 0;
    const server = await serve(async (exec) => await exec.exit(0), {
      refuse: () => ((asked += 1) === 1 ? { code: 401, body: 'Unauthorized' } : undefined),
    });
    expect((await run(server, { refused: () => true })).result).toMatchObject({ kind: 'ended', status: 0 });
    expect(asked).toBe(2);
    asked = 0;
    expect((await run(server)).result).toEqual({ kind: 'failed', code: 401, message: 'Unauthorized' });
  });

  test('verifies the certificate of the server', async () => {
    const server = await serve(async (exec) => await exec.exit(0), { identity: IDENTITY_A });
    const origin = `https://127.0.0.1:${server.port}`;
    expect((await run(server, { access: { origin, tls: { ca: IDENTITY_A.ca } } })).result).toMatchObject({ status: 0 });
    const { result } = await run(server, { access: { origin, tls: { ca: IDENTITY_B.ca } } });
    expect(result).toMatchObject({ kind: 'failed', message: expect.stringContaining('certificate') });
  });

  test('goes through the proxy of the kubeconfig', async () => {
    const server = await serve(async (exec) => await exec.exit(0), { identity: IDENTITY_A });
    const proxy = await ConnectProxy.start();
    const closed = await ConnectProxy.start(407);
    opened.push(proxy, closed);
    const origin = `https://127.0.0.1:${server.port}`;
    const access = { origin, tls: { ca: IDENTITY_A.ca }, proxy: `http://jane:s%40crt@127.0.0.1:${proxy.port}` };
    expect((await run(server, { access })).result).toMatchObject({ kind: 'ended', status: 0 });
    const credentials = `Basic ${Buffer.from('jane:s@crt').toString('base64')}`;
    expect(proxy.asked).toEqual([{ target: `127.0.0.1:${server.port}`, credentials }]);
    const refused = await run(server, { access: { origin, proxy: `http://127.0.0.1:${closed.port}` } });
    expect(refused.result).toMatchObject({ message: expect.stringContaining('it answers 407') });
    const socks = await run(server, { access: { origin, proxy: 'socks5://127.0.0.1:1080' } });
    expect(socks.result).toMatchObject({ message: expect.stringContaining('through which no command can be run') });
  });

  test('has the credentials, the trust and the impersonation of the connection', async () => {
    const server = await serve(async (exec) => await exec.exit(0), { identity: IDENTITY_A });
    const folder = mkdtempSync(join(tmpdir(), 'stasis-exec-'));
    const file = join(folder, 'kubeconfig');
    const trust = { 'certificate-authority-data': Buffer.from(IDENTITY_A.ca).toString('base64') };
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'c', cluster: { server: `https://127.0.0.1:${server.port}/up`, ...trust } }],
      users: [{ name: 'u', user: { token: 'secret' } }],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
      'current-context': 'x',
    };
    writeFileSync(file, JSON.stringify(config));
    const impersonate = { user: 'jane', groups: ['a', 'b'] };
    const connection = await connect({ kubeconfig: { file, impersonate }, userAgent: 'tester/2' });
    opened.push(connection, { close: async () => await Promise.resolve(rmSync(folder, { recursive: true })) });
    const result = await execInPod(connection.execAccess, {
      namespace: 'a',
      pod: 'b',
      container: 'c',
      command: ['true'],
      onOutput: async () => await Promise.resolve(),
    });
    expect(result).toMatchObject({ kind: 'ended', status: 0 });
    const [request] = server.requests;
    expect(request?.url).toMatch(/^\/up\/api\/v1\/namespaces\/a\/pods\/b\/exec\?/);
    expect(request?.headers).toMatchObject({
      authorization: 'Bearer secret',
      'user-agent': 'tester/2',
      'impersonate-user': 'jane',
      'impersonate-group': 'a, b',
    });
  });

  test('says when nobody answers', async () => {
    const server = await serve(() => undefined);
    expect((await run(server, { access: { origin: 'http://127.0.0.1:9' } })).result).toMatchObject({
      kind: 'failed',
      message: expect.stringContaining('ECONNREFUSED'),
    });
  });

  test('reads no more while the output is not taken', async () => {
    const part = Buffer.alloc(64 << 10, 'x');
    const most = 1024;
    let sent = 0;
    const server = await serve(async (exec) => {
      for (; sent < most; sent += 1) await exec.write(1, part);
      await exec.exit(0);
    });
    const gate = new AbortController();
    let received = 0;
    const running = run(server, {
      request: {
        onOutput: async (bytes) => {
          received += bytes.length;
          await systemClock().sleep(60_000, gate.signal);
        },
      },
    });
    // 64 MiB fit into no buffer of the kernel.
    await systemClock().sleep(500);
    expect(sent).toBeLessThan(most);
    expect(received).toBeLessThanOrEqual(part.length);
    gate.abort();
    expect((await running).result).toMatchObject({ kind: 'ended', status: 0 });
    expect(received).toBe(most * part.length);
  });

  test('keeps 64 KiB of the errors', async () => {
    const server = await serve(async (exec) => {
      for (let times = 0; times < 5; times += 1) await exec.write(2, Buffer.alloc(20 << 10, 'e'));
      await exec.exit(1);
    });
    const { result } = await run(server);
    expect(result.kind === 'ended' && result.errors.length).toBe(64 << 10);
  });

  test('ends a connection that is dead, and not one that is silent', async () => {
    const deaf = await serve(() => undefined, { deaf: true });
    const clock = fastClock(100);
    expect((await run(deaf, { clock })).result).toEqual({
      kind: 'failed',
      message: expect.stringMatching(/^nothing has come over the connection for \d+ s$/),
    });
    // 700 ms are 70 s of this clock.
    const silent = await serve(async (exec) => {
      await systemClock().sleep(700);
      await exec.exit(0);
    });
    expect((await run(silent, { clock })).result).toMatchObject({ kind: 'ended', status: 0 });
  });

  test('ends with the signal, and with output that cannot be taken', async () => {
    const server = await serve(async (exec) => await exec.write(1, 'something'));
    const stop = new AbortController();
    const interrupted: Promise<{ result: ExecResult }> = run(server, {
      request: {
        signal: stop.signal,
        onOutput: async () => {
          stop.abort();
          await Promise.resolve();
        },
      },
    });
    expect((await interrupted).result).toEqual({ kind: 'failed', message: 'interrupted' });
    const full = await run(server, {
      request: { onOutput: async () => await Promise.reject(new Error('ENOSPC: no space left on device')) },
    });
    expect(full.result).toMatchObject({ message: 'the output cannot be taken: ENOSPC: no space left on device' });
  });
});
