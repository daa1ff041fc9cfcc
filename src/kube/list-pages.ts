/** Reads a whole list, page by page. */
import type { KubeApi, ListOptions } from './api.js';
import { success, type KubeResult } from './result.js';
import type { KubeObject, Resource } from './types.js';

/**
 * Objects per page where the caller names no number. The page size bounds what the server and this process hold as text
 * at a time; client-go uses the same.
 */
const PAGE = 500;

export interface PagesOptions extends Omit<ListOptions, 'limit' | 'continue'> {
  /** Most objects per page. */
  readonly pageSize?: number;
}

export interface Listed<T> {
  readonly items: readonly T[];
  readonly resourceVersion: string;
}

/**
 * All pages show the same moment. When a continue token has expired (410), the list fails and the caller starts again.
 * `keep` is applied to each page before the next page is asked for, so that what `keep` drops is never in memory for more
 * than one page.
 */
export async function listPages<T extends KubeObject>(
  api: Pick<KubeApi, 'list'>,
  resource: Resource<T>,
  { pageSize = PAGE, ...options }: PagesOptions,
  keep: (item: T) => T,
): Promise<KubeResult<Listed<T>>> {
  const items: T[] = [];
  let more: string | undefined;
  for (;;) {
    const page = await api.list(resource, {
      ...options,
      limit: pageSize,
      ...(more === undefined ? {} : { continue: more }),
    });
    if (!page.ok) return page;
    for (const item of page.value.items) items.push(keep(item));
    const { resourceVersion, continue: next } = page.value.metadata;
    if (next === undefined) return success({ items, resourceVersion });
    more = next;
  }
}
