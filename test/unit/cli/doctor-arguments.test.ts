import { describe, expect, test } from '@jest/globals';
import { parseArguments, type ParsedArguments } from '../../../src/cli/arguments.js';
import { STATE_FOLDERS } from '../../../src/cli/doctor-arguments.js';

const defaults = { thaw: false, all: false, rehearsal: true, states: STATE_FOLDERS, output: 'text' };

function doctor(...args: string[]): ParsedArguments {
  return parseArguments(['doctor', ...args], '1.2.3');
}

describe('stasis doctor', () => {
  test.each([
    ['nothing', [], {}],
    ['--thaw', ['--thaw'], { thaw: true }],
    ['--all', ['--all'], { all: true }],
    ['--no-rehearsal', ['--no-rehearsal'], { rehearsal: false }],
    ['--cgroup-root', ['--cgroup-root', '/host/sys/fs/cgroup'], { cgroupRoot: '/host/sys/fs/cgroup' }],
    ['--state', ['--state=/tmp/state'], { states: ['/tmp/state'] }],
    ['-o json', ['-o', 'json'], { output: 'json' }],
  ])('takes %s', (_, args, change) => {
    expect(doctor(...args)).toEqual({ kind: 'doctor', options: { ...defaults, ...change } });
  });

  test.each([
    ['an operand', ['web'], 'unexpected argument "web"'],
    ['an unknown output format', ['-o', 'yaml'], '--output: "yaml" is not one of: text, json'],
    ['an empty root', ['--cgroup-root', ''], '--cgroup-root: the value is missing'],
    ['an empty state folder', ['--state='], '--state: the value is missing'],
  ])('refuses %s', (_, args, message) => {
    expect(doctor(...args)).toEqual({ kind: 'usage-error', message });
  });
});
