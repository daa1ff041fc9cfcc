/** A terminal on which the plugin says nothing, because its streams belong to somebody else. */
import type { Terminal } from './surroundings.js';

export function quietTerminal(terminal: Terminal): Terminal {
  return { ...terminal, redraws: false, say: nothing, progress: nothing, clearProgress: nothing };
}

async function nothing(): Promise<void> {
  await Promise.resolve();
}
