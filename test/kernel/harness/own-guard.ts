/** Starts a guard for the captures that a test or a measurement makes in its own process. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { openLibc } from '../../../src/native/libc.js';
import { BUILT_GUARD, startOwnGuard, type OwnGuard } from '../../../src/node-agent/tracer/own-guard.js';

/** A folder that is a tmpfs on every Linux. A journal belongs on a tmpfs. */
const MEMORY = '/dev/shm';

/** Makes a folder for a journal. The caller removes the folder. */
export function journalFolder(): string {
  return mkdtempSync(join(existsSync(MEMORY) ? MEMORY : tmpdir(), 'stasis-guard-'));
}

/** Starts a guard with its journal in a folder of its own. A scratch folder would be removed after the first test. */
export async function ownGuard(): Promise<OwnGuard & { readonly state: string }> {
  const state = journalFolder();
  const removeState = (): void => rmSync(state, { recursive: true, force: true });
  const started = await startOwnGuard(openLibc(), { program: BUILT_GUARD, state, ownFreezer: undefined });
  if (!started.ok) {
    removeState();
    throw new Error(started.failure.message);
  }
  const { guard } = started;
  const close = (): void => {
    guard.close();
    removeState();
  };
  return { ...guard, state, close };
}
