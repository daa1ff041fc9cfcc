/** A logger for tests that do not look at the log. */
import type { Logger } from '../../src/kube/log.js';

function drop(): void {
  // On purpose.
}

/** A logger that drops every entry. */
export function silentLogger(): Logger {
  const silent: Logger = { debug: drop, info: drop, warn: drop, error: drop, with: () => silent };
  return silent;
}
