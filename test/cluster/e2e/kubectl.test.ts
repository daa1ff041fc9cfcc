/** Tests `kubectl stasis` with real captures, as a user with rights in one namespace only. */
import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Checkpoint } from '../../../src/api/kinds.js';
import type { Plugin } from '../plugin.js';
import type { Ran } from '../harness/run.js';
import { PLUGIN_USER, pluginHere, userOf } from './plugin-users.js';
import { heart, shell, sleeper } from './pods.js';
import { describeOnHarness } from './requirement.js';
import { openWorld, succeeded, type World } from './world.js';

describeOnHarness('kubectl stasis', () => {
  let world: World;
  let plugin: Plugin;
  let user = '';
  let admin = '';
  /** The node of the pod `web`. */
  let nodeName = '';

  beforeAll(async () => {
    world = await openWorld('kubectl');
    plugin = pluginHere();
    user = await userOf(world, plugin, 'user', PLUGIN_USER);
    admin = plugin.kubeconfig('admin', { namespace: world.namespace });
    await world.createPod('web', [heart('server'), sleeper('helper')]);
    // A name that is HTML.
    await world.createPod('odd', [
      shell('app', `printf '#!/bin/sh\\nsleep 100000\\n' > '/tmp/<b>x'; chmod +x '/tmp/<b>x'; '/tmp/<b>x' & wait`),
    ]);
    await world.createPod('many', [
      shell('app', 'for i in $(seq 150); do sleep 100000 & done; while :; do sleep 0.2; done'),
    ]);
    for (const pod of ['odd', 'many']) await world.running(pod);
    nodeName = (await world.running('web')).spec.nodeName ?? '';
  });
  afterAll(async () => {
    plugin.close();
    await world.close();
  });

  const asUser = async (...args: string[]): Promise<Ran> => await plugin.run(args, { kubeconfig: user });
  const asAdmin = async (...args: string[]): Promise<Ran> => await plugin.run(args, { kubeconfig: admin });
  /** Makes a Checkpoint by the plugin and returns its name. */
  const captured = async (pod: string, ...options: string[]): Promise<string> => {
    const ran = await asUser('checkpoint', `pod/${pod}`, '-o', 'name', ...options);
    expect([ran.status, ran.stdout]).toEqual([0, expect.stringMatching(/^checkpoint\.stasis\.dev\/\S+\n$/)]);
    return ran.stdout.trim().split('/')[1] ?? '';
  };

  test('checkpoint prints the tree, and what it did on the standard error', async () => {
    const ran = await asUser('checkpoint', 'pod/web');
    expect(ran.status).toBe(0);
    expect(ran.stdout).toMatch(/^✔ Captured/);
    expect(ran.stdout).toMatch(/container server/);
    expect(ran.stdout).toMatch(/pause +\d/);
    expect(ran.stderr).toMatch(/^web-\w{5}: /);
    expect(`${ran.stdout}${ran.stderr}`).not.toContain('\u001b');
  });

  test('checkpoint -o json is the Checkpoint, and --dry-run touches nothing', async () => {
    const ran = await asUser('checkpoint', 'web', '-o', 'json', '-c', 'server');
    const checkpoint = JSON.parse(ran.stdout) as Checkpoint;
    expect(succeeded(checkpoint)).toMatchObject({ status: 'True', reason: 'Captured' });
    expect(checkpoint.spec).toMatchObject({ podName: 'web', containers: ['server'] });
    const dry = await asUser('checkpoint', 'pod/web', '--dry-run');
    expect([dry.status, dry.stdout]).toEqual([0, expect.stringContaining('DryRunPassed')]);
  });

  test('a failure is told with its reason, and by the exit status', async () => {
    const missing = await asUser('checkpoint', 'pod/nobody');
    expect(missing.status).toBe(1);
    expect(missing.stderr).toMatch(/error: PodNotFound: .*; see: kubectl get pods -n /);
    const wrong = await asUser('checkpoint', 'svc/web');
    expect([wrong.status, wrong.stderr]).toEqual([2, expect.stringMatching(/^error: .*only pods/)]);
  });

  test('tree, timings, list, top and preflight show the capture', async () => {
    const name = await captured('web');
    const tree = await asUser('tree', name, '--filter', 'sleep');
    expect([tree.status, tree.stdout]).toEqual([0, expect.stringContaining('sleep')]);
    const timings = await asUser('timings', name);
    expect([timings.status, timings.stdout]).toEqual([0, expect.stringMatching(/cgroup freeze/)]);
    const list = await asUser('list');
    expect(list.stdout).toMatch(new RegExp(`${name} +web +${nodeName} +Captured`));
    const top = await asUser('top');
    expect(top.stdout).toContain(name);
    const preflight = await asUser('preflight', 'pod/web');
    expect([preflight.status, preflight.stdout]).toEqual([0, expect.stringContaining('web')]);
  });

  test('the report has the hostile names as data, and no markup of them', async () => {
    const name = await captured('odd');
    const ran = await asUser('report', name);
    expect(ran.status).toBe(0);
    expect(ran.stdout).toMatch(/^<!doctype html>/i);
    expect(ran.stdout).not.toContain('<b>x');
    expect(ran.stdout).toContain('content="default-src &#39;none&#39;;');
  });

  test('export fetches the whole tree, verified; who may not is told which right is missing', async () => {
    const name = await captured('many');
    const cut = await asUser('tree', name);
    expect(cut.stdout).toMatch(/only \d+ of 15\d processes/);
    const refused = await asUser('export', name, '-o', 'mine');
    expect(refused.status).toBe(1);
    expect(refused.stderr).toMatch(/you may not .* in namespace "stasis-system"/);
    const ran = await asAdmin('export', name, '-o', 'out');
    expect([ran.status, ran.stderr]).toEqual([0, expect.anything()]);
    const [capture] = await world.captures(await world.getCheckpoint(name));
    const file = join(plugin.folder, 'out', `${name}.json`);
    const bytes = readFileSync(file);
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(capture?.status?.artifact?.sha256);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const whole = JSON.parse(bytes.toString('utf8')) as { status: { tree: object[] } };
    expect(whole.status.tree.length).toBe(capture?.status?.processes);
    const report = await asAdmin('report', name);
    expect(report.stdout.length).toBeGreaterThan((await asUser('report', name)).stdout.length);
  });

  test('doctor asks the agents of all nodes, or of one', async () => {
    const all = await asAdmin('doctor');
    expect([all.status, all.stdout]).toEqual([0, expect.stringContaining(nodeName)]);
    const one = await asAdmin('doctor', nodeName);
    expect(one.stdout).toContain(nodeName);
    const refused = await asUser('doctor');
    expect([refused.status, refused.stderr]).toEqual([1, expect.stringMatching(/you may not /)]);
  });

  test('in another namespace the user is refused in one line, with the missing verb', async () => {
    for (const args of [
      ['list', '-n', 'default'],
      ['list', '-A'],
      ['checkpoint', 'pod/web', '-n', 'default'],
    ]) {
      const ran = await asUser(...args);
      expect([ran.status, ran.stderr.trim().split('\n')]).toEqual([
        1,
        [expect.stringMatching(/^error: you may not (list|create) checkpoints\.stasis\.dev in /)],
      ]);
    }
  });
});
