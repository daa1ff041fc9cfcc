/** Tests the whole controller, with reflectors, queue and leader election, against a model of the API server. */
import { afterEach, describe, expect, test } from '@jest/globals';
import { Registry } from 'prom-client';
import { CHECKPOINTS, heartbeatLeaseName, NODE_AGENT_MANAGER, PODCAPTURES } from '../../../src/api/kinds.js';
import { createController, leaderTimings } from '../../../src/controller/controller.js';
import { CHECKPOINT_RESOURCE, PODCAPTURE_RESOURCE, PODS } from '../../../src/controller/resources.js';
import { systemClock, type Clock } from '../../../src/kube/clock.js';
import { LEASES } from '../../../src/kube/lease.js';
import { microTime } from '../../../src/kube/micro-time.js';
import { kubeMetrics } from '../../../src/kube/metrics.js';
import { failure } from '../../../src/kube/result.js';
import { KubeModel, type Intercept } from '../../fake/kube-model.js';
import { ManualClock } from '../kube/fixtures.js';
import { checkpointSpec, endedAs, pod, SETTINGS, under } from './builders.js';
import { silentLogger } from '../../fake/silent-logger.js';

const running: { stop: AbortController; done: Promise<unknown> }[] = [];

interface Circumstances {
  readonly clock?: Clock;
  readonly intercept?: Intercept;
  readonly leaseSeconds?: number;
}

function start(model: KubeModel, identity: string, circumstances: Circumstances = {}) {
  const { clock = systemClock(), intercept, leaseSeconds = 1 } = circumstances;
  const registry = new Registry();
  const controller = createController({
    api: model.api(intercept),
    leaseApi: model.api(intercept),
    settings: SETTINGS,
    agentDaemonSet: 'stasis-node-agent',
    version: '1.2.3',
    identity,
    workers: 4,
    timings: leaderTimings(leaseSeconds),
    clock,
    random: Math.random,
    log: silentLogger(),
    registry,
    kubeMetrics: kubeMetrics(registry),
  });
  const stop = new AbortController();
  const done = controller.run(stop.signal);
  running.push({ stop, done });
  return { stop, done, registry, controller };
}

afterEach(async () => {
  for (const { stop } of running) stop.abort();
  await Promise.all(running.splice(0).map(({ done }) => done));
});

function cluster(): KubeModel {
  const model = new KubeModel(() => Date.now());
  model.put(PODS, pod());
  heartbeat(model, Date.now());
  return model;
}

function heartbeat(model: KubeModel, renewed: number): void {
  const metadata = { namespace: 'stasis-system', name: heartbeatLeaseName('node-1'), uid: 'lease' };
  const spec = { holderIdentity: 'agent-1', leaseDurationSeconds: 40, renewTime: microTime(renewed) };
  model.put(LEASES, { metadata, spec });
}

async function ask(model: KubeModel, name: string, seconds = 0): Promise<void> {
  const spec = { ...checkpointSpec('web-0'), ...(seconds === 0 ? {} : { hold: { seconds } }) };
  await model.api().create(CHECKPOINTS, { metadata: { name, namespace: 'shop' }, spec });
}

async function until<T>(look: () => T | undefined | false): Promise<T> {
  for (let turn = 0; turn < 400; turn += 1) {
    const found = look();
    if (found !== undefined && found !== false) return found;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`the expected state was not reached: ${String(look)}`);
}

function reason(model: KubeModel, name: string): string | undefined {
  const found = model.find(CHECKPOINT_RESOURCE, 'shop', name);
  return found?.status?.conditions?.find(({ type }) => type === 'Succeeded')?.reason;
}

/** Writes the status of the unfinished capture in place of its agent. */
async function report(model: KubeModel, status: ReturnType<typeof under>): Promise<void> {
  const [capture] = model.all(PODCAPTURE_RESOURCE).filter((each) => each.status?.completionTime === undefined);
  const { name = '', namespace = '' } = capture?.metadata ?? {};
  const options = { fieldManager: NODE_AGENT_MANAGER, force: true, subresource: 'status' } as const;
  await model.api().apply(PODCAPTURE_RESOURCE, { metadata: { name, namespace }, status }, options);
}

