/** Abort signals that follow a parent signal and can be detached from it. */
import { setMaxListeners } from 'node:events';
import type { Clock } from './clock.js';

export interface LinkedAbort {
  readonly signal: AbortSignal;
  abort(): void;
  /**
   * Call this once the work is over. The parent may live as long as the process, and each listener left on it is a
   * leak.
   */
  dispose(): void;
}

/**
 * Like AbortSignal.any, but it can be undone: nothing removes the signal of AbortSignal.any from a parent that outlives
 * the work.
 */
export function linkAbort(parent?: AbortSignal): LinkedAbort {
  const controller = new AbortController();
  // Hundreds of watches follow one signal. Node prints a warning about a leak, in plain text between the log lines, from
  // the eleventh listener on.
  setMaxListeners(0, controller.signal);
  if (parent !== undefined) setMaxListeners(0, parent);
  const follow = (): void => controller.abort();
  if (parent?.aborted === true) controller.abort();
  else parent?.addEventListener('abort', follow, { once: true });
  return {
    signal: controller.signal,
    abort: () => controller.abort(),
    dispose: () => parent?.removeEventListener('abort', follow),
  };
}

/** Runs `action` after the given time, unless `signal` aborts first. */
export async function after(
  clock: Pick<Clock, 'sleep'>,
  milliseconds: number,
  signal: AbortSignal,
  action: () => void,
): Promise<void> {
  await clock.sleep(milliseconds, signal);
  if (!signal.aborted) action();
}

/** Runs `work` with a signal that aborts with `parent`, or when the time is over. Leaves no timer behind. */
export async function withDeadline<T>(
  clock: Pick<Clock, 'sleep'>,
  milliseconds: number,
  parent: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const link = linkAbort(parent);
  const timer = new AbortController();
  void after(clock, milliseconds, timer.signal, () => link.abort());
  try {
    return await work(link.signal);
  } finally {
    timer.abort();
    link.dispose();
  }
}
