import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseArguments } from '../../../src/cli/arguments.js';
import type { ParsedArguments } from '../../../src/cli/arguments.js';
import type { CheckpointOptions } from '../../../src/cli/checkpoint-arguments.js';

const VERSION = '1.2.3';
const UID = '0f8fad5b-d9cb-469f-a165-70867728950e';

const defaults: CheckpointOptions = {
  target: { kind: 'pid', pid: 4711 },
  freezer: 'auto',
  timeoutMicroseconds: 10_000_000,
  holdMicroseconds: 0,
  repeat: 1,
  dryRun: false,
  include: [],
  output: 'tree',
  state: '/run/stasis',
};

/** The arguments after `stasis checkpoint --pid 4711`. */
function checkpoint(...more: string[]): ParsedArguments {
  return parseArguments(['checkpoint', '--pid', '4711', ...more], VERSION);
}

function messageOf(parsed: ParsedArguments): string {
  return parsed.kind === 'usage-error' ? parsed.message : `not a usage error: ${parsed.kind}`;
}

describe('parseArguments()', () => {
  test.each([
    ['nothing more', [], {}],
    ['--freezer none', ['--freezer', 'none'], { freezer: 'none' }],
    ['--timeout', ['--timeout=250ms'], { timeoutMicroseconds: 250_000 }],
    ['--hold', ['--hold', '1h'], { holdMicroseconds: 3_600_000_000 }],
    ['--max-pause', ['--max-pause', '40ms'], { maxPauseMicroseconds: 40_000 }],
    [
      'a hold that is longer than the budget, of which it is no part',
      ['--hold', '2s', '--max-pause', '1s'],
      { holdMicroseconds: 2_000_000, maxPauseMicroseconds: 1_000_000 },
    ],
    ['--repeat', ['--repeat', '100000'], { repeat: 100_000 }],
    ['--include', ['--include', 'cmdline'], { include: ['cmdline'] }],
    ['--include twice', ['--include', 'cmdline', '--include', 'cmdline,cmdline'], { include: ['cmdline'] }],
    ['-o json', ['-o', 'json'], { output: 'json' }],
    ['-oyaml', ['-oyaml'], { output: 'yaml' }],
    ['--output twice, where the last one counts', ['--output', 'json', '-o', 'tree'], { output: 'tree' }],
    ['--dry-run', ['--dry-run'], { dryRun: true }],
    [
      '--dry-run, which cancels hold, repeat and include',
      ['--hold', '5s', '--repeat', '9', '--include', 'cmdline', '--dry-run'],
      { dryRun: true },
    ],
  ] satisfies [string, string[], Partial<CheckpointOptions>][])('parseArguments() takes %s', (_, more, options) => {
    expect(checkpoint(...more)).toEqual({ kind: 'checkpoint', options: { ...defaults, ...options } });
  });

  test.each([
    [['--cgroup', '/sys/fs/cgroup/x'], { kind: 'cgroup', directory: '/sys/fs/cgroup/x' }],
    [['--cgroup', 'x y/\u00e9'], { kind: 'cgroup', directory: 'x y/\u00e9' }],
    [['--pid', '1'], { kind: 'pid', pid: 1 }],
    [['--pod', UID], { kind: 'pod', uid: UID }],
    [['--pod', UID.toUpperCase()], { kind: 'pod', uid: UID }],
    [['--pod', 'd41d8cd98f00b204e9800998ecf8427e'], { kind: 'pod', uid: 'd41d8cd98f00b204e9800998ecf8427e' }],
  ])('parseArguments() takes the target %j', (argv, target) => {
    const expected = { kind: 'checkpoint', options: { ...defaults, target } };
    expect(parseArguments(['checkpoint', ...argv], VERSION)).toEqual(expected);
  });

  test.each([
    [['--pid', '0'], '--pid: "0" is not a whole number from 1 to 4194304'],
    [['--pid', '4194305'], '--pid: "4194305" is not a whole number from 1 to 4194304'],
    [['--pid', '1e3'], '--pid: "1e3" is not a whole number from 1 to 4194304'],
    [['--pid', ''], '--pid: "" is not a whole number from 1 to 4194304'],
    [['--cgroup', ''], '--cgroup: "" is not a directory'],
    [['--cgroup', '--dry-run'], '--cgroup: "--dry-run" is not a directory'],
    [['--cgroup', 'a\0b'], '--cgroup: "a\\x00b" is not a directory'],
    [
      ['--pod', '../..'],
      `--pod: "../.." is not a pod's UID; kubectl get pod NAME -o jsonpath={.metadata.uid} prints it`,
    ],
    [[], 'nothing to hold: give one of --cgroup DIR, --pid PID or --pod UID'],
    [
      ['--pid', '7', '--cgroup', 'x'],
      '--cgroup "x" and --pid "7": only one of --cgroup, --pid and --pod can be held, and only one of it',
    ],
    [
      ['--pid', '7', '--pid', '8'],
      '--pid "7" and --pid "8": only one of --cgroup, --pid and --pod can be held, and only one of it',
    ],
  ])('parseArguments() refuses the target %j', (argv, message) => {
    expect(parseArguments(['checkpoint', ...argv], VERSION)).toEqual({ kind: 'usage-error', message });
  });

  test.each([
    [['--timeout', '10 parsecs'], '--timeout: "10 parsecs" is not a duration such as 10s or 250ms'],
    [['--timeout', '10'], '--timeout: "10" has no unit; write 10s or 250ms'],
    [['--timeout', '-1s'], '--timeout: "-1s" is negative'],
    [['--timeout', '0'], '--timeout: "0" is no time at all'],
    [['--timeout', '25h'], '--timeout: "25h" is longer than 24h'],
    [['--timeout'], '--timeout <duration>: the value is missing'],
    [['--timeout', '--dry-run'], '--timeout: "--dry-run" is not a duration such as 10s or 250ms'],
    [['--hold', '61m'], '--hold: "61m" is longer than 1h'],
    [['--max-pause', '0s'], '--max-pause: "0s" is no time at all'],
    [['--repeat', '0'], '--repeat: "0" is not a whole number from 1 to 100000'],
    [['--repeat', '100001'], '--repeat: "100001" is not a whole number from 1 to 100000'],
    [['--repeat', 'NaN'], '--repeat: "NaN" is not a whole number from 1 to 100000'],
    [['--freezer', 'v3'], '--freezer: "v3" is not one of: auto, none'],
    [['--include', 'cmdline,environ'], '--include: "environ" is not one of: cmdline'],
    [['--include', ''], '--include: "" is not one of: cmdline'],
    [['-o', 'xml'], '--output: "xml" is not one of: tree, json, yaml'],
    [['-o'], '-o, --output <format>: the value is missing'],
    [['--dry-run=yes'], 'unknown option "--dry-run=yes"'],
    [['--holt', '1s'], 'unknown option "--holt" (did you mean --hold?)'],
    [['--\u001b[31m\n'], 'unknown option "--\\x1b[31m\\n"'],
    [['extra\u0007', 'more'], 'unexpected argument "extra\\x07"'],
    [['--', '--dry-run'], 'unexpected argument "--dry-run"'],
  ])('parseArguments() refuses %j in one line', (more, message) => {
    expect(checkpoint(...more)).toEqual({ kind: 'usage-error', message });
  });

  test.each([
    [['chekpoint'], 'unknown command "chekpoint" (did you mean checkpoint?)'],
    [['help', 'thaw\n'], 'unknown command "thaw\\n"'],
    [['--pid', '3'], 'unknown option "--pid"'],
    [['--'], 'no command was given'],
    [[''], 'unknown command ""'],
  ])('parseArguments() refuses %j as a command', (argv, message) => {
    expect(messageOf(parseArguments(argv, VERSION))).toBe(message);
  });

  test.each([[['--version']], [['-V']]])('parseArguments() prints the version for %j', (argv) => {
    expect(parseArguments(argv, VERSION)).toEqual({ kind: 'version', text: '1.2.3\n' });
  });

  test.each([[[]], [['--help']], [['-h']], [['help']]])(
    'parseArguments() prints the list of commands for %j',
    (argv) => {
      const parsed = parseArguments(argv, VERSION);
      expect(parsed).toMatchObject({ kind: 'help' });
      expect(parsed.kind === 'help' ? parsed.text : '').toMatch(/^Usage: stasis [^]*\n {2}checkpoint [^]*\n$/);
    },
  );

  test.each([[['checkpoint', '--help']], [['checkpoint', '--pid', 'x', '-h']], [['help', 'checkpoint']]])(
    'parseArguments() prints every option, the exit statuses and examples for %j',
    (argv) => {
      const parsed = parseArguments(argv, VERSION);
      const text = parsed.kind === 'help' ? parsed.text : '';
      for (const option of [
        'cgroup',
        'pid',
        'pod',
        'freezer',
        'timeout',
        'hold',
        'max-pause',
        'repeat',
        'dry-run',
        'include',
        'output',
      ]) {
        expect(text).toContain(` --${option} `);
      }
      expect(text).toContain('\nExit status:\n');
      expect(text).toContain('\nExamples:\n');
    },
  );

  test('parseArguments() never throws, and reports unusable arguments in one short line without control characters', () => {
    const words = fc.oneof(
      fc.constantFrom(
        'checkpoint',
        'help',
        '--pid',
        '--pod',
        '--cgroup',
        '--hold',
        '--include',
        '-o',
        '-h',
        '-V',
        '--',
        '-',
        '7',
      ),
      fc.constantFrom(
        '__proto__',
        'constructor',
        '--__proto__',
        '--no-dry-run',
        '--pid=',
        '-o=',
        '--\n(Did you mean \u001b?)',
      ),
      fc.string({ unit: 'binary' }),
      fc.string({ unit: 'binary' }).map((text) => `--${text}`),
    );
    fc.assert(
      fc.property(fc.array(words, { maxLength: 8 }), fc.boolean(), (argv, named) => {
        const parsed = parseArguments(named ? ['checkpoint', ...argv] : argv, VERSION);
        if (parsed.kind !== 'usage-error') return;
        expect(parsed.message).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u);
        expect(parsed.message.length).toBeGreaterThan(0);
        expect(parsed.message.length).toBeLessThan(400);
      }),
      { numRuns: 500 },
    );
  });
});
