import { spawnSync } from 'node:child_process';

/**
 * The things that a test made and has not removed yet. This is module state because the 'exit' hook needs it: a test that
 * throws has no other way to say what it left.
 */
const pending: Undoing[] = [];
let hooked = false;

/** How to undo one thing. Both functions are synchronous, and may be called when there is nothing left to undo. */
export interface Undoing {
  /** The name of the thing in the message of a failure. */
  readonly what: string;
  readonly undo: () => void;
  /** Called before anything is undone. Thaws, because SIGKILL ends no process inside a frozen v1 cgroup. */
  readonly free?: () => void;
}

/** Registers a thing that {@link cleanupAll}, or the end of the process, undoes. */
export function onCleanup(undoing: Undoing): void {
  if (!hooked) realProcess().on('exit', undoAll);
  hooked = true;
  pending.push(undoing);
}

/**
 * For afterEach: undoes everything, in the reverse order of making. A helper that hangs or traces a workload was started after
 * the workload, and the workload cannot die before the helper. Throws at the end when something could not be undone.
 */
export function cleanupAll(): void {
  const failures = undoAll();
  if (hooked) realProcess().off('exit', undoAll);
  hooked = false;
  if (failures.length > 0) throw new Error(`left behind: ${failures.join('; ')}`);
}

/**
 * Jest gives tests a copy of `process`, whose 'exit' listeners are never called. A function of Node itself leads to the realm that
 * has the real `process`.
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
