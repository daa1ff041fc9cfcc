import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { connect } from '../../../src/kube/connect.js';
import { listPages, nextLimit } from '../../../src/kube/list-pages.js';
import { success } from '../../../src/kube/result.js';
import { FakeApiServer } from '../../fake/api-server.js';
import { page, thing, THINGS } from './fixtures.js';

const LIST_PAGES = new URL('../../../src/kube/list-pages.js', import.meta.url).href;

/** Lists 1,000 objects of 256 KiB, as whoever may create objects can make them, and keeps their names. */
const LIST = `
  const { listPages } = await import(${JSON.stringify(LIST_PAGES)});
  const row = { pid: 1, ppid: 0, comm: 'x'.repeat(100), threads: [{ tid: 1, name: 'y'.repeat(100) }] };
  const item = JSON.stringify({ metadata: { name: 'a' }, status: { tree: Array.from({ length: 1000 }, () => row) } });
  let left = 1000;
  const list = async (_resource, { limit }) => {
    const text = '[' + Array.from({ length: Math.min(left, limit) }, () => item).join() + ']';
    left -= limit;
    const metadata = { resourceVersion: '1', ...(left > 0 ? { continue: 'more' } : {}) };
    return { ok: true, value: { items: JSON.parse(text), metadata, length: text.length } };
  };
  const listed = await listPages({ list }, {}, {}, ({ metadata }) => ({ metadata }));
  process.stdout.write(String(listed.value.items.length));
`;

const KIB = 1024;

describe('listPages()', () => {
  test('holds at most one page of what is not kept', async () => {
    // 250 MB of text in all. With pages of 500 objects, this process dies of 256 MB of heap.
    const flags = ['--max-old-space-size=96', '--input-type=module', '--eval', LIST];
    expect((await promisify(execFile)(process.execPath, flags)).stdout).toBe('1000');
  }, 60_000);

  test.each([
    ['small objects in few requests', 1, 2000, [25, 50, 100, 200, 400, 500, 500, 500]],
    ['large objects on small pages', 250, 90, [25, 25, 25, 25]],
    ['the largest objects on the smallest pages', 1500, 60, [25, 12, 6, 3, 3, 3, 3, 3, 3]],
  ])('reads %s', async (_what, kib, objects, limits) => {
    const asked: number[] = [];
    let left = objects;
    const list = async (_resource: unknown, { limit = 0 } = {}) => {
      asked.push(limit);
      const items = Array.from({ length: Math.min(left, limit) }, (_, i) => thing(`t${left - i}`, 1));
      left -= items.length;
      const metadata = { resourceVersion: '1', ...(left > 0 ? { continue: 'more' } : {}) };
      return await Promise.resolve(success({ items, metadata, length: items.length * kib * KIB } as never));
    };
    const listed = await listPages({ list }, THINGS, {}, (item) => item);
    expect(listed.ok && listed.value.items.length).toBe(objects);
    expect(asked).toEqual(limits);
  });
});

test('listPages() asks again with fewer objects for a page that is too long, and fails when one object is', async () => {
  const server = await FakeApiServer.start(({ query }, response) => {
    const limit = Number(query.get('limit'));
    asked.push(limit);
    const large = { ...thing('a', 1), spec: { color: 'x'.repeat(megabytes * KIB * KIB) } };
    response.json(
      200,
      page(
        7,
        Array.from({ length: Math.min(limit, 12) }, () => large),
      ),
    );
  });
  const asked: number[] = [];
  let megabytes = 2;
  const api = await connect({ kubeconfig: server.kubeconfig(), userAgent: 'tester/1' });
  const list = async () =>
    await listPages(api, THINGS, {}, ({ apiVersion, kind, metadata }) => ({ apiVersion, kind, metadata }));
  expect(await list()).toMatchObject({ ok: true, value: { items: { length: 6 } } });
  megabytes = 17;
  expect(await list()).toMatchObject({ ok: false, error: { reason: 'TooLong' } });
  expect(asked).toEqual([25, 12, 6, 25, 12, 6, 3, 1]);
  await api.close();
  await server.close();
}, 30_000);

test('nextLimit() never asks for less than one object', () => {
  expect(nextLimit(1, 9 * KIB * KIB)).toBe(1);
});
