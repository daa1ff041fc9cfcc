import { describe, expect, test } from '@jest/globals';
import { parseArguments } from '../../../src/cli/arguments.js';

const REQUIRED = ['uninstall', '--controller', 'c', '--controller-pods', 'a=b', '--agent-account', 's'];
const OPTIONS = { controller: 'c', controllerPods: 'a=b', agentAccount: 's', waitSeconds: 30 };

describe('parseArguments()', () => {
  test.each([
    ['the required options', [], {}],
    ['a namespace', ['--namespace', 'n'], { namespace: 'n' }],
    ['a kubeconfig', ['--kubeconfig=f'], { kubeconfig: 'f' }],
    [
      'the mark of an installer',
      ['--installed-by=meta.helm.sh/release-name=a=b'],
      { installedBy: { annotation: 'meta.helm.sh/release-name', value: 'a=b' } },
    ],
    ['a mark without value', ['--installed-by', 'x/y'], { installedBy: { annotation: 'x/y' } }],
    ['the Job that runs it', ['--own-job=j'], { ownJob: 'j' }],
    ['a waiting time', ['--wait-seconds', '600'], { waitSeconds: 600 }],
  ])('parseArguments() takes uninstall with %s', (_, more, options) => {
    const expected = { kind: 'uninstall', options: { ...OPTIONS, ...options } };
    expect(parseArguments([...REQUIRED, ...more], '1')).toEqual(expected);
  });

  test.each([
    ['no Deployment', ['uninstall'], '--controller: the value is missing'],
    ['no selector', REQUIRED.slice(0, 3), '--controller-pods: the value is missing'],
    // The list of pods for an empty selector would contain every pod of the namespace, and the uninstall would wait for
    // the agents too.
    ['an empty selector', [...REQUIRED, '--controller-pods='], '--controller-pods: the value is missing'],
    ['no account', REQUIRED.slice(0, 5), '--agent-account: the value is missing'],
    ['no time', [...REQUIRED, '--wait-seconds', '0'], '--wait-seconds: "0" is not a whole number from 1 to 600'],
    [
      'too much time',
      [...REQUIRED, '--wait-seconds', '601'],
      '--wait-seconds: "601" is not a whole number from 1 to 600',
    ],
    ['an invalid namespace', [...REQUIRED, '--namespace', '-'], '"-" is no name of a namespace'],
    ['an empty mark', [...REQUIRED, '--installed-by='], '--installed-by: the value is missing'],
    ['a mark without name', [...REQUIRED, '--installed-by==x'], '--installed-by: the value is missing'],
    ['an empty Job', [...REQUIRED, '--own-job='], '--own-job: the value is missing'],
    ['an operand', [...REQUIRED, 'now'], 'unexpected argument "now"'],
    ['an unknown option', [...REQUIRED, '--force'], 'unknown option "--force"'],
  ])('parseArguments() refuses uninstall with %s', (_, argv, message) => {
    expect(parseArguments(argv, '1')).toEqual({ kind: 'usage-error', message });
  });
});
