import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';

const LIST_PAGES = new URL('../../../src/kube/list-pages.js', import.meta.url).href;

/** Lists 1,000 objects of 256 KiB, as an earlier version wrote PodCaptures, and keeps their metadata. */
const LIST = `
  const { listPages } = await import(${JSON.stringify(LIST_PAGES)});
  const row = { pid: 1, ppid: 0, comm: 'x'.repeat(100), threads: [{ tid: 1, name: 'y'.repeat(100) }] };
  const item = { metadata: { name: 'a' }, status: { tree: Array.from({ length: 1000 }, () => row) } };
  const size = Number(process.env.PAGE_SIZE);
  const text = '[' + Array.from({ length: size }, () => JSON.stringify(item)).join() + ']';
  let left = 1000;
  const list = async (_resource, { limit }) => {
    if (limit !== size) throw new Error('limit ' + limit);
    left -= limit;
    const metadata = { resourceVersion: '1', ...(left > 0 ? { continue: 'more' } : {}) };
    return { ok: true, value: { items: JSON.parse(text), metadata } };
  };
  const listed = await listPages({ list }, {}, { pageSize: size }, ({ metadata }) => ({ metadata }));
  process.stdout.write(String(listed.value.items.length));
`;

describe('listPages()', () => {
  test('holds at most one page of what is not kept', async () => {
    // 250 MB of text in all. With pages of 500 objects, this process dies of 128 MB of heap, and also of 256 MB.
    const options = { env: { ...process.env, PAGE_SIZE: '50' } };
    const flags = ['--max-old-space-size=128', '--input-type=module', '--eval', LIST];
    expect((await promisify(execFile)(process.execPath, flags, options)).stdout).toBe('1000');
  }, 60_000);
});
