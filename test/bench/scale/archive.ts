/** Thousands of finished Checkpoints with large PodCaptures, and a controller that starts with them. */
import { setTimeout as sleep } from 'node:timers/promises';
import { captureName } from '../../../src/controller/capture-name.js';
import { boundLists } from '../../../src/node-agent/service/status-bounds.js';
import { containerCapture, timings } from '../../unit/builders.js';
import { identified } from './admin.js';
import { REPLICAS } from './controllers.js';
import { processTree } from './hollow-kernel.js';
import { inParallel } from './parallel.js';
import { makeNamespaces } from './population.js';
import { presentPods, type Site } from './site.js';
import { peakRss } from './usage.js';

export interface ArchiveResult {
  readonly captures: number;
  readonly bytesEach: number;
  /** Largest resident memory of each replica since its start, in bytes. */
  readonly peakRss: readonly number[];
  /** From the start of the processes until a new Checkpoint was captured. */
  readonly workingWithinMs: number;
  /** Whether both replicas lived. */
  readonly survived: boolean;
  readonly memoryLimit: number;
}

const NAMESPACES = 25;
const PROCESSES = 180;
/** What the agent leaves for the tree, of the 32 KiB of a status. */
const LIST_BYTES = 31 << 10;
const AT_ONCE = 24;
const STASIS = '/apis/stasis.dev/v1alpha1/namespaces';
const BOUND_MS = 120_000;

/** Makes the objects as the controller and the agents would have left them. The controllers must not run. */
export async function fillArchive(site: Site): Promise<number> {
  const { admin, settings } = site;
  const namespaces = Array.from({ length: NAMESPACES }, (_, at) => `archive-${at}`);
  await makeNamespaces(admin, namespaces);
  const status = captureStatus();
  const items = Array.from({ length: settings.archive }, (_, at) => at);
  await inParallel(items, AT_ONCE, async (at) => {
    const namespace = namespaces[at % NAMESPACES] ?? '';
    await fill(site, namespace, `old-${at}`, status);
  });
  return JSON.stringify(status).length;
}

export async function startWithArchive(site: Site, bytesEach: number): Promise<ArchiveResult> {
  const { controllers, timeline, cluster, chart, settings } = site;
  const began = performance.now();
  await controllers.start();
  const [pod] = presentPods(site);
  const story = await timeline.create(pod?.namespace ?? '', `after-${Date.now()}`, { podName: pod?.name ?? '' });
  await timeline.until(() => story.finished !== undefined, BOUND_MS);
  const workingWithinMs = performance.now() - began;
  // The garbage of the lists is collected, and whatever is done once a minute has been done.
  await sleep(60_000);
  const survived = await controllers.allRun();
  return {
    captures: settings.archive,
    bytesEach,
    peakRss: survived ? REPLICAS.map((name) => peakRss(cluster.control, name)) : [],
    workingWithinMs,
    survived,
    memoryLimit: chart.memoryLimit,
  };
}

async function fill({ admin }: Site, namespace: string, name: string, status: object): Promise<void> {
  const kinds = { apiVersion: 'stasis.dev/v1alpha1' };
  const checkpoints = `${STASIS}/${namespace}/checkpoints`;
  const spec = { podName: 'former' };
  const made = await admin.post(checkpoints, { ...kinds, kind: 'Checkpoint', metadata: { name }, spec });
  const owner = identified(made);
  await admin.asController('PATCH', `${checkpoints}/${name}/status`, { status: checkpointStatus() });
  const captures = `${STASIS}/${namespace}/podcaptures`;
  const capture = captureName(owner);
  const labels = { 'stasis.dev/checkpoint-uid': owner.uid, 'stasis.dev/checkpoint': name };
  const ownerReferences = [{ ...kinds, kind: 'Checkpoint', controller: true, blockOwnerDeletion: true, ...owner }];
  await admin.asController('POST', captures, {
    ...kinds,
    kind: 'PodCapture',
    metadata: { name: capture, labels, ownerReferences },
    spec: {
      // No agent claims the capture before it is finished.
      nodeName: 'former',
      podName: 'former',
      podUID: '0f8fad5b-d9cb-469f-a165-70867728950e',
      containers: [{ name: 'app', containerID: 'abc' }],
      freezer: 'Auto',
      timeoutSeconds: 10,
      dryRun: false,
    },
  });
  await admin.asController('PATCH', `${captures}/${capture}/status`, { status });
}

function conditions(types: readonly (readonly [string, string, string])[]): object[] {
  const lastTransitionTime = new Date().toISOString();
  return types.map(([type, status, reason]) => ({
    type,
    status,
    observedGeneration: 1,
    reason,
    message: '',
    lastTransitionTime,
  }));
}

function checkpointStatus(): object {
  const time = new Date().toISOString();
  return {
    observedGeneration: 1,
    startTime: time,
    completionTime: time,
    conditions: conditions([
      ['Dispatched', 'True', 'Dispatched'],
      ['Released', 'True', 'FreezersRestored'],
      ['Succeeded', 'True', 'Captured'],
      ['Finished', 'True', 'Captured'],
      ['Reconciling', 'False', 'Captured'],
    ]),
  };
}

/** The largest status that an agent writes. */
function captureStatus(): object {
  const tree = processTree(PROCESSES);
  const lists = boundLists({ containers: [containerCapture({ name: 'app' })], unfrozen: [], tree }, LIST_BYTES);
  const time = new Date().toISOString();
  return {
    observedGeneration: 1,
    claimedBy: 'hollow',
    startTime: time,
    completionTime: time,
    conditions: conditions([
      ['Released', 'True', 'FreezersRestored'],
      ['Succeeded', 'True', 'Captured'],
    ]),
    processes: PROCESSES,
    threads: PROCESSES,
    stopped: 0,
    zombies: 0,
    joined: 0,
    timings: timings({ pauseMicroseconds: 900 }),
    ...lists,
  };
}
