/** Tests the texts of an exec, by value. */
import { describe, expect, test } from '@jest/globals';
import { execPath, parseExecStatus } from '../../../src/kube/exec-protocol.js';

describe('execPath()', () => {
  test('repeats the words of the command, each escaped', () => {
    const target = { namespace: 'stasis-system', pod: 'agent-x', container: 'node-agent', command: ['echo', 'a&b c'] };
    expect(execPath(target)).toBe(
      '/api/v1/namespaces/stasis-system/pods/agent-x/exec?container=node-agent&stdout=true&stderr=true&command=echo&command=a%26b%20c',
    );
  });

  test('is undefined for a name that would lead elsewhere', () => {
    expect(execPath({ namespace: 'a', pod: '..', container: 'c', command: ['true'] })).toBeUndefined();
  });
});

describe('parseExecStatus()', () => {
  test.each([
    ['{"status":"Success"}', { kind: 'exited', status: 0 }],
    [
      '{"status":"Failure","reason":"NonZeroExitCode","message":"x","details":{"causes":[{"reason":"ExitCode","message":"7"}]}}',
      { kind: 'exited', status: 7 },
    ],
    [
      '{"status":"Failure","reason":"InternalError","message":"no such\\nfile","code":500}',
      { kind: 'failed', code: 500, message: 'no such file' },
    ],
    [
      // An exit status that nobody can read is no success.
      '{"status":"Failure","reason":"NonZeroExitCode","message":"m","details":{"causes":[{"reason":"ExitCode","message":"x"}]}}',
      { kind: 'failed', message: 'm' },
    ],
    ['{}', { kind: 'failed', message: 'the command failed, and the server does not say why' }],
    ['{"status":"Succ', undefined],
    ['', undefined],
  ])('of %s', (text, end) => {
    expect(parseExecStatus(text)).toEqual(end);
  });
});
