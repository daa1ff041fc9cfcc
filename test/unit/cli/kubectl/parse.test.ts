import { describe, expect, test } from '@jest/globals';
import { COMMANDS } from '../../../../src/cli/kubectl/commands.js';
import type { PluginCommand } from '../../../../src/cli/kubectl/command.js';
import { parsePlugin } from '../../../../src/cli/kubectl/parse.js';

/** A command that tells what it was given by its exit status and the words after `--`. */
function spy(takesCommand: boolean, seen: (readonly string[] | undefined)[]): PluginCommand {
  return {
    ...(takesCommand ? { takesCommand: true } : {}),
    add: (program, choose, after) => {
      program
        .command('spy')
        .option('--bad')
        .action((raw: { bad?: true }) => {
          seen.push(after);
          if (raw.bad === true) choose({ ok: false, message: 'bad' });
          else choose({ ok: true, run: async () => await Promise.resolve(42) });
        });
    },
  };
}

const parse = (argv: readonly string[], takesCommand = true, seen: (readonly string[] | undefined)[] = []) =>
  parsePlugin(argv, '1.2.3', [spy(takesCommand, seen)]);

describe('parsePlugin()', () => {
  test('a command is found, and carried out later', async () => {
    const parsed = parse(['spy']);
    expect(parsed.kind).toBe('run');
    expect(parsed.kind === 'run' && (await parsed.run(undefined as never))).toBe(42);
  });

  test.each([
    [['spy'], undefined],
    [['spy', '--'], []],
    [
      ['spy', '--', 'ls', '--help', '--', '-x'],
      ['ls', '--help', '--', '-x'],
    ],
  ])('%j: the words after the first -- are kept as they are', (argv, expected) => {
    const seen: (readonly string[] | undefined)[] = [];
    expect(parse(argv, true, seen).kind).toBe('run');
    expect(seen).toEqual([expected]);
  });

  test('a command that takes none refuses words after --', () => {
    const message = 'this command takes no command after --';
    expect(parse(['spy', '--', 'ls'], false)).toEqual({ kind: 'usage-error', message });
  });

  test.each([
    [['spy', '--bad'], 'bad'],
    [['spy', '--worse'], 'unknown option "--worse"'],
    [['spy', '--bad=server'], '--bad takes no value'],
    [['spy', '--worse=server'], 'unknown option "--worse=server"'],
    [['spx'], 'unknown command "spx" (did you mean spy?)'],
    [['spx', '--help'], 'unknown command "spx" (did you mean spy?)'],
    [['help', 'spx'], 'unknown command "spx" (did you mean spy?)'],
    [['help', 'nothing'], 'unknown command "nothing"; see: kubectl stasis --help'],
    [['pause', 'pod/web-0', '--help'], 'unknown command "pause"; see: kubectl stasis help hold'],
  ])('%j is a usage error', (argv, message) => {
    expect(parse(argv)).toEqual({ kind: 'usage-error', message });
  });

  test.each([[[]], [['--help']], [['-h']], [['help']], [['help', 'help']]])('%j prints the help', (argv) => {
    const parsed = parse(argv);
    expect(parsed).toEqual({ kind: 'help', text: expect.stringContaining('Usage: kubectl stasis') });
  });

  test.each(['--version', '-V'])('%s prints the version', (option) => {
    expect(parse([option])).toEqual({ kind: 'version', text: '1.2.3\n' });
  });

  test('the help of every command has examples, and fits into 80 columns', () => {
    for (const name of ['checkpoint', 'hold', 'release', 'tree']) {
      const parsed = parsePlugin([name, '--help'], '1.2.3', COMMANDS);
      const text = parsed.kind === 'help' ? parsed.text : '';
      expect(text).toContain('\nExamples:\n');
      expect(text.split('\n').filter((line) => line.length > 80)).toEqual([]);
    }
  });
});
