import { describe, expect, test } from '@jest/globals';
import { CHECKPOINTS, PODCAPTURES } from '../../../../src/api/kinds.js';
import { podCapture } from '../../builders.js';
import { NAME_RULE } from '../../../../src/cli/kubectl/names.js';
import { forbidden, refusal, UNREACHABLE } from './scripted-api.js';
import { FakePlugin, type FakePluginOptions } from './surroundings.js';

const NAME = 'web-0-x7k1p';
const POD = ['checkpoint', 'pod/web-0'];

/** Ends each Checkpoint after 250 ms. */
function plugin(succeeded = true, options: FakePluginOptions = {}): FakePlugin {
  const made = new FakePlugin(options);
  made.script.onCreated = () => made.later(250, () => end(made, succeeded));
  return made;
}

function end(made: FakePlugin, succeeded: boolean): void {
  const [status, reason] = succeeded ? (['True', 'Captured'] as const) : (['False', 'FreezeTimeout'] as const);
  const { metadata, ...capture } = podCapture();
  made.model.put(PODCAPTURES, { ...capture, metadata: { ...metadata, name: 'capture-1', namespace: 'shop' } });
  const pods = [
    { podName: 'web-0', podUID: 'u', nodeName: 'node-2', captureName: 'capture-1', state: 'Succeeded' } as const,
  ];
  made.report(
    NAME,
    [
      ['Succeeded', status, reason, 'the message'],
      ['Finished', 'True', reason],
    ],
    { pods },
  );
}

describe('kubectl stasis checkpoint: the command line', () => {
  test.each([
    [['checkpoint'], 'the pod is missing, as in: pod/web-0'],
    [[...POD, 'pod/web-1'], 'unexpected argument "pod/web-1"'],
    [[...POD, '-o', 'wide'], '--output: "wide" is not one of: tree, json, yaml, name'],
    [[...POD, '--max-pause', '500us'], '--max-pause: give whole milliseconds, such as 20ms'],
    [[...POD, '--max-pause', '301s'], '--max-pause: "301s" is longer than 300s'],
    [[...POD, '--max-pause', '0'], '--max-pause: "0" is no time at all'],
    [[...POD, '--timeout', '1500ms'], '--timeout: give whole seconds, such as 10s'],
    [[...POD, '--timeout', '301s'], '--timeout: "301s" is longer than 300s'],
    [[...POD, '--starting-deadline', '25h'], '--starting-deadline: "25h" is longer than 24h'],
    [[...POD, '--starting-deadline', '90500ms'], '--starting-deadline: give whole seconds, such as 60s'],
    [[...POD, '--freezer', 'Auto'], '--freezer: "Auto" is not one of: auto, none'],
    [[...POD, '--include', 'environ'], '--include: "environ" is not one of: cmdline'],
    [[...POD, '--name', 'a/b'], `"a/b" cannot be the name of an object: ${NAME_RULE}`],
    [[...POD, '--', 'ls'], 'this command takes no command after --'],
  ])('%j', async (argv, message) => {
    const made = plugin();
    expect(await made.run(argv)).toBe(2);
    expect(made.stderr).toEqual([`error: ${message}`]);
    expect(made.connections).toEqual([]);
  });

  test('every option reaches the Checkpoint, and nothing else is set', async () => {
    const made = plugin();
    const bounds = ['--max-pause', '20ms', '--timeout', '5s', '--starting-deadline', '1m'];
    const how = ['-c', 'app', '--dry-run', '--freezer', 'none', '--include', 'cmdline'];
    expect(await made.run([...POD, ...bounds, ...how, '-o', 'name'])).toBe(0);
    expect(made.script.calls[0]?.body).toEqual({
      metadata: { namespace: 'shop', name: NAME },
      spec: {
        podName: 'web-0',
        maxPauseMilliseconds: 20,
        timeoutSeconds: 5,
        startingDeadlineSeconds: 60,
        containers: ['app'],
        dryRun: true,
        freezer: 'None',
        include: ['Cmdline'],
      },
    });
    expect(await plugin().run([...POD, '-o', 'name'])).toBe(0);
  });
});

