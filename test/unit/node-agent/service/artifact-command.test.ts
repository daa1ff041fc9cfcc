import { spawnSync } from 'node:child_process';
import { describe, expect, test } from '@jest/globals';
import { artifactCommand, DEFAULT_ARTIFACTS } from '../../../../src/node-agent/service/artifact-command.js';
import { uid } from './fixtures.js';

const PLACE = { namespace: 'stasis-system', nodeName: 'node-1', folder: DEFAULT_ARTIFACTS };
const POD =
  "kubectl get pod -n stasis-system -l app.kubernetes.io/name=stasis,app.kubernetes.io/component=node-agent --field-selector spec.nodeName=node-1,status.phase=Running -o jsonpath='{.items[0].metadata.name}'";

/** What follows the UID in the command. */
function endOf(folder: string): string {
  return artifactCommand({ ...PLACE, folder }, uid(1)).split(uid(1))[1] ?? '';
}

/** A kubectl that prints its arguments, one a line, to stderr, and names two pods as `-o name` would: in two words. */
const KUBECTL = `kubectl() { printf '%s\\n' "$@" >&2; if [ "$1" = get ]; then echo 'one two'; fi; }`;

/** Runs the command in a shell, and returns the arguments of both calls of kubectl. */
function argumentsOf(command: string): string[] {
  const { stderr, status } = spawnSync('sh', ['-c', `${KUBECTL}\n${command}`], { encoding: 'utf8' });
  expect(status).toBe(0);
  return stderr.trimEnd().split('\n');
}

describe('artifactCommand()', () => {
  test('finds one running agent of the node, and prints the artifact in its container', () => {
    expect(artifactCommand(PLACE, uid(1))).toBe(
      `kubectl exec -n stasis-system "$(${POD})" -c node-agent -- stasis artifact ${uid(1)}`,
    );
  });

  test('names another folder, quoted for a shell where it must be, and never exceeds the schema', () => {
    expect([endOf('/data/stasis'), endOf("/a b'c")]).toEqual([
      ' --artifacts /data/stasis',
      " --artifacts '/a b'\\''c'",
    ]);
    const long = { namespace: 'n'.repeat(63), nodeName: 'x'.repeat(253), folder: `/${'d'.repeat(2000)}` };
    expect(artifactCommand(long, uid(1))).toContain('kubectl exec');
    const quotes = { ...long, nodeName: "'".repeat(253) };
    for (const place of [long, quotes]) expect(artifactCommand(place, uid(1)).length).toBeLessThanOrEqual(1024);
  });

  test.each(['plain', "it's", 'a b', '$(id)', '`id`', '"', '\\', '*', ';id', '&', ''])(
    'gives a shell each name as one word: %p',
    (name) => {
      const place = { namespace: name, nodeName: name, folder: `/${name}` };
      const labels = 'app.kubernetes.io/name=stasis,app.kubernetes.io/component=node-agent';
      const fields = `spec.nodeName=${name},status.phase=Running`;
      const get = ['get', 'pod', '-n', name, '-l', labels, '--field-selector', fields, '-o'];
      const exec = ['exec', '-n', name, 'one two', '-c', 'node-agent', '--', 'stasis', 'artifact', uid(1)];
      expect(argumentsOf(artifactCommand(place, uid(1)))).toEqual([
        ...get,
        'jsonpath={.items[0].metadata.name}',
        ...exec,
        '--artifacts',
        `/${name}`,
      ]);
    },
  );
});
