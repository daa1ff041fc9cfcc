import { describe, expect, test } from '@jest/globals';
import { openTerminal, type TerminalOptions } from '../../../../src/cli/kubectl/terminal.js';
import type { Terminal } from '../../../../src/cli/kubectl/surroundings.js';

const ERASE = '\r\u001b[K';

/** A terminal, and what was written to each of the two streams, in order. */
function recorded(options: Pick<TerminalOptions, 'redrawWidth'> = {}): { terminal: Terminal; written: string[] } {
  const written: string[] = [];
  const terminal = openTerminal({
    output: { color: false },
    ...options,
    write: async (fd, output) => {
      const text = Buffer.from(output).toString();
      written.push(`${fd}:${text}`);
      return await Promise.resolve(text.includes('full') ? 'ENOSPC: no space left on device' : undefined);
    },
  });
  return { terminal, written };
}

test('bytes are printed as they are', async () => {
  const { terminal, written } = recorded();
  expect(await terminal.print(Buffer.from('{"a":1}'))).toBeUndefined();
  expect(written).toEqual(['1:{"a":1}']);
});

describe('openTerminal(): a line that is drawn anew', () => {
  test('each text erases the one before; the same text is not drawn twice', async () => {
    const { terminal, written } = recorded({ redrawWidth: 80 });
    for (const text of ['one', 'one', 'two']) await terminal.progress(text);
    expect(written).toEqual([`2:${ERASE}one`, `2:${ERASE}two`]);
    expect(terminal.redraws).toBe(true);
  });

  test('a line and the result come in place of it, and it is drawn again after them', async () => {
    const { terminal, written } = recorded({ redrawWidth: 80 });
    await terminal.progress('one');
    await terminal.say('a word');
    await terminal.progress('one');
    await terminal.print('result\n');
    await terminal.clearProgress();
    expect(written).toEqual([`2:${ERASE}one`, `2:${ERASE}`, '2:a word\n', `2:${ERASE}one`, `2:${ERASE}`, '1:result\n']);
  });

  test('it never fills the last column, also with wide characters', async () => {
    const { terminal, written } = recorded({ redrawWidth: 10 });
    await terminal.progress('0123456789');
    await terminal.progress('漢字漢字漢字');
    expect(written).toEqual([`2:${ERASE}01234567…`, `2:${ERASE}漢字漢字…`]);
  });
});

describe('openTerminal(): plain lines', () => {
  test('each text is a line of its own, once in a row', async () => {
    const { terminal, written } = recorded();
    for (const text of ['one', 'one', 'two', 'one']) await terminal.progress(text);
    await terminal.clearProgress();
    await terminal.say('a word');
    await terminal.progress('one');
    expect(written).toEqual(['2:one\n', '2:two\n', '2:one\n', '2:a word\n']);
    expect(terminal.redraws).toBe(false);
  });

  test('what others have written cannot act on the terminal', async () => {
    const { terminal, written } = recorded();
    await terminal.say('a\u001b[2Jb\nc');
    await terminal.progress('a\u001b[2Jb\rc');
    expect(written).toEqual(['2:a\\x1b[2Jb\\nc\n', '2:a\\x1b[2Jb\\rc\n']);
  });

  test('print() tells why the standard output cannot be written', async () => {
    const { terminal } = recorded();
    expect(await terminal.print('full\n')).toBe('ENOSPC: no space left on device');
    expect(await terminal.print('ok\n')).toBeUndefined();
  });
});
