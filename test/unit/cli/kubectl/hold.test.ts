import { describe, expect, test } from '@jest/globals';
import { clockTime } from '../../../../src/cli/kubectl/hold-text.js';
import { hold, letGo, playController } from './play-controller.js';
import { NAME_RULE } from '../../../../src/cli/kubectl/names.js';
import { forbidden, refusal, UNREACHABLE } from './scripted-api.js';
import { FakePlugin } from './surroundings.js';

const NAME = 'web-0-x7k1p';
const HOLD = ['hold', 'pod/web-0', '--for', '10m'];

function held(): FakePlugin {
  const plugin = new FakePlugin();
  playController(plugin);
  return plugin;
}

describe('kubectl stasis hold: the command line', () => {
  test.each([
    [['hold', 'pod/web-0'], '--for is missing: a hold needs a bound, as in: --for 10m'],
    [['hold', '--for', '10m'], 'the pod is missing, as in: pod/web-0'],
    [['hold', 'pod/web-0', '--for', '61m'], '--for: no hold is longer than 1h (3600s), the maximum of the API'],
    [['hold', 'pod/web-0', '--for', '1500ms'], '--for: give whole seconds, such as 90s'],
    [['hold', 'pod/web-0', '--for', '0'], '--for: "0" is no time at all'],
    [['hold', 'pod/web-0', '--for', '10'], '--for: "10" has no unit; write 10s or 250ms'],
    [['hold', 'pod/web-0', '--for', '-5m'], '--for: "-5m" is negative'],
    [
      ['hold', 'deployment/web', '--for', '1m'],
      '"deployment/web" names a deployment; only pods can be captured, as in: pod/web',
    ],
    [[...HOLD, '-o', 'tree'], '--output: "tree" is not one of: text, json, yaml, name'],
    [[...HOLD, '--'], 'COMMAND is missing after --'],
    [
      [...HOLD, 'sleep', '3'],
      'unexpected argument "sleep"; a command to run while the pod is held comes after --, as in: kubectl stasis hold pod/web-0 --for 10m -- COMMAND',
    ],
    [[...HOLD, '-q'], '--quiet: there is no COMMAND after --'],
    [
      [...HOLD, '-o', 'name', '--', 'true'],
      '--output: the standard output belongs to COMMAND; leave --output out, or COMMAND',
    ],
    [[...HOLD, '--name', 'Web'], `"Web" cannot be the name of an object: ${NAME_RULE}`],
  ])('%j', async (argv, message) => {
    const plugin = held();
    expect(await plugin.run(argv)).toBe(2);
    expect(plugin.stderr).toEqual([`error: ${message}`]);
    expect(plugin.script.log).toEqual([]);
  });

  test('every option reaches the Checkpoint', async () => {
    const plugin = new FakePlugin({ namespace: 'team' });
    playController(plugin);
    const more = [
      '-c',
      'app',
      '-c',
      'log',
      '--reason',
      'who, me?',
      '--despite-probes',
      '--max-pause',
      '20ms',
      '--timeout',
      '5s',
    ];
    expect(await plugin.run([...HOLD, ...more, '--name', 'look', '-n', 'team', '-o', 'name'])).toBe(0);
    const [created] = plugin.script.calls;
    // By this mark a name that the user chose is known again where the answer is lost.
    const annotations = { 'stasis.dev/reason': 'who, me?', 'stasis.dev/created-by': 'kubectl-stasis-x7k1p' };
    expect(created).toEqual({
      verb: 'create',
      plural: 'checkpoints',
      name: 'look',
      namespace: 'team',
      options: { fieldManager: 'kubectl-stasis', fieldValidation: 'Strict' },
      body: {
        metadata: { namespace: 'team', name: 'look', annotations },
        spec: {
          podName: 'web-0',
          hold: { seconds: 600, despiteProbes: true },
          maxPauseMilliseconds: 20,
          timeoutSeconds: 5,
          containers: ['app', 'log'],
        },
      },
    });
  });
});

