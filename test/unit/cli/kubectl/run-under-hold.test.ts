import { describe, expect, test } from '@jest/globals';
import { CHECKPOINTS } from '../../../../src/api/kinds.js';
import type { LocalEnd } from '../../../../src/cli/kubectl/programs.js';
import { letGo } from './play-controller.js';
import { isPatch, NAME, NOT_COVERED, patches, RUN, running } from './running-command.js';
import type { FakePlugin } from './surroundings.js';

describe('kubectl stasis hold -- COMMAND', () => {
  test('the command runs while the pod is held, and the pod is let go after it', async () => {
    const plugin = running(2_500);
    expect(await plugin.run(RUN)).toBe(0);
    const checkpoint = plugin.checkpoint(NAME);
    const { heldFrom = '', conditions } = checkpoint?.status ?? {};
    expect(plugin.programs.started).toEqual([
      {
        file: './snapshot.sh',
        arguments: ['a b'],
        environment: {
          STASIS_CHECKPOINT: NAME,
          STASIS_NAMESPACE: 'shop',
          STASIS_POD: 'web-0',
          STASIS_HELD_FROM: heldFrom,
          STASIS_HOLD_UNTIL: new Date(Date.parse(heldFrom) + 600_000).toISOString(),
        },
      },
    ]);
    expect(plugin.stdout).toBe('');
    expect(plugin.stderr).toEqual([
      expect.stringMatching(/^pod\/web-0 is held since .*; runs \.\/snapshot\.sh$/),
      'pod/web-0 was held for 2.5s, and runs again',
    ]);
    expect(conditions?.find(({ type }) => type === 'Held')?.reason).toBe('ReleaseRequested');
    expect(patches(plugin)).toBe(1);
  });

  test('the release is the first thing after the command, and only for the version that was seen', async () => {
    const plugin = running(2_500);
    expect(await plugin.run(RUN)).toBe(0);
    const at = plugin.script.calls.findIndex(isPatch);
    expect(plugin.script.calls[at]?.body).toEqual({
      metadata: {
        uid: plugin.checkpoint(NAME)?.metadata.uid,
        resourceVersion: expect.any(String),
        annotations: { 'stasis.dev/released-by': 'kubectl-stasis-x7k2p' },
      },
      spec: { hold: { release: true } },
    });
    expect(plugin.script.log.slice(0, at)).toEqual([
      `create checkpoints ${NAME}`,
      'watch checkpoints',
      'watch checkpoints',
    ]);
  });

  test.each<[LocalEnd, number]>([
    [{ kind: 'exited', status: 7 }, 7],
    [{ kind: 'exited', status: 3 }, 3],
    [{ kind: 'killed', signal: 'SIGKILL', number: 9 }, 137],
    [{ kind: 'killed', signal: 'SIGINT', number: 2 }, 130],
  ])('the status is that of the command: %j', async (how, status) => {
    const plugin = running(500, how);
    expect(await plugin.run(RUN)).toBe(status);
    expect(plugin.stderr.at(-1)).toBe('pod/web-0 was held for 0.5s, and runs again');
  });

  test.each([
    [true, 127, 'x: command not found'],
    [false, 126, 'x: EACCES'],
  ])('a program that cannot be started (missing: %j) leaves the pod alone', async (missing, status, message) => {
    const plugin = running(500);
    plugin.programs.unstartable = { kind: 'unstarted', missing, message };
    expect(await plugin.run(RUN)).toBe(status);
    expect(plugin.stderr).toEqual([`error: ${message}; the pod was not touched`]);
    expect(plugin.script.log).toEqual([]);
  });

  test('a program that fails to start after all has the pod let go', async () => {
    const plugin = running(0, { kind: 'unstarted', missing: true, message: 'x: command not found' });
    expect(await plugin.run(RUN)).toBe(127);
    expect(plugin.stderr.at(-1)).toBe('error: x: command not found');
    expect(plugin.checkpoint(NAME)?.spec.hold?.release).toBe(true);
  });

  test('a pod that is not held starts nothing', async () => {
    const plugin = running(500);
    plugin.script.onCreated = () => plugin.later(10, () => letGo(plugin, NAME, 'NodeBusy'));
    expect(await plugin.run(RUN)).toBe(1);
    expect(plugin.programs.started).toEqual([]);
  });

  test('--quiet says nothing', async () => {
    const plugin = running(500, { kind: 'exited', status: 5 });
    expect(await plugin.run(['hold', 'pod/web-0', '--for', '10m', '--quiet', '--', 'x'])).toBe(5);
    expect([plugin.stdout, plugin.stderr, plugin.progress]).toEqual(['', [], []]);
  });
});

