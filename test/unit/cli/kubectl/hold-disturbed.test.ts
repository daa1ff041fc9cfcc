import { describe, expect, test } from '@jest/globals';
import { CHECKPOINTS } from '../../../../src/api/kinds.js';
import { playController } from './play-controller.js';
import { isPatch, NAME, NOT_COVERED, patches, RUN, running } from './running-command.js';
import { forbidden, refusal, TIMED_OUT, UNREACHABLE, type Call, type Fate } from './scripted-api.js';
import { FakePlugin } from './surroundings.js';

/** The page of a proxy. */
const page = (code: number): Fate => ({ ...refusal(code, 'NotFound', '<html>nothing here</html>'), foreign: true });
/** A Status of a server that does not serve the kind at the moment. */
const NOT_SERVED = refusal(404, 'NotFound', 'the server could not find the requested resource');

const isReleased = (plugin: FakePlugin, name = NAME): boolean => plugin.checkpoint(name)?.spec.hold?.release === true;

describe('kubectl stasis hold -- COMMAND: something else answers', () => {
  test('JSON that is no Checkpoint is no answer, and ends nothing', async () => {
    const plugin = running(30_000);
    plugin.later(1_000, () => {
      plugin.script.watches.forEach((watch) => watch.fail(UNREACHABLE));
      plugin.script.fate = ({ verb }) =>
        verb === 'patch' || plugin.clock.monotonic() > 25_000 ? undefined : { answer: { error: 'login' } };
    });
    expect(await plugin.run(RUN)).toBe(0);
    expect(isReleased(plugin)).toBe(true);
  });

  test.each<[string, Fate]>([
    ['a page with 404', page(404)],
    ['a page with 403', page(403)],
    ['a Status that names nothing', NOT_SERVED],
    [
      'an object of another name',
      { answer: { kind: 'Checkpoint', metadata: { name: 'x', uid: 'u', resourceVersion: '1' } } },
    ],
  ])('%s in place of the answer to the release: it is sent again', async (_title, fate) => {
    const plugin = running(5_000);
    let answered = 0;
    plugin.script.fate = (call) => {
      if (plugin.clock.monotonic() < 6_000 || (answered += 1) > 3) return undefined;
      return call.verb === 'watch' ? UNREACHABLE : fate;
    };
    expect(await plugin.run(RUN)).toBe(0);
    expect(isReleased(plugin)).toBe(true);
  });

  test('a release that is accepted and not stored is sent again, and told', async () => {
    const plugin = running(5_000);
    plugin.script.fate = (call) => {
      const checkpoint = plugin.checkpoint(NAME);
      return isPatch(call) && checkpoint !== undefined ? { answer: checkpoint } : undefined;
    };
    expect(await plugin.run(RUN)).toBe(3);
    expect(patches(plugin)).toBeGreaterThan(50);
    expect(plugin.stderr[1]).toMatch(/^the pod cannot be released yet: the release was accepted, and not stored: /);
  });

  test('a pod whose name is uid-0 loses no race', async () => {
    const plugin = running(5_000);
    plugin.script.fate = (call) =>
      isPatch(call) && patches(plugin) < 3
        ? refusal(409, 'Conflict', 'checkpoints "uid-0-x7k1p": the object has been modified')
        : undefined;
    expect(await plugin.run(RUN)).toBe(0);
  });

  test('what a watch tells to be gone is looked at', async () => {
    const plugin = running(5_000);
    plugin.later(2_000, () => {
      const checkpoint = plugin.checkpoint(NAME);
      plugin.model.drop(CHECKPOINTS, 'shop', NAME);
      if (checkpoint !== undefined) plugin.model.put(CHECKPOINTS, checkpoint);
    });
    expect(await plugin.run(RUN)).toBe(0);
    expect(isReleased(plugin)).toBe(true);
  });

  test('that the pod stays held is told, also where the end of the hold was told before', async () => {
    const plugin = running(5_000);
    plugin.later(2_000, () => plugin.report(NAME, [['Held', 'Unknown', 'Holding', 'nobody knows']]));
    plugin.script.fate = (call) => (isPatch(call) ? forbidden(call) : undefined);
    expect(await plugin.run(RUN)).toBe(3);
    expect(plugin.stderr.at(-1)).toMatch(
      /^error: the pod could not be released: .*; it stays held until its 600 s are over/,
    );
  });
});

