/** The standard streams of the plugin, and the progress line of a terminal. */
import { clip, escapeMessage } from '../render-escape.js';
import type { RenderOptions } from '../render-line.js';
import { writeWhole } from '../write-whole.js';
import { unhinderedErrors } from './unhindered-errors.js';
import type { Terminal } from './surroundings.js';

const STDOUT = 1;
const STDERR = 2;

/** Back to the first column, and erase to the end of the line (ECMA-48, 8.3.41: EL). */
const ERASE_LINE = '\r\u001b[K';

type Write = (fd: number, text: string | Uint8Array) => Promise<string | undefined>;

export interface TerminalOptions {
  readonly output: RenderOptions;
  /** The number of columns of the standard error, where it is a terminal that can erase a line. */
  readonly redrawWidth?: number;
  /** Default: the standard streams of this process. */
  readonly write?: Write;
  /** Writes to the standard error, and waits for no reader. Default: that of unhindered-errors.ts. */
  readonly writeSoon?: Write;
}

export function openTerminal({ output, redrawWidth, write = writeWhole, ...more }: TerminalOptions): Terminal {
  let writeError: Write = write;
  let shown: string | undefined;
  const clearProgress = async (): Promise<void> => {
    if (redrawWidth !== undefined && shown !== undefined) await writeError(STDERR, ERASE_LINE);
    if (redrawWidth !== undefined) shown = undefined;
  };
  return {
    output,
    redraws: redrawWidth !== undefined,
    clearProgress,
    hurry: () => (writeError = more.writeSoon ?? unhinderedErrors()),
    print: async (text) => {
      await clearProgress();
      return await write(STDOUT, text);
    },
    say: async (line) => {
      await clearProgress();
      await writeError(STDERR, `${escapeMessage(line)}\n`);
    },
    progress: async (text) => {
      if (text === shown) return;
      shown = text;
      const escaped = escapeMessage(text);
      // A line that fills the last column wraps on some terminals, and could not be erased.
      if (redrawWidth !== undefined) await writeError(STDERR, `${ERASE_LINE}${clip(escaped, redrawWidth - 1)}`);
      else await writeError(STDERR, `${escaped}\n`);
    },
  };
}
