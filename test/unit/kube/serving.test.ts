import { once } from 'node:events';
import { connect as connectTo } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { Registry } from 'prom-client';
import { createHttpServer, type HttpServerOptions } from '../../../src/kube/http-server.js';
import { createLogger } from '../../../src/kube/log.js';
import { kubeMetrics } from '../../../src/kube/metrics.js';
import { WorkQueue } from '../../../src/kube/work-queue.js';
import { ManualClock } from './fixtures.js';

async function asking(
  options: Partial<HttpServerOptions>,
  paths: readonly string[],
): Promise<[number, string, Headers][]> {
  const server = createHttpServer({ healthz: [], readyz: [], registry: new Registry(), ...options });
  const listening = await server.listen({ port: 0, host: '127.0.0.1' });
  try {
    return await Promise.all(
      paths.map(async (path): Promise<[number, string, Headers]> => {
        const response = await fetch(`http://127.0.0.1:${listening.port}${path}`);
        return [response.status, await response.text(), response.headers];
      }),
    );
  } finally {
    await listening.close();
  }
}

describe('createHttpServer()', () => {
  test('names exactly the failing checks', async () => {
    const readyz = [
      { name: 'fine', check: () => undefined },
      { name: 'cache', check: () => 'not synced' },
      { name: 'lease', check: () => Promise.reject(new Error('secret detail')) },
    ];
    const [healthy, ready] = await asking({ readyz }, ['/healthz', '/readyz']);
    expect(healthy?.slice(0, 2)).toEqual([200, 'ok\n']);
    expect(ready?.slice(0, 2)).toEqual([503, 'cache: not synced\nlease: check failed\n']);
    expect(healthy?.[2].has('x-powered-by')).toBe(false);
  });

  test('knows no other path, and reveals no error', async () => {
    const errors: unknown[] = [];
    const registry = new Registry();
    registry.metrics = () => Promise.reject(new Error('secret detail'));
    const answers = await asking({ registry, onError: (error) => errors.push(error) }, ['/', '/metrics', '/%']);
    expect(answers.map(([code, text]) => [code, text])).toEqual([
      [404, 'not found\n'],
      [500, 'internal error\n'],
      [404, 'not found\n'],
    ]);
    expect(errors).toHaveLength(1);
  });
});

describe('the metrics of createHttpServer()', () => {
  test('are made once for many requests within a second, and again after a failure', async () => {
    let made = 0;
    const registry = new Registry();
    registry.metrics = async () => {
      made += 1;
      if (made === 1) throw new Error('no');
      return await Promise.resolve(`made ${made}\n`);
    };
    const server = createHttpServer({ healthz: [], readyz: [], registry });
    const listening = await server.listen({ port: 0, host: '127.0.0.1' });
    const get = async (): Promise<string> => await (await fetch(`http://127.0.0.1:${listening.port}/metrics`)).text();
    try {
      expect(await get()).toBe('internal error\n');
      expect(await Promise.all([get(), get(), get()])).toEqual(['made 2\n', 'made 2\n', 'made 2\n']);
    } finally {
      await listening.close();
    }
  });
});

describe('a server with too many clients', () => {
  test('ends the oldest connections, and answers a new one', async () => {
    const server = createHttpServer({ healthz: [], readyz: [] });
    const listening = await server.listen({ port: 0, host: '127.0.0.1' });
    const idle = Array.from({ length: 300 }, () => connectTo({ port: listening.port, host: '127.0.0.1' }));
    for (const socket of idle) socket.on('error', () => undefined);
    try {
      await Promise.all(idle.map(async (socket) => await once(socket, 'connect')));
      expect((await fetch(`http://127.0.0.1:${listening.port}/healthz`)).status).toBe(200);
      expect(idle[0]?.readyState).not.toBe('open');
      expect(idle.filter(({ readyState }) => readyState === 'open').length).toBeLessThan(150);
    } finally {
      for (const socket of idle) socket.destroy();
      await listening.close();
    }
  });
});