describe('kubectl stasis hold -- COMMAND: signals while the pod is released', () => {
  test.each(['SIGTERM', 'SIGHUP', 'SIGINT'])('%s does not stop it', async (name) => {
    const plugin = running(5_000);
    plugin.script.fate = away(plugin, 5_000, 30_000);
    plugin.later(9_000, () => plugin.signal(name));
    expect(await plugin.run(RUN)).toBe(0);
    expect(isReleased(plugin)).toBe(true);
  });

  test('a key that is pressed again has one more release sent', async () => {
    const plugin = running(5_000);
    plugin.script.fate = away(plugin, 5_000, 19_500);
    for (const at of [9_000, 20_000]) plugin.later(at, () => plugin.signal('SIGINT'));
    await plugin.run(RUN);
    expect(plugin.stderr).toContain(
      'the pod is not let go yet; the same key once more ends this, and leaves it held until its time is over',
    );
    expect(isReleased(plugin)).toBe(true);
  });

  test('a terminal that is closed sends SIGHUP twice, before the pod is held', async () => {
    const plugin = new FakePlugin();
    plugin.script.fate = (call) =>
      isPatch(call) && patches(plugin) < 4 ? refusal(503, 'ServiceUnavailable', '') : undefined;
    for (const at of [100, 110, 1_500]) plugin.later(at, () => plugin.signal('SIGHUP'));
    expect(await plugin.run(RUN)).toBe(129);
    expect(plugin.script.log.slice(-2)).toEqual([`patch checkpoints ${NAME}`, `delete checkpoints ${NAME}`]);
  });
});

describe('kubectl stasis hold -- COMMAND: what the end proves', () => {
  test('a hold that was shorter than the run did not cover it, whatever its reason', async () => {
    const plugin = running(10_000);
    let until = '';
    plugin.later(3_000, () => (until = plugin.time(0)));
    plugin.script.onPatched = () => plugin.later(9_000, () => end(plugin, { heldUntil: until }));
    expect(await plugin.run(RUN)).toBe(3);
    expect(plugin.stderr.at(-1)).toBe(
      `${NOT_COVERED}by the clock of its node, the pod was held for 2.8s, and the command ran for 10.0s`,
    );
  });

  test('an end without times proves nothing', async () => {
    const plugin = running(5_000);
    plugin.script.onPatched = () => plugin.later(20, () => end(plugin, {}));
    expect(await plugin.run(RUN)).toBe(3);
  });

  test('a freezer that is not restored is told, with status 1', async () => {
    const plugin = running(5_000);
    plugin.script.onPatched = () => plugin.later(20, () => end(plugin, { heldUntil: plugin.time(0) }, 'False'));
    expect(await plugin.run(RUN)).toBe(1);
    expect(plugin.stderr.at(-1)).toBe(
      'error: pod/web-0 was held for 5.0s, and it may still stand still: FreezerNotRestored: not thawed; see: kubectl stasis explain FreezerNotRestored',
    );
  });
});

