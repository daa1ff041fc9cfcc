/** One hollow agent: the service of the real agent, with its own connections, and a hollow kernel half. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import type { AccessSource } from '../../../src/kube/access.js';
import { fingerprint } from '../../../src/kube/access.js';
import type { LeaseApi } from '../../../src/kube/api.js';
import type { Clock } from '../../../src/kube/clock.js';
import { Credentials } from '../../../src/kube/credentials.js';
import { kubeClient, leaseClient } from '../../../src/kube/kube-client.js';
import { kubeMetrics } from '../../../src/kube/metrics.js';
import type { Logger } from '../../../src/kube/log.js';
import { failure, type KubeResult } from '../../../src/kube/result.js';
import { Transport } from '../../../src/kube/transport.js';
import { runAgent } from '../../../src/node-agent/service/agent.js';
import { DiskGate } from '../../../src/node-agent/service/disk-gate.js';
import { GuardKeeper } from '../../../src/node-agent/service/guard-keeper.js';
import { STASIS_NAMESPACE } from '../../cluster/installed.js';
import { hollowDoor, hollowTracer } from './hollow-kernel.js';
import type { AgentPlace } from './population.js';

export interface Surroundings {
  /** The API server, `https://HOST:PORT`. */
  readonly origin: string;
  /** Certificate of the cluster's authority. */
  readonly ca: string;
  /** The agent makes its folder of artifacts in it. */
  readonly folder: string;
  readonly processes: number;
  readonly maxConcurrentHolds: number;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface HollowAgent {
  /** Ends the agent as SIGTERM does. */
  stop(): Promise<void>;
  /** The machine loses its power: nothing that the agent sends arrives any more. */
  vanish(): Promise<void>;
}

const SLOTS = 4;

export function startHollowAgent(place: AgentPlace, around: Surroundings): HollowAgent {
  const { clock, log } = around;
  const artifacts = join(around.folder, place.node);
  mkdirSync(artifacts, { recursive: true, mode: 0o700 });
  const registry = new Registry();
  const metrics = kubeMetrics(registry);
  const transport = new Transport({
    credentials: new Credentials(accessOf(place, around), clock),
    clock,
    random: Math.random,
    userAgent: 'stasis-node-agent/hollow',
    requestTimeoutMs: 30_000,
    onRequest: metrics.onRequest,
  });
  let isCut = false;
  const stopping = new AbortController();
  const tracer = hollowTracer(around.processes);
  const done = runAgent(
    {
      nodeName: place.node,
      namespace: STASIS_NAMESPACE,
      podUID: place.podUID,
      artifacts,
      artifactsLimitBytes: 2 ** 30,
      port: 0,
      maxConcurrentCaptures: SLOTS,
      maxConcurrentHolds: around.maxConcurrentHolds,
      pauseBudgetSeconds: 0.1,
      proc: '/proc',
    },
    {
      api: cuttable(kubeClient(transport), () => isCut),
      leaseApi: cuttable(leaseClient(transport), () => isCut),
      metrics,
      registry,
      version: '0.0.0',
      clock,
      random: Math.random,
      log,
      gate: new DiskGate(clock),
      guard: new GuardKeeper({ door: hollowDoor(), clock, log }),
      start: async () => await Promise.resolve(tracer),
      rehearse: async () => await Promise.resolve(undefined),
      resolve: async (one, request) => await one.resolve(request, { proc: '/proc', self: 1 }),
      readCmdlines: async () => await Promise.resolve(new Map()),
      die: () => log.error('a hollow agent wanted to die', { node: place.node }),
    },
    stopping.signal,
  );
  const stop = async (): Promise<void> => {
    stopping.abort();
    await done;
    await transport.close();
  };
  return {
    stop,
    vanish: async () => {
      isCut = true;
      await transport.close();
      await stop();
    },
  };
}

function accessOf({ token }: AgentPlace, { origin, ca }: Surroundings): AccessSource {
  const tls = { ca };
  const access = {
    origin,
    basePath: '',
    proxy: undefined,
    headers: { authorization: `Bearer ${token}` },
    tls,
    fingerprint: fingerprint(origin, undefined, tls),
  };
  return { serverName: new URL(origin).host, namespace: undefined, read: async () => await Promise.resolve(access) };
}

/** The same API, of which nothing arrives while `isCut` returns true. */
function cuttable<T extends LeaseApi>(api: T, isCut: () => boolean): T {
  return new Proxy(api, {
    get: (target, name: keyof T & string) => (isCut() ? unreachable : target[name]),
  });
}

async function unreachable(): Promise<KubeResult<never>> {
  return await Promise.resolve(failure({ method: '', path: '', reason: 'Unreachable', message: 'the machine is off' }));
}
