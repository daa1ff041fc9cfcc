/** A node agent in a simulated environment: a model of the API server, scripted tracing threads, and a fast clock. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Registry } from 'prom-client';
import type { Condition, PodCapture, PodCaptureSpec } from '../../../../src/api/kinds.js';
import { PODCAPTURES } from '../../../../src/api/kinds.js';
import { systemClock, type Clock } from '../../../../src/kube/clock.js';
import { LEASES } from '../../../../src/kube/lease.js';
import { kubeMetrics } from '../../../../src/kube/metrics.js';
import { failure as refused, success, type KubeResult } from '../../../../src/kube/result.js';
import { DiskGate } from '../../../../src/node-agent/service/disk-gate.js';
import { GuardKeeper, type GuardDoor } from '../../../../src/node-agent/service/guard-keeper.js';
import { runAgent, type AgentParts } from '../../../../src/node-agent/service/agent.js';
import type { Guard } from '../../../../src/native/guard.js';
import { fakeGuard } from '../../../fake/guard.js';
import { KubeModel, type Intercept } from '../../../fake/kube-model.js';
import { SECOND_MS, scriptedTracer, tracerScript, type TracerScript } from './scripted-tracer.js';
import { silentLogger } from '../../../fake/silent-logger.js';

export { goodReport, scriptedTracer, tracerScript, type TracerScript } from './scripted-tracer.js';

export const ME = 'a0000000-0000-4000-8000-000000000001';
export const NODE = 'node-1';

/** A clock whose seconds last {@link SECOND_MS} real milliseconds. */
export function fastClock(): Clock {
  const scale = 1000 / SECOND_MS;
  const now = (): number => performance.now() * scale;
  return {
    wall: () => Date.UTC(2026, 0, 1) + now(),
    monotonic: now,
    sleep: async (milliseconds, signal) => {
      await sleep(milliseconds / scale, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
    },
  };
}

export function uid(digits: number): string {
  return `c0000000-0000-4000-8000-${String(digits).padStart(12, '0')}`;
}

/**
 * A PodCapture of one container on {@link NODE}, owned by a Checkpoint. Names, UIDs and pods are derived from the
 * number.
 */
export function podCapture(
  number: number,
  spec: Partial<PodCaptureSpec> = {},
  more: Partial<PodCapture> = {},
): PodCapture {
  return {
    apiVersion: 'stasis.dev/v1alpha1',
    kind: 'PodCapture',
    metadata: {
      namespace: 'default',
      name: `capture-${number}`,
      uid: uid(number),
      resourceVersion: '1',
      creationTimestamp: '2026-01-01T00:00:00Z',
      ownerReferences: [{ apiVersion: 'stasis.dev/v1alpha1', kind: 'Checkpoint', name: 'c', uid: uid(900) }],
    },
    spec: {
      nodeName: NODE,
      podName: `pod-${number}`,
      podUID: uid(number + 500),
      containers: [{ name: 'app', containerID: 'a'.repeat(64) }],
      freezer: 'Auto',
      timeoutSeconds: 10,
      dryRun: false,
      ...spec,
    },
    ...more,
  };
}

export interface Agent {
  readonly model: KubeModel;
  readonly script: TracerScript;
  readonly registry: Registry;
  readonly artifacts: string;
  readonly port: () => number;
  readonly died: () => boolean;
  /** The capture of that number, as stored by the server. */
  capture(number: number): PodCapture | undefined;
  /** Waits (in real time) until the capture has ended, and returns its condition. */
  end(number: number): Promise<Condition>;
  until(what: string, condition: () => boolean, boundMs?: number): Promise<void>;
  /** Sends SIGTERM; resolves when the agent has ended. */
  stop(): Promise<void>;
  remove(): Promise<void>;
}

export interface AgentSetup {
  readonly model?: KubeModel;
  readonly script?: TracerScript;
  readonly intercept?: Intercept;
  readonly parts?: Partial<AgentParts>;
  readonly guard?: GuardKeeper;
  readonly maxConcurrentCaptures?: number;
  readonly maxConcurrentHolds?: number;
  /** Whether the heartbeat can be renewed now. */
  readonly isRenewable?: () => boolean;
  readonly artifactsLimitBytes?: number;
  readonly artifacts?: string;
  readonly me?: string;
  /** Mount point of procfs, instead of the real one. */
  readonly proc?: string;
}

async function until(what: string, condition: () => boolean, boundMs = 20_000): Promise<void> {
  for (const since = performance.now(); !condition(); await sleep(1)) {
    if (performance.now() - since > boundMs) throw new Error(`not within ${boundMs} ms: ${what}`);
  }
}

/** A guard that is always there, or whatever `open` returns. */
export function fakeDoor(open: () => Guard | number): GuardDoor {
  return { open, connect: () => 3, release: () => undefined, ownFreezer: undefined };
}

export function startAgent(setup: AgentSetup = {}): Agent {
  const clock = fastClock();
  const model = setup.model ?? new KubeModel(() => clock.wall());
  const script = setup.script ?? tracerScript();
  const folder = mkdtempSync(join(tmpdir(), 'stasis-agent-'));
  const artifacts = setup.artifacts ?? join(folder, 'artifacts');
  const registry = new Registry();
  const signal = new AbortController();
  const { intercept } = setup;
  let port = 0;
  let died = false;
  const api = model.api((call, perform) => {
    // The model creates no object on apply, so Leases are answered here.
    if (call.plural === LEASES.plural)
      return (setup.isRenewable?.() === false ? unreachable() : success({})) as ReturnType<typeof perform>;
    return intercept === undefined ? perform() : intercept(call, perform);
  });
  const done = runAgent(
    {
      nodeName: NODE,
      namespace: 'stasis-system',
      podUID: setup.me ?? ME,
      artifacts,
      port: 0,
      maxConcurrentCaptures: setup.maxConcurrentCaptures ?? 4,
      maxConcurrentHolds: setup.maxConcurrentHolds ?? 8,
      artifactsLimitBytes: setup.artifactsLimitBytes ?? 2 ** 30,
      pauseBudgetSeconds: 0.1,
      proc: setup.proc ?? '/proc',
    },
    {
      api,
      leaseApi: api,
      metrics: kubeMetrics(registry),
      registry,
      version: '0.0.0',
      clock,
      random: () => 0.5,
      log: silentLogger(),
      // A busy disk of the machine that runs the tests is not a silent one, so its bound is in real seconds.
      gate: new DiskGate(systemClock()),
      guard: setup.guard ?? new GuardKeeper({ door: fakeDoor(() => fakeGuard()), clock, log: silentLogger() }),
      start: async () => await Promise.resolve(scriptedTracer(script)),
      rehearse: async () => await Promise.resolve(undefined),
      resolve: async (tracer, request) => await tracer.resolve(request, { proc: '/proc', self: 1 }),
      readCmdlines: async () => await Promise.resolve(new Map()),
      die: () => {
        died = true;
      },
      onListening: (chosen) => {
        port = chosen;
      },
      ...setup.parts,
    },
    signal.signal,
  );
  const capture = (number: number): PodCapture | undefined => model.find(PODCAPTURES, 'default', `capture-${number}`);
  const stop = async (): Promise<void> => {
    signal.abort();
    await done;
  };
  return {
    model,
    script,
    registry,
    artifacts,
    port: () => port,
    died: () => died,
    capture,
    until,
    end: async (number) => {
      await until(`capture ${number} has ended`, () => (succeeded(capture(number))?.status ?? 'Unknown') !== 'Unknown');
      const condition = succeeded(capture(number));
      if (condition === undefined) throw new Error('the capture is gone');
      return condition;
    },
    stop,
    remove: async () => {
      await stop();
      // A write that nobody waited for may still end in the folder.
      rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 });
    },
  };
}

function unreachable(): KubeResult<never> {
  return refused({ method: 'PATCH', path: '/', reason: 'Unreachable', message: 'cut off' });
}

export function succeeded(object: PodCapture | undefined): Condition | undefined {
  return object?.status?.conditions?.find(({ type }) => type === 'Succeeded');
}

export function released(object: PodCapture | undefined): Condition | undefined {
  return object?.status?.conditions?.find(({ type }) => type === 'Released');
}

export function held(object: PodCapture | undefined): Condition | undefined {
  return object?.status?.conditions?.find(({ type }) => type === 'Held');
}
