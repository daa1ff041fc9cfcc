/** A folder that looks like the checkout, in which the commands of documents run: what they write stays out of the checkout. */
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { REPOSITORY } from '../kernel/harness/programs.js';
import { faultsOf } from './judge.js';
import { type Command } from './session.js';
import { runCommands } from './shell.js';

export interface Checkout {
  readonly folder: string;
  /** The home of the reader. */
  readonly home: string;
  /** Runs the commands of a document, and returns what differs from it. */
  readonly tell: (document: string, commands: readonly Command[], seconds: number) => Promise<string[]>;
  readonly remove: () => void;
}

/** `programs` are folders that come first in PATH. `env` is added to the environment. */
export function openCheckout(programs: readonly string[], env: Readonly<Record<string, string>> = {}): Checkout {
  const root = mkdtempSync(join(tmpdir(), 'stasis-docs-'));
  const folder = join(root, 'stasis');
  const home = join(root, 'home');
  mkdirSync(folder);
  mkdirSync(join(home, '.local', 'bin'), { recursive: true });
  chmodSync(root, 0o755);
  for (const name of readdirSync(REPOSITORY))
    if (name !== '.git') symlinkSync(join(REPOSITORY, name), join(folder, name));
  const path = [join(home, '.local', 'bin'), ...programs, dirname(process.execPath), process.env['PATH'] ?? ''];
  let told = 0;
  return {
    folder,
    home,
    async tell(document, commands, seconds) {
      const notes = join(root, `notes-${told++}`);
      const environment = { ...process.env, ...env, HOME: home, PATH: path.join(':'), NO_COLOR: '1', COLUMNS: '120' };
      const ran = await runCommands(commands, { folder, notes, env: environment, seconds });
      return faultsOf(document, commands, ran);
    },
    remove() {
      rmSync(root, { recursive: true, force: true });
    },
  };
}
