/** The Leases have connections of their own. */
import { afterEach, expect, test } from '@jest/globals';
import { connect } from '../../../src/kube/connect.js';
import { LEASES } from '../../../src/kube/lease.js';
import { FakeApiServer, type FakeResponse } from '../../fake/api-server.js';
import { thing, THINGS, until } from './fixtures.js';

const cleanUps: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

test('a Lease is written at once while every other connection waits for a slow server', async () => {
  const slow: FakeResponse[] = [];
  let isSlow = true;
  const server = await FakeApiServer.start(({ path }, response) => {
    if (path.includes('/leases/') || !isSlow) response.json(200, thing('stasis-controller', 1));
    else slow.push(response);
  });
  cleanUps.push(() => server.close());
  const api = await connect({ kubeconfig: server.kubeconfig(), userAgent: 'tester/1' });
  cleanUps.push(() => api.close());
  const all = Array.from({ length: 40 }, (_, i) => api.get(THINGS, { namespace: 'team-a', name: `thing-${i}` }));
  await until('all connections are taken', () => slow.length === 32);
  const metadata = { namespace: 'stasis-system', name: 'stasis-controller' };
  const options = { fieldManager: 'tester' };
  // As often as the connections of the Leases, and more.
  for (let i = 0; i < 5; i += 1) {
    const answers = await Promise.all([
      api.leaseApi.get(LEASES, metadata),
      api.leaseApi.apply(LEASES, { metadata, spec: {} }, options),
    ]);
    expect(answers.map(({ ok }) => ok)).toEqual([true, true]);
  }
  expect(slow).toHaveLength(32);
  expect(server.connections).toBe(34);
  isSlow = false;
  for (const response of slow) response.json(200, thing('late', 1));
  expect((await Promise.all(all)).every(({ ok }) => ok)).toBe(true);
}, 10_000);