describe('createController()', () => {
  test('takes a Checkpoint from its creation to its end', async () => {
    const model = cluster();
    const { registry, controller } = start(model, 'one');
    await ask(model, 'look');
    await until(() => reason(model, 'look') === 'Dispatched');
    await report(model, endedAs('Captured'));
    await until(() => reason(model, 'look') === 'Captured');
    await until(() => model.all(PODCAPTURE_RESOURCE)[0]?.metadata.finalizers?.length === 0);
    const metrics = await registry.metrics();
    expect(metrics).toContain('stasis_checkpoints_total{result="succeeded",reason="Captured"} 1');
    expect(metrics).toContain('stasis_checkpoints{state="Captured"} 1');
    expect(metrics).toMatch(/controller_runtime_reconcile_total\{controller="checkpoint",result="success"\} [1-9]/);
    expect(metrics).toContain('controller_runtime_reconcile_errors_total{controller="checkpoint"} 0');
    expect(controller.healthz.map(({ check }) => check())).toEqual([undefined]);
  });

  test('ends a hold when the pod is deleted', async () => {
    const model = cluster();
    start(model, 'one');
    await ask(model, 'look', 60);
    await until(() => reason(model, 'look') === 'Dispatched');
    await report(model, under('Holding'));
    await until(() => reason(model, 'look') === 'Holding');
    model.put(PODS, pod({ metadata: { deletionTimestamp: '2026-01-01T00:00:08Z' } }));
    const released = await until(() => model.all(PODCAPTURE_RESOURCE)[0]?.spec.hold?.releaseReason);
    expect(released).toBe('PodTerminating');
  });

  test('lets the next Checkpoint of a pod begin when the first has ended', async () => {
    const model = cluster();
    start(model, 'one');
    for (const name of ['a', 'b']) await ask(model, name);
    await until(() => reason(model, 'b') === 'PodBusy' && reason(model, 'a') === 'Dispatched');
    await report(model, endedAs('Captured'));
    expect(await until(() => reason(model, 'b') === 'Dispatched')).toBe(true);
  });

  test('lets a Checkpoint wait that comes before the agents have renewed after an outage, and then dispatches it', async () => {
    const model = cluster();
    heartbeat(model, Date.now() - 90_000);
    start(model, 'one');
    await ask(model, 'look');
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(model.all(PODCAPTURE_RESOURCE)).toEqual([]);
    heartbeat(model, Date.now());
    expect(await until(() => reason(model, 'look') === 'Dispatched')).toBe(true);
  });

  test('is ready only as long as it reads the Lease of the election, whether it leads or not', async () => {
    const clock = new ManualClock();
    const model = new KubeModel(() => clock.wall());
    let away = true;
    const lost = failure({ method: 'GET', path: '', reason: 'Unreachable', message: 'no way' });
    const intercept: Intercept = (_call, perform) => (away ? lost : perform());
    const replicas = ['one', 'two'].map((identity) => start(model, identity, { clock, intercept, leaseSeconds: 15 }));
    const unready = () =>
      replicas.map(({ controller }) =>
        controller.readyz.map(({ check }) => check()).filter((each) => each !== undefined),
      );
    await clock.advance(60_000);
    expect(unready()).toEqual([
      ['the Lease stasis-controller was not read yet'],
      ['the Lease stasis-controller was not read yet'],
    ]);
    away = false;
    await clock.advance(20_000);
    expect(unready()).toEqual([[], []]);
    away = true;
    await clock.advance(25_000);
    expect(unready()).toEqual([[], []]);
    await clock.advance(10_000);
    const silent = expect.stringMatching(/^the Lease stasis-controller was not read for 3[0-9] s$/);
    expect(unready()).toEqual([[silent], [silent]]);
    for (const { stop } of replicas) stop.abort();
    await clock.advance(30_000);
  });

  test('continues in another replica when the leader ends', async () => {
    const model = cluster();
    const one = start(model, 'one');
    await ask(model, 'look');
    await until(() => reason(model, 'look') === 'Dispatched');
    const two = start(model, 'two');
    one.stop.abort();
    expect(await one.done).toBe('stopped');
    await report(model, endedAs('Captured'));
    await until(() => reason(model, 'look') === 'Captured');
    expect(await two.registry.metrics()).toContain('leader_election_master_status{name="stasis-controller"} 1');
  });

  test('ends when another replica has taken the Lease', async () => {
    const model = cluster();
    const { done } = start(model, 'one');
    const lease = await until(() => model.find(LEASES, 'stasis-system', 'stasis-controller'));
    model.put(LEASES, { ...lease, spec: { ...lease.spec, holderIdentity: 'two', leaseDurationSeconds: 15 } });
    expect(await done).toBe('lost');
    await ask(model, 'look');
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(reason(model, 'look')).toBeUndefined();
    expect(model.all(PODCAPTURES)).toEqual([]);
  });
});
