import { spawnSync } from 'node:child_process';

/**
 * What a test made and has not removed yet. Module state, as the 'exit' hook needs it: a test that throws has no other
 * way to tell what it left.
 */
const pending: Undoing[] = [];
let hooked = false;

/** How to undo one thing. Both are synchronous, and may be called when there is nothing left to do. */
export interface Undoing {
  /** Named when undoing fails. */
  readonly what: string;
  readonly undo: () => void;
  /** Called before anything is undone: a thaw, as nobody inside a frozen v1 cgroup dies of SIGKILL. */
  readonly free?: () => void;
}

/** Has it undone by {@link cleanupAll}, or when the process ends. */
export function onCleanup(undoing: Undoing): void {
  if (!hooked) realProcess().on('exit', undoAll);
  hooked = true;
  pending.push(undoing);
}

/**
 * For afterEach: undoes everything, last made first: a helper that hangs or traces a workload was started after it, and
 * the workload cannot die before it. Throws at the end when something could not be undone.
 */
export function cleanupAll(): void {
  const failures = undoAll();
  if (hooked) realProcess().off('exit', undoAll);
  hooked = false;
  if (failures.length > 0) throw new Error(`left behind: ${failures.join('; ')}`);
}

/**
 * Jest gives tests a copy of `process`, whose 'exit' listeners are never called. A function of Node's own carries the
 * realm that has the real one.
 */
function realProcess(): NodeJS.Process {
  return spawnSync.constructor('return process')() as NodeJS.Process;
}

function undoAll(): string[] {
  const failures: string[] = [];
  for (const one of pending) one.free?.();
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    try {
      next.undo();
    } catch (error) {
      failures.push(`${next.what}: ${String(error)}`);
    }
  }
  return failures;
}
