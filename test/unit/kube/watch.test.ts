import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { connect, type KubeConnection } from '../../../src/kube/connect.js';
import { FakeApiServer, type FakeHandler } from '../../fake/api-server.js';
import { thing, THINGS, type Thing } from './fixtures.js';

let server: FakeApiServer;
let api: KubeConnection;

beforeEach(async () => {
  server = await FakeApiServer.start(() => undefined);
  api = await connect({ kubeconfig: server.kubeconfig(), userAgent: 'tester/1' });
});

afterEach(async () => {
  await api.close();
  await server.close();
});

async function collect(script: FakeHandler, signal = new AbortController().signal): Promise<{ events: unknown[] }> {
  server.handler = script;
  const watched = await api.watch<Thing>(THINGS, { resourceVersion: '5', timeoutSeconds: 300, signal });
  if (!watched.ok) return { events: [watched.error] };
  const events: unknown[] = [];
  for await (const event of watched.value) events.push(event);
  return { events };
}

describe('watch()', () => {
  test('asks for bookmarks, and passes events on, wherever the chunks were cut', async () => {
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
    ['Malformed', 'a line that is not an event', (watch) => watch.write('{"type":"ADDED"}\n')],
    ['Malformed', 'a line that is not JSON', (watch) => watch.write('hello\n')],
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

  test('returns a refusal as a value', async () => {
    const { events } = await collect((_request, response) => response.status(410, 'Expired'));
    expect(events).toEqual([expect.objectContaining({ code: 410, reason: 'Expired' })]);
  });

  test('ends without an ERROR when its signal aborts, and closes its connection', async () => {
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

  test('does not delay other requests', async () => {
    const controller = new AbortController();
    server.handler = (request, response) => {
      if (request.query.has('watch')) response.watch();
      else response.json(200, thing('one', 1));
    };
    for (let i = 0; i < 30; i += 1)
      expect(
        (await api.watch(THINGS, { resourceVersion: '1', timeoutSeconds: 300, signal: controller.signal })).ok,
      ).toBe(true);
    expect((await api.get(THINGS, { namespace: 'team-a', name: 'one' })).ok).toBe(true);
    controller.abort();
  });
});
