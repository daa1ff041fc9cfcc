import { describe, expect, test } from '@jest/globals';
import { artifactCommand, DEFAULT_ARTIFACTS } from '../../../../src/node-agent/service/artifact-command.js';
import { uid } from './fixtures.js';

const PLACE = { namespace: 'stasis-system', nodeName: 'node-1', folder: DEFAULT_ARTIFACTS };
const POD =
  'kubectl get pod -n stasis-system -l app.kubernetes.io/name=stasis,app.kubernetes.io/component=node-agent --field-selector spec.nodeName=node-1 -o name';

/** What follows the UID in the command. */
function endOf(folder: string): string {
  return artifactCommand({ ...PLACE, folder }, uid(1)).split(uid(1))[1] ?? '';
}

describe('artifactCommand()', () => {
  test('finds the agent of the node, and prints the artifact in its container', () => {
    expect(artifactCommand(PLACE, uid(1))).toBe(
      `kubectl exec -n stasis-system $(${POD}) -c node-agent -- stasis artifact ${uid(1)}`,
    );
  });

  test('names another folder, quoted for a shell where it must be, and never exceeds the schema', () => {
    expect([endOf('/data/stasis'), endOf("/a b'c")]).toEqual([
      ' --artifacts /data/stasis',
      " --artifacts '/a b'\\''c'",
    ]);
    const long = { namespace: 'n'.repeat(63), nodeName: 'x'.repeat(253), folder: `/${'d'.repeat(2000)}` };
    expect(artifactCommand(long, uid(1)).length).toBeLessThanOrEqual(1024);
  });
});
