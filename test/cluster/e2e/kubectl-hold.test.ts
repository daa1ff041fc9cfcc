/** Tests `kubectl stasis hold`, alone and around a command. The clock of the nodes is that of this machine. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Plugin, Running } from '../plugin.js';
import { openSlowLink } from '../slow-link.js';
import { testCluster } from './node-view.js';
import { PLUGIN_USER, pluginHere, userOf } from './plugin-users.js';
import { heart, lastBeat } from './pods.js';
import { describeOnHarness } from './requirement.js';
import { condition, openWorld, succeeded, until, type World } from './world.js';

/** Prints the machine's uptime, works for a second and a half, and prints it again. */
const STAMPS = 'read up idle < /proc/uptime; echo $up; sleep 1.5; read up idle < /proc/uptime; echo $up';

/** Waits until COMMAND prints its first line, and returns it. */
async function firstLine(running: Running): Promise<string> {
  return await until(
    'the command to start',
    async () => await Promise.resolve(running.stdout().includes('\n') ? running.stdout().split('\n')[0] : undefined),
  );
}

describeOnHarness('kubectl stasis hold', () => {
  let world: World;
  let plugin: Plugin;
  let user = '';
  beforeAll(async () => {
    world = await openWorld('kubectl-hold');
    plugin = pluginHere();
    user = await userOf(world, plugin, 'user', PLUGIN_USER);
    await world.createPod('heart', [heart('beat')]);
    await world.running('heart');
  });
  afterAll(async () => {
    plugin.close();
    await world.close();
  });

  const hold = (name: string, seconds: number, command: readonly string[], kubeconfig = user): Running =>
    plugin.start(['hold', 'pod/heart', '--for', `${seconds}s`, '--name', name, '--', ...command], {
      kubeconfig,
      ownGroup: true,
    });
  const held = async (name: string): Promise<void> => {
    await until(`${name} to be held`, async () =>
      condition(await world.getCheckpoint(name), 'Held')?.status === 'True' ? true : undefined,
    );
  };
  const runsAgain = async (): Promise<void> => {
    const before = lastBeat(await world.log('heart'));
    await until('the heart to beat again', async () =>
      lastBeat(await world.log('heart')) > before ? true : undefined,
    );
  };
  test('returns when the pod is held, and release lets it go', async () => {
    const ran = await plugin.run(['hold', 'pod/heart', '--for', '10m', '--name', 'alone', '--reason', 'CVE-1'], {
      kubeconfig: user,
    });
    expect(ran.status).toBe(0);
    expect(`${ran.stdout}${ran.stderr}`).toMatch(/kubectl stasis release alone/);
    const checkpoint = await world.getCheckpoint('alone');
    expect(condition(checkpoint, 'Held')?.status).toBe('True');
    expect(checkpoint?.metadata.annotations?.['stasis.dev/reason']).toBe('CVE-1');
    const released = await plugin.run(['release', 'alone'], { kubeconfig: user });
    expect(released.status).toBe(0);
    expect(condition(await world.getCheckpoint('alone'), 'Held')).toMatchObject({
      status: 'False',
      reason: 'ReleaseRequested',
    });
    await runsAgain();
    expect((await plugin.run(['release', 'alone'], { kubeconfig: user })).status).toBe(0);
  });

  test('covers the whole run of a command, whose output and status are passed on', async () => {
    const ended = await hold('covers', 120, ['sh', '-c', `${STAMPS}; exit 7`]).ended;
    expect([ended.status, ended.stderr]).toEqual([7, expect.not.stringContaining('did not cover')]);
    const [from = 0, to = 0] = ended.stdout.trim().split('\n').map(Number);
    expect(to - from).toBeGreaterThan(1.4);
    await runsAgain();
    const beats = [...(await world.log('heart')).matchAll(/^beat ([0-9.]+)$/gm)].map(([, up]) => Number(up));
    expect(beats.filter((beat) => beat > from && beat < to)).toEqual([]);
    expect(beats.some((beat) => beat >= to)).toBe(true);
    expect(condition(await world.getCheckpoint('covers'), 'Held')?.reason).toBe('ReleaseRequested');
  });

  test.each([
    ['SIGINT', true, 130],
    ['SIGTERM', false, 143],
    ['SIGHUP', false, 129],
  ] as const)('releases after %s (to the whole group: %s)', async (signal, group, status) => {
    const name = `after-${signal.toLowerCase()}`;
    const running = hold(name, 120, ['sh', '-c', 'echo started; exec sleep 100']);
    await firstLine(running);
    process.kill(group ? -running.pid : running.pid, signal);
    const ended = await running.ended;
    expect(ended.signal === null ? ended.status : 128).toBe(status);
    const checkpoint = await world.ended(name);
    expect(condition(checkpoint, 'Held')?.reason).toBe('ReleaseRequested');
    await runsAgain();
  });

  test('releases when the command is killed', async () => {
    const running = hold('killed', 120, ['sh', '-c', 'echo $$; exec sleep 100']);
    process.kill(Number(await firstLine(running)), 'SIGKILL');
    expect((await running.ended).status).toBe(137);
    expect(condition(await world.ended('killed'), 'Held')?.reason).toBe('ReleaseRequested');
  });

  test('ends by itself when the plugin is killed: the bound of the hold', async () => {
    const running = hold('bounded', 6, ['sh', '-c', 'echo $$; exec sleep 100']);
    const command = Number(await firstLine(running));
    process.kill(running.pid, 'SIGKILL');
    const checkpoint = await world.ended('bounded');
    process.kill(command, 'SIGKILL');
    expect(condition(checkpoint, 'Held')?.reason).toBe('HoldElapsed');
    expect(succeeded(checkpoint)?.status).toBe('True');
    await runsAgain();
  });

  test('ends with 3 and one line when the hold is over before the command', async () => {
    const ended = await hold('short', 2, ['sh', '-c', 'sleep 5; echo done']).ended;
    expect([ended.status, ended.stdout]).toEqual([3, 'done\n']);
    expect(ended.stderr.split('\n').filter((line) => line.startsWith('error: '))).toEqual([
      expect.stringMatching(/the pod is not held any more, .*HoldElapsed/),
    ]);
  });

  test('does not run the command when the pod cannot be held', async () => {
    const ran = await plugin.run(['hold', 'pod/nobody', '--for', '5s', '--', 'touch', 'ran'], { kubeconfig: user });
    expect([ran.status, ran.stderr]).toEqual([1, expect.stringContaining('PodNotFound')]);
    expect(plugin.exists('ran')).toBe(false);
  });

  test('releases late, and says so, when the API server was away at the end of the command', async () => {
    const cluster = testCluster();
    if (cluster === undefined) throw new Error('no cluster');
    const link = await openSlowLink(cluster.server);
    const token = (JSON.parse(readFileSync(user, 'utf8')) as { users: { user: { token: string } }[] }).users[0]?.user
      .token;
    if (token === undefined) throw new Error('no token');
    const abroad = plugin.kubeconfig('abroad', { token, namespace: world.namespace, server: link.server });
    const running = hold('abroad', 60, ['sh', '-c', 'echo started; sleep 3'], abroad);
    await firstLine(running);
    link.refuse = true;
    link.cut();
    await sleep(6_000);
    await held('abroad');
    link.refuse = false;
    const ended = await running.ended;
    await link.close();
    expect(condition(await world.ended('abroad'), 'Held')?.reason).toBe('ReleaseRequested');
    // The pod stood still all the time, and the answer to the release proves it.
    expect(ended.status).toBe(0);
  });
});
