/** Tests a pod of more processes than a status shows: the totals are right, and the whole is fetched from the node. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { run } from '../harness/run.js';
import type { Cluster } from '../harness/cluster.js';
import { testCluster } from './node-view.js';
import { shell } from './pods.js';
import { describeOnHarnessNodes } from './requirement.js';
import { openWorld, succeeded, until, type World } from './world.js';

const PROCESSES = 150;
const MOST_ROWS = 100;
const MOST_BYTES = 32 << 10;

interface Artifact {
  readonly metadata: { readonly name: string };
  readonly status: { readonly processes: number; readonly tree: readonly { readonly pid: number }[] };
}

describeOnHarnessNodes('a pod of more than a hundred processes', ({ nodeName }) => {
  let cluster: Cluster;
  let world: World;
  beforeAll(async () => {
    cluster = testCluster() as Cluster;
    world = await openWorld('large', nodeName);
    const script = `for i in $(seq ${PROCESSES}); do sleep 3600 & done; echo started; wait`;
    await world.createPod('large', [shell('many', script)]);
    await world.running('large');
    await until('its processes', async () => ((await world.log('large')).includes('started') ? true : undefined));
  });
  afterAll(async () => await world.close());

  test('has the first rows and the totals in the status, and the command of the status fetches all of it', async () => {
    await world.create('large', { podName: 'large' });
    const checkpoint = await world.ended('large');
    expect(succeeded(checkpoint)?.reason).toBe('Captured');
    const [capture] = await world.captures(checkpoint);
    const { status } = capture ?? {};
    expect(status?.truncated).toBe(true);
    expect(status?.processes).toBe(PROCESSES + 1);
    expect(status?.threads).toBe(PROCESSES + 1);
    expect(checkpoint.status?.pods).toMatchObject([{ processes: PROCESSES + 1, threads: PROCESSES + 1 }]);
    expect(status?.tree?.length).toBeGreaterThan(10);
    expect(status?.tree?.length).toBeLessThanOrEqual(MOST_ROWS);
    const { tree, unfrozen, containers } = status ?? {};
    expect(Buffer.byteLength(JSON.stringify({ tree, unfrozen, containers }))).toBeLessThanOrEqual(MOST_BYTES + 100);

    const { command = '', sha256, sizeBytes } = status?.artifact ?? {};
    expect(command).toMatch(/^kubectl exec .* -- stasis artifact /);
    const { command: program, env } = cluster.tool('kubectl');
    const path = `${program.slice(0, program.lastIndexOf('/'))}:${process.env['PATH']}`;
    const ran = await run(['sh', '-c', command], { env: { ...env, PATH: path } });
    expect(ran).toMatchObject({ status: 0 });
    expect(ran.stderr).toContain(`sha256 ${sha256}`);
    expect(createHash('sha256').update(ran.stdout).digest('hex')).toBe(sha256);
    expect(Buffer.byteLength(ran.stdout)).toBe(sizeBytes);
    const whole = JSON.parse(ran.stdout) as Artifact;
    expect(whole.status.processes).toBe(PROCESSES + 1);
    expect(new Set(whole.status.tree.map(({ pid }) => pid)).size).toBe(PROCESSES + 1);
    // The rows of the status are the first of the whole.
    const shown = status?.tree?.map(({ pid }) => pid) ?? [];
    expect(whole.status.tree.map(({ pid }) => pid).slice(0, shown.length)).toEqual(shown);
    const unknown = await run(['sh', '-c', command.replace(/artifact .*$/, 'artifact no-such-capture')], {
      env: { ...env, PATH: path },
    });
    expect(unknown.status).not.toBe(0);
    expect(unknown.stdout).toBe('');
    expect(unknown.stderr.trim()).not.toBe('');
  });

  test('has every row in the status where there are few', async () => {
    await world.createPod('few', [shell('few', 'while :; do sleep 0.2; done')]);
    await world.running('few');
    await world.create('few', { podName: 'few' });
    const [capture] = await world.captures(await world.ended('few'));
    expect(capture?.status?.truncated ?? false).toBe(false);
    expect(capture?.status?.tree).toHaveLength(capture?.status?.processes ?? -1);
  });
});
