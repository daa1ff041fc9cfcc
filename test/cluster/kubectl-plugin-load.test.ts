/** Tests `kubectl stasis` over a slow and a broken connection, and in a namespace with thousands of Checkpoints. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { until } from './api-client.js';
import type { Running } from './plugin.js';
import { conditions, oneError, openPluginWorld, type PluginWorld } from './plugin-world.js';
import { openSlowLink, type SlowLink } from './slow-link.js';

const MANY = 5_000;

let world: PluginWorld;
beforeAll(async () => {
  world = await openPluginWorld('stasis-plugin-load');
  await world.applyKinds();
}, 120_000);
afterAll(async () => await world.close(), 60_000);

describe('a slow and a broken connection', () => {
  let link: SlowLink;
  let ns = '';
  let kubeconfig = '';
  beforeAll(async () => {
    await world.applyKinds();
    ns = await world.namespace('abroad');
    link = await openSlowLink(world.cluster.server);
    kubeconfig = world.plugin.kubeconfig('abroad', { namespace: ns, server: link.server });
  });
  afterAll(async () => await link.close());

  /** Creates a Checkpoint by the plugin, and waits until the server has it. */
  async function started(name: string): Promise<Running> {
    const run = world.plugin.start(['checkpoint', 'pod/web', '--name', name, '-o', 'name'], { kubeconfig });
    await world.appeared(ns, name);
    return run;
  }

  test('every answer takes a second', async () => {
    link.delay = 500;
    const run = await started('slow');
    await world.setStatus(ns, 'slow', conditions('Captured', 'succeeded'));
    expect(await run.ended).toMatchObject({ status: 0, stdout: 'checkpoint.stasis.dev/slow\n' });
    link.delay = 0;
  });

  test('connections that are cut, and a server that is away for five seconds', async () => {
    const run = await started('cut');
    link.refuse = true;
    link.cut();
    await world.setStatus(ns, 'cut', conditions('Captured', 'succeeded'));
    await sleep(5_000);
    expect(run.stderr()).toMatch(/no answer from .*trying again/);
    link.refuse = false;
    expect(await run.ended).toMatchObject({ status: 0, stdout: 'checkpoint.stasis.dev/cut\n' });
  });

  test('a connection that is silent without an end', async () => {
    const run = await started('silent');
    await sleep(500);
    link.silent = true;
    await world.setStatus(ns, 'silent', conditions('Captured', 'succeeded'));
    await sleep(3_000);
    link.silent = false;
    link.cut();
    expect(await run.ended).toMatchObject({ status: 0, stdout: 'checkpoint.stasis.dev/silent\n' });
  }, 120_000);

  test('a bound for a request: --request-timeout', async () => {
    link.silent = true;
    const began = performance.now();
    const ran = await world.plugin.run(['list', '--request-timeout', '1s'], { kubeconfig });
    link.silent = false;
    link.cut();
    expect([ran.status, oneError(ran.stderr)]).toEqual([
      1,
      expect.stringMatching(/did not answer in time.*--request-timeout/),
    ]);
    expect(performance.now() - began).toBeLessThan(20_000);
  });
});

describe('thousands of Checkpoints in one namespace', () => {
  let ns = '';
  beforeAll(async () => {
    await world.applyKinds();
    ns = await world.namespace('many');
    const numbers = Array.from({ length: MANY }, (_, index) => index);
    const worker = async (): Promise<void> => {
      for (let index = numbers.pop(); index !== undefined; index = numbers.pop()) {
        const name = `web-${String(index).padStart(4, '0')}`;
        await world.create(ns, name, { podName: `web-${index % 50}` });
        const row = {
          podName: `web-${index % 50}`,
          podUID: `u-${index % 50}`,
          nodeName: `node-${index % 7}`,
          state: 'Succeeded',
          reason: 'Captured',
          processes: 3,
          threads: 3,
          pause: `${index + 1}us`,
          timings: timings(index + 1),
        };
        await world.setStatus(ns, name, { ...conditions('Captured', 'succeeded'), pods: [row] });
      }
    };
    await Promise.all(Array.from({ length: 24 }, worker));
  }, 300_000);

  test('list, top and completion answer, whole, and in bounded memory', async () => {
    const listed = await world.plugin.run(['list', '-n', ns]);
    expect([listed.status, listed.stderr]).toEqual([0, '']);
    expect(listed.stdout.trim().split('\n')).toHaveLength(MANY + 1);
    const named = await world.plugin.run(['list', '-n', ns, '-o', 'name']);
    expect(new Set(named.stdout.trim().split('\n')).size).toBe(MANY);
    const slowest = await world.plugin.run(['top', '-n', ns, '--limit', '3']);
    expect(slowest.stdout).toMatch(/web-4999[^]*web-4998[^]*web-4997/);
    expect(slowest.stdout.trim().split('\n')).toHaveLength(4);
    const byNode = await world.plugin.run(['top', '-n', ns, '--by', 'node']);
    expect(byNode.stdout.match(/^node-\d/gm)).toHaveLength(7);
    // A completion takes two seconds at most, and on a busy machine has only a part of the names then.
    await until('a hundred completions', async () => {
      const { stdout } = await world.plugin.run(['__complete', 'tree', '-n', ns, 'web-49']);
      return stdout.split('\n').filter((line) => line.startsWith('web-49')).length === 100 ? true : undefined;
    });
    // The bound is that of the heap of V8: the list is read in pages, and only what is printed of an object is kept.
    const bounded = await world.plugin.run(['top', '-n', ns, '-o', 'json'], {
      env: { NODE_OPTIONS: '--max-old-space-size=96' },
    });
    expect([bounded.status, bounded.stderr]).toEqual([0, '']);
  }, 240_000);
});

function timings(pause: number): object {
  const names = ['resolve', 'cgroupFreeze', 'seize', 'cgroupThaw', 'stop', 'collect', 'hold', 'release', 'freezing'];
  return { ...Object.fromEntries(names.map((name) => [`${name}Microseconds`, 0])), pauseMicroseconds: pause };
}
