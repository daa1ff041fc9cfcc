/**
 * The requests of an uninstall. They are repeated when the server does not answer, and accept that an object is already
 * gone.
 */
import type { Clock } from '../kube/clock.js';
import type { KubeApi } from '../kube/api.js';
import { listPages, type PagesOptions } from '../kube/list-pages.js';
import { isConflict, isNotFound, isTransient, success, type KubeResult } from '../kube/result.js';
import type { KubeObject, Resource } from '../kube/types.js';

/**
 * Number of attempts. With the pause between them they take about half a minute; a restarting API server is back by
 * then. When the Job fails, it is started again.
 */
const TRIES = 8;
/** Pause between two attempts. */
const PAUSE_MILLISECONDS = 4000;

/** Most requests at a time. Changing thousands of objects one after the other would take longer than Helm waits. */
const AT_ONCE = 16;

/** Repeats a request that may succeed later. */
export async function patiently<T>(clock: Clock, request: () => Promise<KubeResult<T>>): Promise<KubeResult<T>> {
  for (let tries = 1; ; tries += 1) {
    const result = await request();
    if (result.ok || !isTransient(result.error) || tries === TRIES) return result;
    await clock.sleep(PAUSE_MILLISECONDS);
  }
}

/**
 * Lists all objects of a kind; the list is empty when the kind itself is gone. After an expired page (410) the list
 * starts again. `keep` says what to keep of each object.
 */
export async function listAll<T extends KubeObject>(
  { api, clock }: { readonly api: KubeApi; readonly clock: Clock },
  resource: Resource<T>,
  options: PagesOptions = {},
  keep: (item: T) => T = (item) => item,
): Promise<KubeResult<readonly T[]>> {
  const list = async () => await listPages(api, resource, options, keep);
  let listed = await patiently(clock, list);
  if (!listed.ok && listed.error.code === 410) listed = await patiently(clock, list);
  if (listed.ok) return success(listed.value.items);
  return isNotFound(listed.error) ? success([]) : listed;
}

/**
 * Applies `change` to each item, several at a time. An object that is gone (404) or was changed by somebody else (409)
 * is left to the next round. The first other failure is the result, and the remaining items are still tried.
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
