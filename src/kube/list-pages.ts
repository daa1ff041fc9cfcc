/** Reads a whole list, page by page. */
import type { KubeApi, ListOptions } from './api.js';
import { success, type KubeResult } from './result.js';
import type { KubeObject, Resource } from './types.js';

/**
 * Objects on the first page, and on the largest. A page is in memory as text and as objects at a time, and only its length
 * tells how large its objects are: whoever may create objects may fill the annotations of each with 256 KiB. The process that
 * lists has 256 MiB, and less than half of them is free. client-go asks for 500 objects.
 */
const FIRST_PAGE = 25;
const LARGEST_PAGE = 500;
/** The next page has twice as many objects after a page that was shorter than this many characters. */
const SHORT_PAGE = 4 * 1024 * 1024;
/** The next page has half as many objects after a page that was longer than this. */
const LONG_PAGE = 8 * 1024 * 1024;

export type PagesOptions = Omit<ListOptions, 'limit' | 'continue'>;

/** How a list is read. */
export interface Reading {
  /** Objects on the first page. Default: {@link FIRST_PAGE}. */
  readonly firstPage?: number;
  /** Called after each page with the number of objects so far. */
  readonly onPage?: (count: number) => Promise<void>;
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
export async function listPages<T extends KubeObject, Kept = T>(
  api: Pick<KubeApi, 'list'>,
  resource: Resource<T>,
  options: PagesOptions,
  keep: (item: T) => Kept,
  { firstPage = FIRST_PAGE, onPage }: Reading = {},
): Promise<KubeResult<Listed<Kept>>> {
  const items: Kept[] = [];
  let limit = firstPage;
  let more: string | undefined;
  for (;;) {
    const page = await api.list(resource, {
      ...options,
      limit,
      ...(more === undefined ? {} : { continue: more }),
    });
    if (!page.ok && page.error.reason === 'TooLong' && limit > 1) {
      limit = Math.floor(limit / 2);
      continue;
    }
    if (!page.ok) return page;
    for (const item of page.value.items) items.push(keep(item));
    await onPage?.(items.length);
    const { resourceVersion, continue: next } = page.value.metadata;
    if (next === undefined) return success({ items, resourceVersion });
    more = next;
    limit = nextLimit(limit, page.value.length);
  }
}

/** How many objects to ask for after a page with this limit whose text had this length. */
export function nextLimit(limit: number, length: number): number {
  if (length > LONG_PAGE) return Math.max(1, Math.floor(limit / 2));
  return length < SHORT_PAGE ? Math.min(LARGEST_PAGE, limit * 2) : limit;
}
