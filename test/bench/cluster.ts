/**
 * `make bench-cluster`: the cost of a Checkpoint in a real cluster: the time from create to Succeeded, the API writes, and the memory of the agent.
 * Prints Markdown, and with WRITE=1 also writes the Markdown into docs/performance.md. RUNS (50) is the number of timed Checkpoints, SOAK
 * (1000) the number of Checkpoints before the second memory figure.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CHECKPOINTS, type Checkpoint } from '../../src/api/kinds.js';
import { distribution } from '../../src/node-agent/pure/summary.js';
import { pidsOf, testCluster } from '../cluster/e2e/node-view.js';
import { sleeper } from '../cluster/e2e/pods.js';
import { openWorld, succeeded, value, type World } from '../cluster/e2e/world.js';
import type { Cluster } from '../cluster/harness/cluster.js';
import { REPOSITORY } from '../kernel/harness/programs.js';

const RUNS = Number(process.env['RUNS'] ?? 50);
const SOAK = Number(process.env['SOAK'] ?? 1000);
const AT_ONCE = 4;
const MARKERS = /(<!-- bench-cluster -->\n)[^]*(<!-- \/bench-cluster -->)/;

interface Timed {
  readonly milliseconds: number;
  readonly captureMilliseconds: number;
}

const cluster = testCluster();
if (cluster === undefined) throw new Error('STASIS_TEST_CLUSTER names no cluster: run make bench-cluster');
const world = await openWorld('bench', 'node-2');
let lines: string[];
try {
  lines = await measure(cluster, world);
} finally {
  await world.close();
}
process.stdout.write(`${lines.join('\n')}\n`);
if (process.env['WRITE'] === '1') {
  const file = join(REPOSITORY, 'docs/performance.md');
  writeFileSync(file, readFileSync(file, 'utf8').replace(MARKERS, `$1\n${lines.join('\n')}\n\n$2`));
}

async function measure(on: Cluster, where: World): Promise<string[]> {
  await where.createPod('target', [sleeper('sleeper')]);
  await where.running('target');
  // The first Checkpoints warm the code paths up. The pause after them lets the cluster become idle.
  for (let index = 0; index < 5; index++) await timed(where, `warm-${index}`);
  await sleep(2000);
  const idle = await agentMemory(on);

  const before = new Date();
  const runs: Timed[] = [];
  for (let index = 0; index < RUNS; index++) runs.push(await timed(where, `run-${index}`));
  // The Events arrive a little later than the end of a Checkpoint.
  await sleep(2000);
  const writes = writesSince(on, before, where.namespace) / RUNS;

  for (let index = 0; index < SOAK; index += AT_ONCE)
    await Promise.all(
      Array.from({ length: AT_ONCE }, async (_, lane) => {
        await where.create(`soak-${index + lane}`, { podName: 'target', ttlSecondsAfterFinished: 0 });
        await where.expectGone(`soak-${index + lane}`);
      }),
    );
  await sleep(2000);
  const after = await agentMemory(on);

  const whole = distribution(runs.map(({ milliseconds }) => milliseconds));
  const beyond = distribution(runs.map((run) => run.milliseconds - run.captureMilliseconds));
  return [
    `Two nodes, Kubernetes 1.37, ${new Date().toISOString().slice(0, 10)}; a pod of one container with two processes.`,
    '',
    '| what | figure | goal |',
    '|---|---|---|',
    `| one Checkpoint from create to Succeeded: median, p99 of ${RUNS} | ${whole.median.toFixed(0)} ms, ${whole.p99.toFixed(0)} ms | |`,
    `| of it beyond the capture itself: median | **${beyond.median.toFixed(0)} ms** | under 150 ms |`,
    `| API writes a Checkpoint, over all writers, its creation and Events included | **${writes.toFixed(1)}** | at most 10 |`,
    `| agent's memory (RSS), idle | **${idle.toFixed(0)} MB** | under 120 MB |`,
    `| the same after ${SOAK} captures more | **${after.toFixed(0)} MB** | flat |`,
  ];
}

/** Times one Checkpoint by a watch, without polling: from the start of the request until the arrival of the event that carries the end. */
async function timed(where: World, name: string): Promise<Timed> {
  const stop = new AbortController();
  const { namespace } = where;
  const now = value(await where.api.list(CHECKPOINTS, { namespace, limit: 1 })).metadata.resourceVersion;
  const events = value(
    await where.api.watch<Checkpoint>(CHECKPOINTS, {
      namespace,
      fieldSelector: `metadata.name=${name}`,
      resourceVersion: now,
      timeoutSeconds: 60,
      signal: stop.signal,
    }),
  );
  const began = performance.now();
  await where.create(name, { podName: 'target' });
  for await (const event of events) {
    if (event.type !== 'ADDED' && event.type !== 'MODIFIED') continue;
    const end = succeeded(event.object);
    if (end === undefined || end.status === 'Unknown') continue;
    const milliseconds = performance.now() - began;
    stop.abort();
    if (end.status !== 'True') throw new Error(`${name}: ${end.reason}: ${end.message}`);
    const timings = event.object.status?.pods?.[0]?.timings;
    const capture = (timings?.resolveMicroseconds ?? 0) + (timings?.pauseMicroseconds ?? 0);
    return { milliseconds, captureMilliseconds: capture / 1000 };
  }
  throw new Error(`${name}: the watch ended before the Checkpoint did`);
}

interface AuditEvent {
  readonly verb: string;
  readonly stage: string;
  readonly requestReceivedTimestamp: string;
  readonly objectRef?: { readonly resource?: string; readonly namespace?: string };
}

/** Counts the writes to Checkpoints, PodCaptures and their Events in the namespace. */
function writesSince(on: Cluster, since: Date, namespace: string): number {
  return on.auditEvents().filter((event) => {
    const { verb, stage, requestReceivedTimestamp, objectRef } = event as unknown as AuditEvent;
    return (
      stage === 'ResponseComplete' &&
      objectRef?.namespace === namespace &&
      ['checkpoints', 'podcaptures', 'events'].includes(objectRef.resource ?? '') &&
      ['create', 'update', 'patch', 'delete'].includes(verb) &&
      Date.parse(requestReceivedTimestamp) >= since.getTime()
    );
  }).length;
}

/** Returns the resident memory of the agent of node-2, in MB. */
async function agentMemory(on: Cluster): Promise<number> {
  const node = on.node('node-2');
  const sizes = await Promise.all(
    (await pidsOf(node, 'node-agent')).map(async (pid) => {
      const { stdout } = await node.exec(['grep', 'VmRSS', `/proc/${pid}/status`]);
      return Number(/\d+/.exec(stdout)?.[0] ?? 0) / 1024;
    }),
  );
  // Short-lived processes (the cmdline reader, a shell) have the same words in their command line, and are smaller.
  const size = Math.max(0, ...sizes);
  if (size === 0) throw new Error('no agent runs on node-2');
  return size;
}
