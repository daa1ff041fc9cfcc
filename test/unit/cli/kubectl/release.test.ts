import { describe, expect, test } from '@jest/globals';
import { CHECKPOINTS } from '../../../../src/api/kinds.js';
import { hold, letGo, playController } from './play-controller.js';
import { forbidden, refusal, UNREACHABLE } from './scripted-api.js';
import { FakePlugin } from './surroundings.js';

/** Checkpoints that hold their pods, since one second. */
async function holding(...names: readonly string[]): Promise<FakePlugin> {
  const plugin = new FakePlugin();
  playController(plugin);
  for (const name of names) {
    const metadata = { name, namespace: 'shop' };
    plugin.model.put(CHECKPOINTS, { metadata, spec: { podName: `pod-${name}`, hold: { seconds: 600 } } });
    hold(plugin, plugin.checkpoint(name) ?? raise());
  }
  await plugin.clock.advance(1_000);
  return plugin;
}

function raise(): never {
  throw new Error('there is no Checkpoint');
}

describe('kubectl stasis release', () => {
  test('it releases, waits until the pod is let go, and says for how long it was held', async () => {
    const plugin = await holding('a');
    expect(await plugin.run(['release', 'checkpoint/a'])).toBe(0);
    expect(plugin.stdout).toBe('Checkpoint a: pod/pod-a was held for 1.0s, and runs again.\n');
    expect(plugin.script.calls.find(({ verb }) => verb === 'patch')).toMatchObject({
      body: { metadata: { uid: plugin.checkpoint('a')?.metadata.uid }, spec: { hold: { release: true } } },
      options: { fieldManager: 'kubectl-stasis', fieldValidation: 'Strict' },
    });
  });

  test('several: every release is sent before the first is waited for; one that fails does not stop the others', async () => {
    const plugin = await holding('a', 'b');
    expect(await plugin.run(['release', 'a', 'none', 'b', 'a'])).toBe(1);
    expect(plugin.stdout).toBe(
      'Checkpoint a: pod/pod-a was held for 1.0s, and runs again.\nCheckpoint b: pod/pod-b was held for 1.0s, and runs again.\n',
    );
    expect(plugin.stderr).toEqual([
      'error: there is no Checkpoint "none" in namespace "shop"; to see those that there are: kubectl stasis list -n shop',
    ]);
    const verbs = plugin.script.calls.map(({ verb }) => verb);
    expect(verbs.lastIndexOf('patch')).toBeLessThan(verbs.indexOf('watch'));
  });

  test('a hold that is over already is told, and no failure', async () => {
    const plugin = await holding('a', 'b');
    letGo(plugin, 'a', 'HoldElapsed');
    letGo(plugin, 'b', 'NodeDrained');
    expect(await plugin.run(['release', 'a', 'b'])).toBe(0);
    expect(plugin.stdout).toBe(
      'Checkpoint a is over already: pod/pod-a was held for 1.0s, and runs again.\nCheckpoint b is over already: pod/pod-b was held for 1.0s (NodeDrained), and runs again.\n',
    );
    expect(plugin.script.log).toEqual(['get checkpoints a', 'get checkpoints b']);
  });

  test('a Checkpoint that was released before it was held never holds', async () => {
    const plugin = new FakePlugin();
    playController(plugin);
    plugin.model.put(CHECKPOINTS, {
      metadata: { name: 'a', namespace: 'shop' },
      spec: { podName: 'x', hold: { seconds: 9 } },
    });
    expect(await plugin.run(['release', 'a'])).toBe(0);
    expect(plugin.stdout).toBe('Checkpoint a: pod/x runs, and was never held as a whole (ReleaseRequested).\n');
  });

  test('a Checkpoint without a hold is one line', async () => {
    const plugin = new FakePlugin();
    plugin.model.put(CHECKPOINTS, { metadata: { name: 'a', namespace: 'shop' }, spec: { podName: 'x' } });
    expect(await plugin.run(['release', 'a'])).toBe(1);
    expect(plugin.stderr).toEqual([
      'error: Checkpoint a holds nothing: it has no spec.hold, and its pod runs again once it was read',
    ]);
  });

  test('--no-wait returns when the release is accepted', async () => {
    const plugin = await holding('a');
    expect(await plugin.run(['release', 'a', '--no-wait'])).toBe(0);
    expect(plugin.stdout).toBe('Checkpoint a is released.\n');
    expect(plugin.script.log).toEqual(['get checkpoints a', 'patch checkpoints a']);
  });

  test('--all releases what is held or waits, page by page, and nothing else', async () => {
    const plugin = await holding('a', 'b', 'c');
    letGo(plugin, 'b', 'HoldElapsed');
    plugin.model.put(CHECKPOINTS, { metadata: { name: 'd', namespace: 'shop' }, spec: { podName: 'x' } });
    plugin.model.put(CHECKPOINTS, {
      metadata: { name: 'e', namespace: 'else' },
      spec: { podName: 'x', hold: { seconds: 9 } },
    });
    expect(await plugin.run(['release', '--all'])).toBe(0);
    expect(plugin.script.log.slice(0, 3)).toEqual(['list checkpoints', 'patch checkpoints a', 'patch checkpoints c']);
    expect(plugin.script.calls[0]).toMatchObject({ namespace: 'shop', options: { limit: 500 } });
    expect(plugin.stdout.split('\n')).toHaveLength(3);
    expect(await plugin.run(['release', '--all', '-n', 'none'])).toBe(0);
    expect(plugin.stdout).toMatch(/Nothing is held in namespace none\.\n$/);
  });

  test.each([
    [['release'], 'the name of a Checkpoint is missing; to see what is held: kubectl stasis list, or give --all'],
    [['release', '--all', 'a'], '--all: leave the names out'],
    [['release', 'pod/web'], '"pod/web" names a pod, and not a Checkpoint; to see them: kubectl stasis list'],
  ])('%j is a usage error', async (argv, message) => {
    const plugin = new FakePlugin();
    expect(await plugin.run(argv)).toBe(2);
    expect(plugin.stderr).toEqual([`error: ${message}`]);
  });

  test('a missing verb is named', async () => {
    const plugin = await holding('a');
    plugin.script.fate = (call) => (call.verb === 'patch' ? forbidden(call) : undefined);
    expect(await plugin.run(['release', 'a'])).toBe(1);
    expect(plugin.stderr[0]).toMatch(/^error: you may not patch checkpoints\.stasis\.dev in namespace "shop"; /);
    plugin.script.fate = (call) => (call.verb === 'list' ? forbidden(call) : undefined);
    expect(await plugin.run(['release', '--all'])).toBe(1);
    expect(plugin.stderr[1]).toMatch(/^error: you may not list checkpoints\.stasis\.dev in namespace "shop"; /);
  });

  test('a race inside the server is tried again', async () => {
    const plugin = await holding('a');
    let lost = 0;
    plugin.script.fate = ({ verb }) => {
      if (verb !== 'patch') return undefined;
      lost += 1;
      return lost < 3 ? refusal(409, 'Conflict', 'the object has been modified') : undefined;
    };
    expect(await plugin.run(['release', 'a'])).toBe(0);
  });

  test('Ctrl-C while it waits takes nothing back', async () => {
    const plugin = await holding('a', 'b');
    plugin.script.onPatched = () => undefined;
    plugin.later(500, () => plugin.signal('SIGINT'));
    expect(await plugin.run(['release', 'a', 'b'])).toBe(130);
    expect(plugin.stderr).toEqual(['the release of Checkpoint a was accepted; what follows was not waited for']);
    expect(plugin.checkpoint('b')?.spec.hold?.release).toBe(true);
  });

  test('a server that is lost after the release', async () => {
    const plugin = await holding('a');
    plugin.script.onPatched = () => {
      plugin.script.fate = () => UNREACHABLE;
    };
    expect(await plugin.run(['release', 'a'])).toBe(1);
    expect(plugin.stderr[0]).toContain('; the release of Checkpoint a was accepted before');
  });
});