describe('kubectl stasis hold: a creation whose answer is lost', () => {
  test('a read that fails is no answer either', async () => {
    const plugin = created('unanswered');
    let reads = 0;
    const lost = plugin.script.fate;
    plugin.script.fate = (call) =>
      call.verb === 'get' && (reads += 1) < 4 ? refusal(503, 'ServiceUnavailable', '') : lost(call);
    expect(await plugin.run(RUN)).toBe(0);
  });

  test('what appears after a signal is released', async () => {
    const plugin = created('hang', 20_000);
    plugin.later(1_000, () => plugin.signal('SIGTERM'));
    expect(await plugin.run(RUN)).toBe(143);
    expect(plugin.script.log.slice(-2)).toEqual([`patch checkpoints ${NAME}`, `delete checkpoints ${NAME}`]);
  });

  test('a Checkpoint of somebody else is not taken for the own one', async () => {
    const plugin = created('hang');
    plugin.model.put(CHECKPOINTS, { metadata: { name: 'mine', namespace: 'shop' }, spec: { hold: { seconds: 9 } } });
    plugin.script.fate = ({ verb }) => (verb === 'create' ? TIMED_OUT : undefined);
    expect(await plugin.run(['hold', 'pod/web-0', '--for', '10m', '--name', 'mine'])).toBe(1);
    expect(isReleased(plugin, 'mine')).toBe(false);
  });
});

describe('kubectl stasis release: what is not so', () => {
  test('one failure of the server is not the end', async () => {
    const plugin = running(5_000);
    await plugin.run(['hold', 'pod/web-0', '--for', '10m']);
    plugin.script.fate = (call) =>
      isPatch(call) && patches(plugin) < 2 ? refusal(503, 'ServiceUnavailable', '') : undefined;
    expect(await plugin.run(['release', NAME])).toBe(0);
  });

  test.each(['False', 'Unknown'] as const)('Released=%s is a failure', async (released) => {
    const plugin = running(5_000);
    await plugin.run(['hold', 'pod/web-0', '--for', '10m']);
    plugin.script.onPatched = () => plugin.later(20, () => end(plugin, {}, released));
    expect(await plugin.run(['release', NAME])).toBe(1);
    expect(plugin.stderr.at(-1)).toMatch(
      /^error: Checkpoint web-0-x7k1p: pod\/web-0 was held since [\d:]+, until when is not known .*; see: kubectl stasis explain FreezerNotRestored$/,
    );
  });
});

test('what a server sends does not act on the terminal', async () => {
  const plugin = running(5_000);
  await plugin.run(['hold', 'pod/web-0', '--for', '10m']);
  plugin.script.onPatched = () =>
    plugin.later(20, () =>
      plugin.report(NAME, [
        ['Held', 'False', 'X\u001b]0;x\u0007'],
        ['Succeeded', 'True', 'Captured'],
      ]),
    );
  expect(await plugin.run(['release', NAME])).toBe(0);
  expect(plugin.stdout).not.toContain('\u001b');
});

/** The Checkpoint ends as after a release. */
function end(plugin: FakePlugin, times: { heldUntil?: string }, released: 'True' | 'False' | 'Unknown' = 'True'): void {
  plugin.report(
    NAME,
    [
      ['Held', 'False', 'ReleaseRequested', 'held'],
      ['Released', released, 'FreezerNotRestored', 'not thawed'],
      ['Succeeded', 'True', 'Captured'],
      ['Finished', 'True', 'Captured'],
    ],
    times,
  );
}

function away(plugin: FakePlugin, from: number, until: number): (call: Call) => Fate {
  return () => (plugin.clock.monotonic() >= from && plugin.clock.monotonic() < until ? UNREACHABLE : undefined);
}

/** The creation has no answer, and is carried out after a time. */
function created(fate: 'hang' | 'unanswered', after = 0): FakePlugin {
  const plugin = running(5_000);
  playController(plugin);
  plugin.script.lostAnswer = TIMED_OUT;
  let isSent = false;
  plugin.script.fate = ({ verb, body }) => {
    if (verb !== 'create' || isSent) return undefined;
    isSent = true;
    if (fate === 'hang')
      plugin.later(after, () => void plugin.script.api.create(CHECKPOINTS, body as never, { namespace: 'shop' }));
    return fate;
  };
  return plugin;
}
