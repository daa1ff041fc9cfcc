/** Starts programs of this machine, which share the standard streams and the process group of the plugin. */
import { spawn } from 'node:child_process';
import { constants as files } from 'node:fs';
import { access, open, stat } from 'node:fs/promises';
import { constants } from 'node:os';
import { delimiter, join } from 'node:path';
import type { LocalCommand, LocalEnd, Programs, Running } from './programs.js';

type Unstarted = Extract<LocalEnd, { kind: 'unstarted' }>;

/** The terminal of a process is open to it under this name, also where its streams are files. */
const TERMINAL = '/dev/tty';

export function localPrograms(environment: Readonly<Record<string, string | undefined>>): Programs {
  return {
    hasTerminal,
    check: async (file) => await checkProgram(file, environment['PATH'] ?? ''),
    start: (command) => startProgram(command, environment),
  };
}

async function hasTerminal(): Promise<boolean> {
  try {
    await (await open(TERMINAL)).close();
    return true;
  } catch {
    return false;
  }
}

/** Looks for the program as execvp(3) does: in the folders of PATH, unless its name has a slash. */
export async function checkProgram(file: string, path: string): Promise<Unstarted | undefined> {
  const candidates = file.includes('/') ? [file] : path.split(delimiter).map((folder) => join(folder || '.', file));
  let refused: Unstarted | undefined;
  for (const candidate of candidates) {
    try {
      if (!(await stat(candidate)).isFile()) throw Object.assign(new Error('it is no file'), { code: 'EACCES' });
      await access(candidate, files.X_OK);
      return undefined;
    } catch (error) {
      if (!isMissing(error)) refused ??= unstarted(file, error);
    }
  }
  return refused ?? { kind: 'unstarted', missing: true, message: `${file}: command not found` };
}

export function startProgram(
  { file, arguments: words, environment }: LocalCommand,
  inherited: Readonly<Record<string, string | undefined>>,
): Running {
  let settle: (end: LocalEnd) => void;
  const ended = new Promise<LocalEnd>((resolve) => {
    settle = resolve;
  });
  try {
    const child = spawn(file, [...words], { stdio: 'inherit', env: { ...inherited, ...environment } });
    child.on('error', (error) => {
      // An error of kill(2) comes here as well, each time, and says nothing about the start.
      if (child.pid === undefined) settle(unstarted(file, error));
    });
    child.once('exit', (status, signal) => settle(endOf(status, signal)));
    return {
      ended,
      send: (signal) => void child.kill(signal as NodeJS.Signals),
      leave: () => child.unref(),
    };
  } catch (error) {
    // Node throws where an argument has a NUL character, for instance.
    return { ended: Promise.resolve(unstarted(file, error)), send: () => undefined, leave: () => undefined };
  }
}

function endOf(status: number | null, signal: NodeJS.Signals | null): LocalEnd {
  if (signal !== null) return { kind: 'killed', signal, number: constants.signals[signal] };
  return { kind: 'exited', status: status ?? 1 };
}

function unstarted(file: string, error: unknown): Unstarted {
  const missing = isMissing(error);
  const why = (error as Error).message;
  return { kind: 'unstarted', missing, message: missing ? `${file}: command not found` : `${file}: ${why}` };
}

function isMissing(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ENOTDIR';
}
