/** Thousands of Checkpoints that wait for one pod: what their ends cost, and that nobody else waits for them. */
import { describe, expect, test } from '@jest/globals';
import { Registry } from 'prom-client';
import { CHECKPOINTS, type Checkpoint } from '../../../src/api/kinds.js';
import { createCaches, podKeyOf, type Caches } from '../../../src/controller/caches.js';
import { createController, leaderTimings } from '../../../src/controller/controller.js';
import { NextInLine } from '../../../src/controller/next-in-line.js';
import { PODCAPTURE_RESOURCE, PODS } from '../../../src/controller/resources.js';
import { keysOfCheckpoint, nextOf, podFreedByCheckpoint } from '../../../src/controller/wake.js';
import type { Change } from '../../../src/kube/store.js';
import { kubeMetrics } from '../../../src/kube/metrics.js';
import { silentLogger } from '../../fake/silent-logger.js';
import { ManualClock, settle } from '../kube/fixtures.js';
import { capture, checkpoint, checkpointSpec, condition, pod, SETTINGS } from './builders.js';
import { heldCluster } from './held-cluster.js';

const MANY = 5_000;

/** Caches with so many Checkpoints that wait for pod web-0. */
function line(length: number): { readonly caches: Caches; readonly all: readonly Checkpoint[] } {
  const caches = createCaches();
  const all = Array.from({ length }, (_, i) => {
    const uid = `4f5c2d1e-0000-4000-8000-${i}`;
    return checkpoint({ metadata: { name: `more-${i}`, uid, resourceVersion: String(100 + i) } });
  });
  for (const each of all) caches.checkpoints.upsert(each);
  return { caches, all };
}

function newer({ metadata, ...rest }: Checkpoint, i: number): Checkpoint {
  return { ...rest, metadata: { ...metadata, resourceVersion: String(10_000 + i) } };
}

/** Seconds of CPU that the wakes of these changes take, even if each came in a turn of its own. */
function cost(caches: Caches, changes: readonly Change<Checkpoint>[]): number {
  const began = process.cpuUsage();
  for (const change of changes) {
    caches.checkpoints[change.type](change.object);
    keysOfCheckpoint(caches, change);
    nextOf(caches, podFreedByCheckpoint(change) ?? '');
  }
  const { user, system } = process.cpuUsage(began);
  return (user + system) / 1e6;
}

describe(`${MANY} Checkpoints that wait for one pod`, () => {
  test('cost less than 2 s of CPU when they are deleted', () => {
    const { caches, all } = line(MANY);
    const changes = all.map((each, i) => ({ type: 'delete', object: newer(each, i) }) as const);
    expect(cost(caches, changes)).toBeLessThan(2);
    expect(caches.checkpoints.line('waiting', 'shop/web-0')).toEqual([]);
  });

  test('cost less than 2 s of CPU when they reach their deadline', () => {
    const { caches, all } = line(MANY);
    const status = { conditions: [condition('Succeeded', 'False', 'StartingDeadlineExceeded')] };
    const changes = all.map((each, i) => ({ type: 'upsert', object: { ...newer(each, i), status } }) as const);
    expect(cost(caches, changes)).toBeLessThan(2);
  });

  // A controller alone takes 0.2 s of CPU; it took 48 s when each deletion looked through the whole line. Among other tests on a
  // busy machine the same work has taken 1.6 s of CPU, hence the bound.
  test('do not keep another namespace waiting when they are deleted', async () => {
    const clock = new ManualClock();
    const model = heldCluster(2, clock);
    for (let i = 0; i < MANY; i += 1) {
      const metadata = { namespace: 'team-0', name: `more-${i}`, uid: `more-${i}` };
      model.put(CHECKPOINTS, { metadata, spec: checkpointSpec('web') });
    }
    const registry = new Registry();
    const controller = createController({
      api: model.api(),
      leaseApi: model.api(),
      settings: SETTINGS,
      agentDaemonSet: 'stasis-node-agent',
      version: '1.2.3',
      identity: 'one',
      workers: 16,
      timings: leaderTimings(15),
      clock,
      random: () => 0.5,
      log: silentLogger(),
      registry,
      kubeMetrics: kubeMetrics(registry),
    });
    const stop = new AbortController();
    const done = controller.run(stop.signal);
    await clock.advance(2_000);
    for (let i = 0; i < MANY; i += 1) model.drop(CHECKPOINTS, 'team-0', `more-${i}`);
    model.put(PODS, pod({ metadata: { namespace: 'other', name: 'web', uid: 'pod-other' } }));
    const look = { metadata: { namespace: 'other', name: 'look' }, spec: checkpointSpec('web') };
    await model.api().create(CHECKPOINTS, look);
    // In seconds of CPU: the requests take no time here, and a busy machine must not decide.
    const before = process.cpuUsage();
    const made = () => model.all(PODCAPTURE_RESOURCE).some(({ metadata }) => metadata.namespace === 'other');
    for (let i = 0; i < 100 && !made(); i += 1) await clock.advance(10);
    const { user, system } = process.cpuUsage(before);
    stop.abort();
    await clock.advance(10_000);
    await done;
    expect(made()).toBe(true);
    expect((user + system) / 1e6).toBeLessThan(5);
  }, 60_000);
});

describe('NextInLine', () => {
  test('wakes the first of each pod once for all changes of one turn, urgently if one of them was', async () => {
    const { caches } = line(3);
    const other = checkpoint({ metadata: { name: 'other', uid: 'other' }, spec: { podName: 'web-1' } });
    caches.checkpoints.upsert(other);
    const woken: (readonly [readonly string[], boolean])[] = [];
    const next = new NextInLine(caches, (keys, urgent) => woken.push([keys, urgent]));
    for (const urgent of [false, true, false]) next.freed('shop/web-0', urgent);
    next.freed(podKeyOf(other));
    next.freed(undefined);
    expect(woken).toEqual([]);
    await settle();
    expect(woken).toEqual([
      [['shop/more-0'], true],
      [['shop/other'], false],
    ]);
    next.freed('shop/web-0');
    await settle();
    expect(woken).toHaveLength(3);
  });

  test('passes over the Checkpoint whose capture exists already', () => {
    const { caches, all } = line(2);
    const [first] = all;
    if (first === undefined) throw new Error('an empty line');
    const { uid } = first.metadata;
    const labels = { 'stasis.dev/checkpoint-uid': uid };
    caches.captures.upsert(capture({ metadata: { name: caches.captureName(first), labels } }));
    expect(nextOf(caches, 'shop/web-0')).toEqual(['shop/more-1']);
  });
});
