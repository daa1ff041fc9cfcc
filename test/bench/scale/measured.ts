/** Measures what a stretch of load costs: memory and CPU time of all programs, and API writes. */
import { setTimeout as sleep } from 'node:timers/promises';
import { REPLICAS } from './controllers.js';
import type { Site } from './site.js';
import { sample, type Usage } from './usage.js';
import { auditPosition, writesBetween, type Writes } from './writes.js';

export interface Measured {
  readonly seconds: number;
  readonly leader: Usage;
  readonly standby: Usage;
  readonly apiServer: Usage;
  readonly etcd: Usage;
  /** Share of one core of all hollow agents together. */
  readonly agentsCores: number;
  /** Resident memory of all hollow agents together at the end, in bytes. */
  readonly agentsRss: number;
  readonly writes: Writes;
}

/** Events are written with a delay. */
const LATE_WRITES_MS = 3_000;
const NOTHING: Usage = { peakRss: 0, meanRss: 0, cores: 0 };

export async function measured(site: Site, namespaces: string, load: () => Promise<void>): Promise<Measured> {
  const { cluster, controllers, agents } = site;
  const leader = await controllers.leader();
  const from = auditPosition(cluster);
  const agentsBefore = await agents.usage();
  const began = performance.now();
  const sampling = sample(cluster.control, [...REPLICAS, 'kube-apiserver', 'etcd']);
  await load();
  const seconds = (performance.now() - began) / 1000;
  const used = sampling.stop();
  const agentsAfter = await agents.usage();
  await sleep(LATE_WRITES_MS);
  if ((await controllers.leader()) !== leader)
    process.stderr.write('scale: the leader changed during the measurement\n');
  const of = (name: string | undefined): Usage => used[name ?? ''] ?? NOTHING;
  return {
    seconds,
    leader: of(leader),
    standby: of(REPLICAS.find((name) => name !== leader)),
    apiServer: of('kube-apiserver'),
    etcd: of('etcd'),
    agentsCores: (agentsAfter.cpuSeconds - agentsBefore.cpuSeconds) / seconds,
    agentsRss: agentsAfter.rss,
    writes: await writesBetween(cluster, from, auditPosition(cluster), namespaces),
  };
}
