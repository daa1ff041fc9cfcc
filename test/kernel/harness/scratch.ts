import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { onCleanup } from './cleanup.js';

/**
 * Makes a directory for the files of one test, in memory where possible. The write-back of a mapped file on a disk would make
 * the heartbeat miss beats.
 */
export function scratchDirectory(): string {
  const directory = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'stasis-test-'));
  onCleanup({ what: directory, undo: () => rmSync(directory, { recursive: true, force: true }) });
  return directory;
}
