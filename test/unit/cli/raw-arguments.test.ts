import { describe, expect, test } from '@jest/globals';
import { rawArguments } from '../../../src/cli/raw-arguments.js';

const commandLine = Buffer.concat([
  Buffer.from('node\0--max-semi-space-size=2\0main.js\0checkpoint\0--cgroup\0/a/'),
  Buffer.from([0xff]),
  Buffer.from('é\0'),
]);

function refuse(): Uint8Array {
  throw new Error('the command line is read');
}

describe('rawArguments()', () => {
  test('returns the arguments as they are, and reads nothing, when no byte can be lost', () => {
    expect(rawArguments(['checkpoint', '--cgroup', '/é'], refuse)).toEqual(['checkpoint', '--cgroup', '/é']);
    expect(rawArguments([], refuse)).toEqual([]);
  });

  test('keeps a byte that is not UTF-8 as a lone surrogate', () => {
    const argv = ['checkpoint', '--cgroup', '/a/\ufffdé'];
    expect(rawArguments(argv, () => commandLine)).toEqual(['checkpoint', '--cgroup', '/a/\udcffé']);
  });

  test('returns the decoded arguments when the command line is shorter, as after a change of the title', () => {
    const argv = ['checkpoint', '--cgroup', '\ufffd'];
    expect(rawArguments(argv, () => Buffer.from('stasis\0'))).toEqual(argv);
  });
});
