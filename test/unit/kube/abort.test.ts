import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { linkAbort } from '../../../src/kube/abort.js';

const ABORT = new URL('../../../src/kube/abort.js', import.meta.url).href;

/** Links 200 signals to a signal that is a link itself, and 200 to its parent. */
const MANY = `
  const { linkAbort } = await import(${JSON.stringify(ABORT)});
  const root = new AbortController();
  const parent = linkAbort(root.signal);
  for (let i = 0; i < 200; i += 1) for (const { signal } of [parent, root]) linkAbort(signal);
`;

describe('linkAbort()', () => {
  test('follows its parent until it is disposed of', () => {
    const root = new AbortController();
    const [followed, former] = [linkAbort(root.signal), linkAbort(root.signal)];
    former.dispose();
    root.abort();
    expect([followed.signal.aborted, former.signal.aborted, linkAbort(root.signal).signal.aborted]).toEqual([
      true,
      false,
      true,
    ]);
  });

  test('lets any number of signals follow one, without a warning of Node', async () => {
    // In a process of its own: Jest's process object does not hear the warnings of Node.
    const { stderr } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', MANY]);
    expect(stderr).toBe('');
  });
});
