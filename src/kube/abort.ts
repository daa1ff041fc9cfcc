/** Abort signals that end with another one, and leave nothing on it. */

export interface LinkedAbort {
  readonly signal: AbortSignal;
  abort(): void;
  /** To be called once the work is over. The parent may live as long as the process: each listener left on it is a leak. */
  dispose(): void;
}

/** As AbortSignal.any, with an end: there is no way to take the latter's result off a parent that outlives the work. */
export function linkAbort(parent: AbortSignal | undefined): LinkedAbort {
  const controller = new AbortController();
  const follow = (): void => controller.abort();
  if (parent?.aborted === true) controller.abort();
  else parent?.addEventListener('abort', follow, { once: true });
  return {
    signal: controller.signal,
    abort: () => controller.abort(),
    dispose: () => parent?.removeEventListener('abort', follow),
  };
}

/** Resolves when `signal` aborts; never rejects. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