describe('kubectl stasis checkpoint: the result', () => {
  test('-o name', async () => {
    const made = plugin();
    expect(await made.run([...POD, '-o', 'name'])).toBe(0);
    expect(made.stdout).toBe(`checkpoint.stasis.dev/${NAME}\n`);
    expect(made.stderr).toEqual([]);
    expect(made.progress).toEqual([`${NAME}: Pending`, `${NAME}: Captured on node-2`]);
    expect(made.script.log).toEqual([`create checkpoints ${NAME}`, 'watch checkpoints']);
    expect(made.closed).toBe(1);
  });

  test('a terminal counts the seconds', async () => {
    const made = new FakePlugin({ redraws: true });
    made.script.onCreated = () => made.later(2_500, () => end(made, true));
    expect(await made.run([...POD, '-o', 'name'])).toBe(0);
    expect(made.progress).toEqual([
      `${NAME}: Pending`,
      `${NAME}: Pending (1s)`,
      `${NAME}: Pending (2s)`,
      `${NAME}: Captured on node-2`,
    ]);
  });

  test.each(['json', 'yaml'])('-o %s prints the Checkpoint', async (output) => {
    const made = plugin();
    expect(await made.run([...POD, '-o', output])).toBe(0);
    expect(made.stdout).toContain('Checkpoint');
    expect(made.stdout).toContain(NAME);
  });

  test('the tree is that of the PodCapture', async () => {
    const made = plugin();
    expect(await made.run(POD)).toBe(0);
    expect(made.stdout).toContain('Captured');
    expect(made.script.log.at(-1)).toBe('get podcaptures capture-1');
  });

  test.each(['tree', 'json', 'name'])('a failure is status 1, told after the result (-o %s)', async (output) => {
    const made = plugin(false);
    expect(await made.run([...POD, '-o', output])).toBe(1);
    expect(made.stdout).not.toBe('');
    expect(made.stderr).toEqual(['error: FreezeTimeout: the message; see: kubectl stasis explain FreezeTimeout']);
  });

  test('a Checkpoint that was refused has no tree', async () => {
    const made = new FakePlugin();
    made.script.onCreated = () =>
      made.later(10, () =>
        made.report(NAME, [
          ['Succeeded', 'False', 'PodNotFound', 'no such pod'],
          ['Finished', 'True', 'PodNotFound'],
        ]),
      );
    expect(await made.run(POD)).toBe(1);
    expect([made.stdout, made.stderr]).toEqual([
      '',
      ['error: PodNotFound: no such pod; see: kubectl get pods -n shop'],
    ]);
  });

  test('a tree that may not be read does not make the capture fail', async () => {
    const made = plugin();
    made.script.fate = (call) => (call.plural === 'podcaptures' ? forbidden(call) : undefined);
    expect(await made.run(POD)).toBe(0);
    expect(made.stderr).toEqual([
      expect.stringContaining('the tree cannot be shown: you may not get podcaptures.stasis.dev'),
    ]);
  });

  test('a standard output that cannot be written is status 1; a reader that has gone is none of it', async () => {
    const full = plugin();
    full.stdoutFails = 'ENOSPC: no space left on device';
    expect(await full.run([...POD, '-o', 'name'])).toBe(1);
    expect(full.stderr).toEqual(['error: the standard output cannot be written: ENOSPC: no space left on device']);
    const gone = plugin();
    gone.stdoutFails = 'EPIPE: broken pipe';
    expect(await gone.run([...POD, '-o', 'name'])).toBe(0);
    expect(gone.stderr).toEqual([]);
  });
});

describe('kubectl stasis checkpoint: without an end', () => {
  test('Ctrl-C leaves the Checkpoint, and says how to see it', async () => {
    const made = new FakePlugin();
    made.later(500, () => made.signal('SIGINT'));
    expect(await made.run([...POD, '-n', 'team'])).toBe(130);
    expect(made.stderr).toEqual([`Checkpoint ${NAME} goes on; to see it: kubectl stasis tree ${NAME} -n team`]);
    expect(made.script.log).not.toContain(`patch checkpoints ${NAME}`);
  });

  test('a Checkpoint that is deleted', async () => {
    const made = new FakePlugin();
    made.later(500, () => made.model.drop(CHECKPOINTS, 'shop', NAME));
    expect(await made.run(POD)).toBe(1);
    expect(made.stderr).toEqual([`error: Checkpoint ${NAME} was deleted before it had ended; the pod is let go`]);
  });

  test('a server that is lost', async () => {
    const made = new FakePlugin();
    made.script.fate = ({ verb }) => (verb === 'create' ? undefined : UNREACHABLE);
    expect(await made.run(POD)).toBe(1);
    expect(made.progress).toEqual([`${NAME}: Pending`, `${NAME}: no answer from api.example.com:6443; trying again`]);
    expect(made.stderr).toEqual([
      `error: the API server at api.example.com:6443 cannot be reached (connect ECONNREFUSED 203.0.113.7:6443); see: kubectl cluster-info; Checkpoint ${NAME} goes on, and to see it later: kubectl stasis tree ${NAME} -n shop`,
    ]);
  });

  test('a server that comes back is told by the state, also where nothing has changed', async () => {
    const made = new FakePlugin();
    made.script.onCreated = () => made.later(60_000, () => end(made, true));
    made.script.fate = ({ verb }) => (verb !== 'create' && made.clock.monotonic() < 11_000 ? UNREACHABLE : undefined);
    expect(await made.run([...POD, '-o', 'name'])).toBe(0);
    expect(made.progress).toEqual([
      `${NAME}: Pending`,
      `${NAME}: no answer from api.example.com:6443; trying again`,
      `${NAME}: Pending`,
      `${NAME}: Captured on node-2`,
    ]);
  });

  test('no connection', async () => {
    const made = plugin();
    made.connectFails = 'there is no kubeconfig';
    expect(await made.run(POD)).toBe(1);
    expect(made.stderr).toEqual(['error: there is no kubeconfig']);
  });

  test.each([
    [
      'a refusal',
      refusal(403, 'Forbidden', 'checkpoints.stasis.dev "w" is forbidden: exceeded quota: q'),
      'exceeded quota: q',
    ],
    [
      'an older Stasis',
      refusal(400, 'BadRequest', 'strict decoding error: unknown field "spec.maxPauseMilliseconds"'),
      'is older than this plugin',
    ],
    ['an error of the server', refusal(500, 'InternalError', 'etcd has no leader'), 'etcd has no leader'],
  ])('%s', async (_, error, words) => {
    const made = plugin();
    made.script.fate = ({ verb }) => (verb === 'create' ? error : undefined);
    expect(await made.run(POD)).toBe(1);
    expect(made.stderr).toHaveLength(1);
    expect(made.stderr[0]).toContain(words);
    expect(made.stderr[0]).toMatch(/^error: /);
  });

  test('a long name of a pod is cut to the name of a label, and still is one', async () => {
    const made = new FakePlugin();
    made.later(100, () => made.signal());
    await made.run(['checkpoint', `pod/${'a'.repeat(56)}.b${'c'.repeat(100)}`]);
    expect(made.script.calls[0]?.name).toBe(`${'a'.repeat(56)}-x7k1p`);
  });
});
