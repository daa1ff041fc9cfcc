/** Runs the commands of a document one after the other in one shell, as a reader would. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Command } from './session.js';

export interface Place {
  /** The commands run here. */
  readonly folder: string;
  /** The shell keeps its notes here: each command, what it printed, and how it ended. */
  readonly notes: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The longest time for all commands together. */
  readonly seconds: number;
}

export interface Ran {
  readonly command: Command;
  /** Undefined: the command did not end. */
  readonly status: number | undefined;
  /** Standard output and standard error, as a terminal shows them. */
  readonly output: string;
}

/**
 * A command is read from its file, so that a mistake in it ends the shell there and not before. The shell stops after a
 * command that fails.
 */
const SCRIPT = `at=0
while [ -e "$NOTES/$at.command" ]; do
  eval "$(cat "$NOTES/$at.command")" > "$NOTES/$at.output" 2>&1 < /dev/null
  status=$?
  echo "$status" > "$NOTES/$at.status"
  [ "$status" = 0 ] || exit 0
  at=$((at + 1))
done
`;

/** Runs the commands until one fails, and returns those that ran. */
export async function runCommands(commands: readonly Command[], place: Place): Promise<Ran[]> {
  const { notes } = place;
  mkdirSync(notes, { recursive: true });
  for (const [at, { text }] of commands.entries()) writeFileSync(join(notes, `${at}.command`), text);
  const shell = spawn('sh', ['-c', SCRIPT], {
    cwd: place.folder,
    env: { ...place.env, NOTES: notes },
    stdio: 'ignore',
    detached: true,
  });
  const timer = setTimeout(() => {
    endGroup(shell.pid);
  }, place.seconds * 1000);
  await once(shell, 'exit');
  clearTimeout(timer);
  // Processes that a command left in the background end with the document.
  endGroup(shell.pid);
  const note = (at: number, kind: string): string | undefined => {
    const path = join(notes, `${at}.${kind}`);
    return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
  };
  return commands.flatMap((command, at) => {
    const output = note(at, 'output');
    const status = note(at, 'status');
    return output === undefined ? [] : [{ command, output, status: status === undefined ? undefined : Number(status) }];
  });
}

/** The group is one that this file has made. */
function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Nothing of the group is left.
  }
}
