import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { onCleanup } from './cleanup.js';

/**
 * A directory for one test's files. In memory where possible: write-back of a mapped file on a disk would make the
 * heartbeat miss beats of its own.
 */
export function scratchDirectory(): string {
  const directory = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'stasis-test-'));
  onCleanup({ what: directory, undo: () => rmSync(directory, { recursive: true, force: true }) });
  return directory;
}
