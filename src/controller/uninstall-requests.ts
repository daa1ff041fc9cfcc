/** Requests of an uninstall: patient with a server that does not answer, and content where something is gone already. */
import type { Clock } from '../kube/clock.js';
import type { KubeApi, ListOptions } from '../kube/api.js';
import { listPages } from '../kube/list-pages.js';
import { isConflict, isNotFound, isTransient, success, type KubeResult } from '../kube/result.js';
import type { KubeObject, Resource } from '../kube/types.js';

/** Together about half a minute: an API server that restarts is back by then; a Job that fails is started again. */
const TRIES = 8;
const PAUSE_MILLISECONDS = 4000;

/** At a time. Thousands of objects one by one would take longer than Helm waits. */
const AT_ONCE = 16;

/** Tries again what may succeed later. */
export async function patiently<T>(clock: Clock, request: () => Promise<KubeResult<T>>): Promise<KubeResult<T>> {
  for (let tries = 1; ; tries += 1) {
    const result = await request();
    if (result.ok || !isTransient(result.error) || tries === TRIES) return result;
    await clock.sleep(PAUSE_MILLISECONDS);
  }
}

/** Everything of a kind; nothing where the kind itself is gone. An expired page (410) begins the list anew. */
export async function listAll<T extends KubeObject>(
  { api, clock }: { readonly api: KubeApi; readonly clock: Clock },
  resource: Resource<T>,
  options: Omit<ListOptions, 'limit' | 'continue'> = {},
  keep: (item: T) => T = (item) => item,
): Promise<KubeResult<readonly T[]>> {
  const list = async () => await listPages(api, resource, options, keep);
  let listed = await patiently(clock, list);
  if (!listed.ok && listed.error.code === 410) listed = await patiently(clock, list);
  if (listed.ok) return success(listed.value.items);
  return isNotFound(listed.error) ? success([]) : listed;
}

/**
 * Does `change` to each, some at a time. What is gone meanwhile (404), or was changed by somebody else (409), is left to the
 * next look. The first other failure is the result; the rest is tried all the same.
 */
export async function changeEach<T>(
  clock: Clock,
  items: readonly T[],
  change: (item: T) => Promise<KubeResult<unknown>>,
): Promise<KubeResult<undefined>> {
  let result: KubeResult<undefined> = success(undefined);
  const queue = [...items];
  const work = async (): Promise<void> => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) {
      const subject = item;
      const changed = await patiently(clock, async () => await change(subject));
      if (!changed.ok && !isNotFound(changed.error) && !isConflict(changed.error) && result.ok) result = changed;
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, work));
  return result;
}