describe('kubectl stasis hold: without a command', () => {
  test('it returns when the pod is held, and says until when and how to release it', async () => {
    const plugin = held();
    expect(await plugin.run(HOLD)).toBe(0);
    const from = Date.parse(plugin.checkpoint(NAME)?.status?.heldFrom ?? '');
    expect(plugin.stdout.split('\n')).toEqual([
      `pod/web-0 is held since ${clockTime(from)}, until ${clockTime(from + 600_000)} (10m left).`,
      '  What its probes will do is not known: the pod could not be read.',
      `To let it go earlier: kubectl stasis release ${NAME} -n shop`,
      '',
    ]);
    expect(plugin.stderr).toEqual([]);
    expect(plugin.progress).toEqual([`${NAME}: Pending`, `${NAME}: Holding`]);
  });

  test.each([
    ['name', `checkpoint.stasis.dev/${NAME}\n`],
    ['json', expect.stringContaining(`"name": "${NAME}"`)],
    ['yaml', expect.stringContaining(`name: "${NAME}"`)],
  ])('-o %s prints the Checkpoint', async (output, expected) => {
    const plugin = held();
    expect(await plugin.run([...HOLD, '-o', output])).toBe(0);
    expect(plugin.stdout).toEqual(expected);
  });

  test('a hold that ends before it began is a failure with its reason', async () => {
    const plugin = new FakePlugin();
    plugin.script.onCreated = ({ metadata: { name } }) =>
      plugin.later(50, () =>
        plugin.report(name, [
          ['Held', 'False', 'ProbeWouldKill', 'the liveness probe would'],
          ['Succeeded', 'False', 'ProbeWouldKill', 'the liveness probe would'],
        ]),
      );
    expect(await plugin.run(HOLD)).toBe(1);
    expect(plugin.stderr).toEqual([
      'error: pod/web-0 is not held: ProbeWouldKill: the liveness probe would; see: kubectl stasis explain ProbeWouldKill',
    ]);
    expect(plugin.stdout).toBe('');
    expect(plugin.script.log).not.toContain(`patch checkpoints ${NAME}`);
  });

  test('Ctrl-C before its turn has come releases and deletes it, and ends with 130', async () => {
    const plugin = new FakePlugin();
    plugin.later(100, () => plugin.signal('SIGINT'));
    expect(await plugin.run(HOLD)).toBe(130);
    expect(plugin.stderr).toEqual([
      `interrupted; Checkpoint ${NAME} waited for its turn, and is deleted: the pod is not touched`,
    ]);
    expect(plugin.script.log.slice(-2)).toEqual([`patch checkpoints ${NAME}`, `delete checkpoints ${NAME}`]);
    expect(plugin.script.calls.at(-2)?.options).toEqual({ fieldManager: 'kubectl-stasis', fieldValidation: 'Strict' });
    expect(plugin.checkpoint(NAME)).toBeUndefined();
  });

  test('who may not delete it is told how the pod would still pause', async () => {
    const plugin = new FakePlugin();
    plugin.script.fate = (call) => (call.verb === 'delete' ? forbidden(call) : undefined);
    plugin.later(100, () => plugin.signal('SIGINT'));
    expect(await plugin.run(HOLD)).toBe(130);
    expect(plugin.stderr).toEqual([
      `interrupted; Checkpoint ${NAME} waits for its turn, and pauses the pod for a moment then, unless: kubectl delete checkpoint ${NAME} -n shop`,
    ]);
    expect(plugin.checkpoint(NAME)?.spec.hold?.release).toBe(true);
  });

  test('a server without the kinds of Stasis answers with a text, and nothing is looked for', async () => {
    const plugin = new FakePlugin();
    const message = '404 page not found';
    plugin.script.fate = ({ verb }) =>
      verb === 'create'
        ? { method: 'POST', path: '/', code: 404, reason: 'NotFound', message, foreign: true }
        : undefined;
    expect(await plugin.run(HOLD)).toBe(1);
    expect(plugin.stderr).toEqual([expect.stringContaining('Stasis is not installed there')]);
    expect(plugin.script.log).toEqual([`create checkpoints ${NAME}`]);
  });

  test('Ctrl-C before anything was sent creates nothing', async () => {
    const plugin = held();
    plugin.signal('SIGINT');
    expect(await plugin.run(HOLD)).toBe(130);
    expect([plugin.script.log, plugin.stderr]).toEqual([[], ['error: interrupted before anything was created']]);
  });

  test('Ctrl-C while the Checkpoint is created waits for the answer, and releases it', async () => {
    const plugin = held();
    plugin.script.onCreated = () => plugin.signal('SIGTERM');
    expect(await plugin.run(HOLD)).toBe(143);
    expect(plugin.script.log.slice(-2)).toEqual([`patch checkpoints ${NAME}`, `delete checkpoints ${NAME}`]);
  });

  test('Ctrl-C while the creation hangs has the name looked for, and says what is not known', async () => {
    const plugin = held();
    plugin.script.fate = () => 'hang';
    plugin.later(500, () => plugin.signal('SIGINT'));
    expect(await plugin.run(HOLD)).toBe(130);
    expect(plugin.clock.monotonic()).toBeGreaterThan(66_000);
    expect(plugin.stderr).toEqual([
      `no answer to the creation of Checkpoint ${NAME}; looks for it for up to 57 s, so that it does not hold the pod unseen`,
      `error: interrupted; it is not known whether Checkpoint ${NAME} was created; it would hold the pod for 600 s; to let the pod go: kubectl stasis release ${NAME} -n shop`,
    ]);
  });

  test('a release that is refused after Ctrl-C is told with the bound of the hold', async () => {
    const plugin = new FakePlugin();
    plugin.script.fate = (call) => (call.verb === 'patch' || call.verb === 'delete' ? forbidden(call) : undefined);
    plugin.later(100, () => plugin.signal('SIGINT'));
    expect(await plugin.run(HOLD)).toBe(130);
    expect(plugin.stderr).toEqual([
      `interrupted; Checkpoint ${NAME} could not be released (you may not patch checkpoints.stasis.dev in namespace "shop"; ask an administrator for that verb, and try it with: kubectl auth can-i patch checkpoints.stasis.dev -n shop); if the pod is held, it stays held until its 600 s are over, or until: kubectl stasis release ${NAME} -n shop`,
    ]);
  });

  test('a creation whose answer is lost is found again', async () => {
    const plugin = held();
    plugin.script.fate = ({ verb }) => (verb === 'create' ? 'unanswered' : undefined);
    // The words of an error that may come after the server has read the request.
    expect(await plugin.run([...HOLD, '-o', 'name'])).toBe(1);
    expect(plugin.stderr[0]).toContain('cannot be reached');
    expect(plugin.script.log).toEqual(['create checkpoints ' + NAME]);
    const reset = new FakePlugin();
    playController(reset);
    reset.script.lostAnswer = { ...UNREACHABLE, message: 'other side closed' };
    reset.script.fate = ({ verb }) => (verb === 'create' ? 'unanswered' : undefined);
    expect(await reset.run([...HOLD, '-o', 'name'])).toBe(0);
    expect(reset.stdout).toBe(`checkpoint.stasis.dev/${NAME}\n`);
    expect(reset.script.log.slice(0, 2)).toEqual([`create checkpoints ${NAME}`, `get checkpoints ${NAME}`]);
  });

  test('a name that is taken is chosen anew; a name of the user is not', async () => {
    const plugin = held();
    plugin.script.fate = ({ verb, name }) =>
      verb === 'create' && name !== 'web-0-x7k3p'
        ? refusal(409, 'AlreadyExists', `"${name}" already exists`)
        : undefined;
    expect(await plugin.run([...HOLD, '-o', 'name'])).toBe(0);
    expect(plugin.stdout).toBe('checkpoint.stasis.dev/web-0-x7k3p\n');
    expect(await plugin.run([...HOLD, '--name', 'mine'])).toBe(1);
    expect(plugin.stderr).toEqual([
      'error: there is a Checkpoint "mine" already; choose another --name, or leave it out',
    ]);
  });

  test('a task that the kernel holds is told once, and followed', async () => {
    const plugin = new FakePlugin();
    const message = 'the pod is held, but for tasks in the kernel that have not come to their stop yet';
    plugin.script.onCreated = (checkpoint) => {
      plugin.later(100, () => plugin.report(checkpoint.metadata.name, [['Held', 'Unknown', 'Holding', message]]));
      plugin.later(200, () => plugin.report(checkpoint.metadata.name, [['Succeeded', 'Unknown', 'Holding', 'held']]));
      plugin.later(5_000, () => hold(plugin, checkpoint));
    };
    expect(await plugin.run([...HOLD, '-o', 'name'])).toBe(0);
    expect(plugin.stderr).toEqual([`not held as a whole yet: ${message}; waiting for them`]);
  });

  test('a Checkpoint that is deleted before the pod is held is a failure', async () => {
    const plugin = new FakePlugin();
    plugin.later(100, () => plugin.model.drop({ plural: 'checkpoints' } as never, 'shop', NAME));
    expect(await plugin.run(HOLD)).toBe(1);
    expect(plugin.stderr).toEqual([`error: Checkpoint ${NAME} was deleted before the pod was held; it is let go`]);
  });

  test('a server that is lost before the pod is held leaves a release to be tried', async () => {
    const plugin = new FakePlugin();
    plugin.script.fate = ({ verb }) => (verb === 'create' ? undefined : UNREACHABLE);
    expect(await plugin.run(HOLD)).toBe(1);
    expect(plugin.stderr).toEqual([
      expect.stringMatching(/^Checkpoint .* cannot be released yet: .* cannot be reached/),
      expect.stringMatching(/^error: the API server at .* could not be released until its hold was over by itself/),
    ]);
  });

  test('a hold that was cut short in the same moment is a failure, too', async () => {
    const plugin = new FakePlugin();
    plugin.script.onCreated = (checkpoint) => {
      plugin.later(100, () => {
        hold(plugin, checkpoint);
        letGo(plugin, NAME, 'PodTerminating', 'the pod is deleted');
      });
    };
    plugin.script.fate = ({ verb }) => (verb === 'watch' ? refusal(403, 'Forbidden', 'no') : undefined);
    expect(await plugin.run(HOLD)).toBe(1);
    expect(plugin.stderr[0]).toContain('pod/web-0 is not held: PodTerminating: the pod is deleted');
  });
});
