/** The rules that the help of every command of the plugin keeps. */
import { describe, expect, test } from '@jest/globals';
import { COMMANDS } from '../../../../src/cli/kubectl/commands.js';
import { parsePlugin } from '../../../../src/cli/kubectl/parse.js';

function help(...argv: readonly string[]): string {
  const parsed = parsePlugin(argv, '1.2.3', COMMANDS);
  if (parsed.kind !== 'help') throw new Error(`${argv.join(' ')}: ${parsed.kind}`);
  return parsed.text;
}

const asked = parsePlugin(['__complete', ''], '1.2.3', COMMANDS);
const PROGRAM = asked.kind === 'complete' ? asked.program : undefined;
const NAMES = PROGRAM?.commands.map((command) => command.name()) ?? [];

test('the help of the plugin fits 80 columns, and has a line for every command', () => {
  const text = help('--help');
  expect(text.split('\n').filter((line) => line.length > 80)).toEqual([]);
  expect(NAMES.length).toBeGreaterThanOrEqual(COMMANDS.length);
  for (const name of NAMES) expect(text).toMatch(new RegExp(`^  ${name}\\b.* {2}\\S`, 'm'));
});

describe.each(NAMES)('the help of %s', (name) => {
  const text = help(name, '--help');
  const command = PROGRAM?.commands.find((each) => each.name() === name);

  test('the help fits 80 columns', () => {
    expect(text.split('\n').filter((line) => line.length > 80)).toEqual([]);
  });

  test('the help has examples of this command', () => {
    const examples = text.split(/^Examples:$/m)[1] ?? '';
    expect(examples).toMatch(new RegExp(`^ {4}\\$ .*kubectl[ -]stasis ${name}\\b`, 'm'));
  });

  test('the help says what each option does, and hides none', () => {
    expect(command?.options.filter(({ hidden, description }) => hidden || description === '')).toEqual([]);
    for (const { long } of command?.options ?? [])
      expect(text).toMatch(new RegExp(`^  (?:-\\w, )?(?:    )?${long}\\b`, 'm'));
  });

  test('the examples use options that there are', () => {
    const lines = text.split('\n').filter((line) => new RegExp(`^ +\\$ .*stasis ${name}\\b`).test(line));
    // The words behind a pipe, or behind `--`, are another program's.
    const used = lines.flatMap((line) => line.split(/ -- | \| /)[0]?.match(/(?<= )--[\w-]+/g) ?? []);
    const known = new Set(command?.options.map(({ long }) => long));
    expect(used.filter((option) => !known.has(option))).toEqual([]);
  });
});