describe('kubeMetrics()', () => {
  test("has controller-runtime's names and labels", async () => {
    const registry = new Registry();
    const metrics = kubeMetrics(registry);
    const clock = new ManualClock();
    const queue = new WorkQueue({ clock, random: () => 0, metrics: metrics.queue('checkpoint') });
    queue.add('a');
    queue.addRateLimited('b');
    metrics.leader('lock')(true);
    metrics.onRequest({ verb: 'GET', code: '200', host: 'h:1', seconds: 0.01 });
    metrics.reflector('things').listed('success');
    const [metricsPage] = await asking({ registry }, ['/metrics']);
    for (const line of [
      'workqueue_depth{name="checkpoint",controller="checkpoint"} 1',
      'workqueue_adds_total{name="checkpoint",controller="checkpoint"} 1',
      'workqueue_retries_total{name="checkpoint",controller="checkpoint"} 1',
      'workqueue_unfinished_work_seconds{name="checkpoint",controller="checkpoint"} 0',
      'workqueue_longest_running_processor_seconds{name="checkpoint",controller="checkpoint"} 0',
      'leader_election_master_status{name="lock"} 1',
      'rest_client_requests_total{code="200",method="GET",host="h:1"} 1',
      'rest_client_request_duration_seconds_count{verb="GET",host="h:1"} 1',
      'stasis_reflector_lists_total{resource="things",result="success"} 1',
      '# TYPE workqueue_queue_duration_seconds histogram',
      '# TYPE workqueue_work_duration_seconds histogram',
    ])
      expect(metricsPage?.[1]).toContain(line);
  });
});

function logged(write: (logger: ReturnType<typeof createLogger>) => void): unknown[] {
  const lines: string[] = [];
  write(createLogger({ level: 'info', sink: (line) => lines.push(line), wall: () => 0 }));
  return lines.map((line) => {
    expect(line.endsWith('\n')).toBe(true);
    return JSON.parse(line) as unknown;
  });
}

describe('createLogger()', () => {
  test('writes one line of JSON with the bound fields, from its level on', () => {
    const lines = logged((logger) => {
      logger.debug('no');
      logger.with({ a: 1 }).warn('said', { b: 'x\ny', ts: 'mine' });
    });
    expect(lines).toEqual([{ ts: '1970-01-01T00:00:00.000Z', level: 'warn', msg: 'said', a: 1, b: 'x\ny' }]);
  });

  test('writes key=value pairs as text, redacts the same, and quotes what would be read as two', () => {
    const lines: string[] = [];
    const log = createLogger({ level: 'debug', format: 'text', sink: (line) => lines.push(line), wall: () => 0 });
    log.debug('two words', { path: '/a/b', token: 't', list: [1, 'x y'], said: 'a="b"', none: undefined });
    expect(lines).toEqual([
      'ts=1970-01-01T00:00:00.000Z level=debug msg="two words" path=/a/b token="[redacted]" list=[1,"x y"] said="a=\\"b\\""\n',
    ]);
  });

  test.each(['json', 'text'] as const)('writes nothing raw that a terminal would obey, as %s', (format) => {
    const lines: string[] = [];
    const log = createLogger({ level: 'info', format, sink: (line) => lines.push(line), wall: () => 0 });
    const name = 'a\u009b2J\u202e\u007f\u2028b';
    log.info('x', { name, list: [name] });
    const escaped = 'a\\u009b2J\\u202e\\u007f\\u2028b';
    expect(lines[0]?.split(escaped)).toHaveLength(3);
    expect(lines[0]).not.toMatch(/(?!\n)[\p{C}\p{Zl}\p{Zp}]/u);
  });

  test('redacts secrets, and copes with values that are no JSON', () => {
    const circular: Record<string, unknown> = {};
    circular['self'] = circular;
    const lines = logged((logger) => {
      logger.info('x', {
        headers: { Authorization: 'Bearer t' },
        bearerToken: 't',
        n: 1n,
        error: new Error('e'),
        long: 'x'.repeat(9_999),
      });
      logger.info('y', circular);
    });
    expect(lines[0]).toMatchObject({
      headers: { Authorization: '[redacted]' },
      bearerToken: '[redacted]',
      n: '1',
      error: { message: 'e' },
    });
    expect(JSON.stringify(lines[0]).length).toBeLessThan(8_000);
    expect(lines[1]).toMatchObject({ msg: 'y' });
  });
});