describe('kubectl stasis hold -- COMMAND: a hold that was not whole', () => {
  test('the end of the hold is told at once, and once; the status is 3', async () => {
    const plugin = running(700_000);
    let toldAt = 0;
    plugin.later(600_300, () => (toldAt = plugin.stderr.length));
    expect(await plugin.run(RUN)).toBe(3);
    expect(plugin.stderr.slice(1)).toEqual([
      'error: the pod is not held any more, and the command goes on: the hold had ended: HoldElapsed',
    ]);
    expect(toldAt).toBe(2);
    expect(patches(plugin)).toBe(0);
  });

  test('a hold that was cut short is told with the reason', async () => {
    const plugin = running(5_000);
    plugin.later(2_000, () => letGo(plugin, NAME, 'NodeDrained', 'held for 1.8 s of 600 s'));
    expect(await plugin.run(RUN)).toBe(3);
    expect(plugin.stderr.slice(1)).toEqual([
      'error: the pod is not held any more, and the command goes on: the hold had ended: NodeDrained: held for 1.8 s of 600 s',
    ]);
  });

  test('a hold that is no longer whole is told, and released all the same', async () => {
    const plugin = running(5_000);
    plugin.later(2_000, () => plugin.report(NAME, [['Held', 'Unknown', 'Holding', 'nobody knows']]));
    expect(await plugin.run(RUN)).toBe(3);
    expect(plugin.stderr.slice(1)).toEqual([
      'error: the pod is not held any more, and the command goes on: the pod is no longer held as a whole: nobody knows',
    ]);
    expect(plugin.checkpoint(NAME)?.spec.hold?.release).toBe(true);
  });

  test('a release by somebody else is told at once', async () => {
    const plugin = running(5_000);
    plugin.later(2_000, () => letGo(plugin, NAME, 'ReleaseRequested'));
    expect(await plugin.run(RUN)).toBe(3);
    expect(plugin.stderr.slice(1)).toEqual([
      'error: the pod is not held any more, and the command goes on: somebody else released the pod',
    ]);
  });

  test('an end that only a read shows, because the watch is silent, counts', async () => {
    const plugin = running(60_000);
    plugin.later(1_000, () => plugin.script.watches.forEach((watch) => watch.silence()));
    plugin.later(2_000, () => letGo(plugin, NAME, 'ContainerEnded'));
    let toldAt = 0;
    plugin.later(13_000, () => (toldAt = plugin.stderr.length));
    expect(await plugin.run(RUN)).toBe(3);
    expect(toldAt).toBe(2);
  });

  test('an end that nobody has seen before the release is found by the release', async () => {
    // The watch is silent, and the hold ends a moment before the command: the version of the release is an old one.
    const plugin = running(5_000);
    plugin.later(1_000, () => plugin.script.watches.forEach((watch) => watch.silence()));
    plugin.later(4_000, () => letGo(plugin, NAME, 'ContainerEnded'));
    expect(await plugin.run(RUN)).toBe(3);
    expect(plugin.stderr.slice(1)).toEqual([`${NOT_COVERED}the hold had ended: ContainerEnded`]);
  });

  test('a release that comes after the end, but before the status tells it, proves nothing', async () => {
    const plugin = running(5_000);
    plugin.script.onPatched = () => plugin.later(20, () => letGo(plugin, NAME, 'HoldElapsed'));
    expect(await plugin.run(RUN)).toBe(3);
    expect(plugin.stderr.at(-1)).toBe(`${NOT_COVERED}the hold had ended: HoldElapsed`);
  });

  test('a release by somebody else before the end of the command is not ours', async () => {
    const plugin = running(5_000);
    // The status does not tell it yet when the command ends.
    plugin.script.onPatched = () => undefined;
    plugin.later(5_190, () => releaseByHand(plugin));
    expect(await plugin.run(RUN)).toBe(3);
    expect(plugin.stderr.at(-1)).toBe(`${NOT_COVERED}somebody else released the pod`);
  });

  test('the same where the watch is silent, so that only the conflict tells it', async () => {
    const plugin = running(5_000);
    plugin.later(1_000, () => plugin.script.watches.forEach((watch) => watch.silence()));
    plugin.later(5_100, () => releaseByHand(plugin));
    expect(await plugin.run(RUN)).toBe(3);
    expect(plugin.stderr.at(-1)).toBe(`${NOT_COVERED}somebody else released the pod`);
    expect(plugin.script.log.slice(-2)).toEqual([`patch checkpoints ${NAME}`, `get checkpoints ${NAME}`]);
  });

  test('a Checkpoint that is deleted meanwhile leaves the end unknown', async () => {
    const plugin = running(5_000);
    plugin.later(2_000, () => plugin.model.drop(CHECKPOINTS, 'shop', NAME));
    expect(await plugin.run(RUN)).toBe(3);
    expect(plugin.stderr.slice(1)).toEqual([
      'error: the pod is not held any more, and the command goes on: the Checkpoint was deleted, which lets the pod go',
    ]);
  });

  test('another Checkpoint of the same name is not released', async () => {
    const plugin = running(5_000);
    plugin.later(4_900, () => {
      plugin.script.watches.forEach((watch) => watch.silence());
      const { metadata: _, ...rest } = plugin.checkpoint(NAME) ?? raise();
      plugin.model.put(CHECKPOINTS, { ...rest, metadata: { name: NAME, namespace: 'shop', uid: 'another' } });
    });
    expect(await plugin.run(RUN)).toBe(3);
    expect(plugin.checkpoint(NAME)?.spec.hold?.release).toBeUndefined();
    expect(plugin.stderr.at(-1)).toBe(
      `${NOT_COVERED}the Checkpoint was deleted, and how long it held the pod is not known`,
    );
  });

  test('a change of the status that is no end does not spoil the proof', async () => {
    const plugin = running(5_000);
    plugin.later(1_000, () => plugin.script.watches.forEach((watch) => watch.silence()));
    plugin.later(5_100, () => plugin.report(NAME, [['Succeeded', 'Unknown', 'Holding', 'other words']]));
    expect(await plugin.run(RUN)).toBe(0);
    expect(patches(plugin)).toBe(2);
  });
});

/** Somebody releases the pod, and the agent has not heard of it yet. */
function releaseByHand(plugin: FakePlugin): void {
  const { spec, ...rest } = plugin.checkpoint(NAME) ?? raise();
  plugin.model.put(CHECKPOINTS, { ...rest, spec: { ...spec, hold: { ...spec.hold, release: true } } });
}

function raise(): never {
  throw new Error('there is no Checkpoint');
}
