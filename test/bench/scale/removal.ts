/** `helm uninstall` of a cluster with many finished PodCaptures and some pods that are held. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { asObject } from '../../../src/kube/json.js';
import { execIn } from '../../cluster/harness/place.js';
import { run, type Ran } from '../../cluster/harness/run.js';
import { STASIS_NAMESPACE } from '../../cluster/installed.js';
import { REPOSITORY } from '../../kernel/harness/programs.js';
import { identified } from './admin.js';
import { accountFolder, AS_POD } from './controllers.js';
import { inParallel } from './parallel.js';
import { leasesOfNodes, presentPods, type Site } from './site.js';

export interface RemovalResult {
  readonly holds: number;
  readonly captures: number;
  /** From the start of helm until its end. */
  readonly withinMs: number;
  /** Of it, the command of the Job. */
  readonly jobMs: number;
  /** What the Job logged. */
  readonly jobLog: readonly string[];
  readonly jobStatus: number;
  readonly helmStatus: number;
  /** What is left of the release afterwards, by kind. */
  readonly left: Readonly<Record<string, number>>;
}

const HOLDS = 50;
const HOLD_SECONDS = 3_600;
const BOUND_MS = 300_000;
const JOB = `/apis/batch/v1/namespaces/${STASIS_NAMESPACE}/jobs/stasis-uninstall`;
const SCALE = `/apis/apps/v1/namespaces/${STASIS_NAMESPACE}/deployments/stasis-controller`;

export async function removal(site: Site): Promise<RemovalResult> {
  const { cluster, controllers, timeline, settings } = site;
  const pods = presentPods(site).slice(0, HOLDS);
  const stories = await inParallel(pods, 16, async (pod, at) =>
    timeline.create(pod.namespace, `kept-${at}`, { podName: pod.name, hold: { seconds: HOLD_SECONDS } }),
  );
  await timeline.until(() => stories.every(({ held }) => held !== undefined), BOUND_MS);
  const { command, env } = cluster.tool('helm');
  const began = performance.now();
  const helm = run([command, 'uninstall', 'stasis', '-n', STASIS_NAMESPACE, '--timeout', '10m'], { env });
  const job = await asJob(site);
  const jobMs = performance.now() - began;
  const ended = await helm;
  const withinMs = performance.now() - began;
  await controllers.stop();
  if (job.status !== 0) process.stderr.write(job.stderr.slice(-4_000));
  if (ended.status !== 0) process.stderr.write(ended.stderr);
  return {
    holds: stories.filter(({ held }) => held !== undefined).length,
    captures: settings.archive,
    withinMs,
    jobMs,
    jobLog: job.stderr.split('\n').filter((line) => line !== ''),
    jobStatus: job.status,
    helmStatus: ended.status,
    left: await leftovers(site),
  };
}

/** Runs the command of helm's Job as its pod would, and reports its end as the Job's controller would. */
async function asJob(site: Site): Promise<Ran> {
  const { admin, cluster, chart } = site;
  await until(async () => (await admin.api.raw('GET', JOB)).ok);
  const pod = await admin.post(`/api/v1/namespaces/${STASIS_NAMESPACE}/pods`, {
    metadata: { name: 'stasis-uninstall' },
    spec: {
      schedulerName: 'none',
      serviceAccountName: 'stasis-uninstall',
      automountServiceAccountToken: false,
      containers: [{ name: 'uninstall', image: 'example.test/stasis:1' }],
    },
  });
  const token = await admin.token(STASIS_NAMESPACE, 'stasis-uninstall', identified(pod));
  const account = accountFolder(join(cluster.control.state, 'uninstall-account'), token, cluster.authority);
  const environment = [
    `POD_NAMESPACE=${STASIS_NAMESPACE}`,
    'KUBERNETES_SERVICE_HOST=10.96.0.1',
    'KUBERNETES_SERVICE_PORT=443',
  ];
  const argv = [join(REPOSITORY, 'bin/stasis'), ...chart.uninstallArguments];
  const script = [AS_POD, 'sh', account, String(chart.memoryLimit), 'stasis-uninstall', 'env', ...environment, ...argv];
  const running = execIn(cluster.control, ['unshare', '--mount', 'sh', '-c', ...script]);
  // The Deployment's controller and kubelet end the replicas once the Job has scaled them to none.
  await until(async () => {
    const spec = asObject((await admin.get(SCALE))['spec']);
    return spec?.['replicas'] === 0;
  });
  await site.controllers.stop();
  const ran = await running;
  await admin.remove(`/api/v1/namespaces/${STASIS_NAMESPACE}/pods/stasis-uninstall`);
  const time = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
  const type = ran.status === 0 ? 'Complete' : 'Failed';
  const before = ran.status === 0 ? 'SuccessCriteriaMet' : 'FailureTarget';
  const condition = { status: 'True', lastProbeTime: time, lastTransitionTime: time, reason: 'Bench', message: '' };
  await admin.merge(`${JOB}/status`, {
    status: {
      startTime: time,
      ...(ran.status === 0 ? { completionTime: time, succeeded: 1 } : { failed: 1 }),
      conditions: [
        { type: before, ...condition },
        { type, ...condition },
      ],
    },
  });
  return ran;
}

async function leftovers({ admin }: Site): Promise<Readonly<Record<string, number>>> {
  // The garbage collector deletes the Leases after the agents' account.
  const end = performance.now() + 30_000;
  let leases = await leasesOfNodes(admin);
  while (leases.length > 0 && performance.now() < end) {
    await sleep(500);
    leases = await leasesOfNodes(admin);
  }
  const finalized = await Promise.all(
    ['checkpoints', 'podcaptures'].map(async (plural) => await finalizedOf(admin, plural)),
  );
  return {
    leases: leases.length,
    checkpointsWithFinalizer: finalized[0] ?? 0,
    capturesWithFinalizer: finalized[1] ?? 0,
  };
}

async function finalizedOf(admin: Site['admin'], plural: string): Promise<number> {
  let count = 0;
  let more = '';
  do {
    const answer = await admin.api.raw('GET', `/apis/stasis.dev/v1alpha1/${plural}`, {
      query: { limit: '500', ...(more === '' ? {} : { continue: more }) },
    });
    // The kind may be gone with the release.
    if (!answer.ok) return count;
    const list = JSON.parse(answer.value.text) as {
      readonly items: readonly { readonly metadata: { readonly finalizers?: readonly string[] } }[];
      readonly metadata: { readonly continue?: string };
    };
    count += list.items.filter(({ metadata }) => (metadata.finalizers ?? []).length > 0).length;
    more = list.metadata.continue ?? '';
  } while (more !== '');
  return count;
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + BOUND_MS;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error('the uninstall does not get on');
    await sleep(100);
  }
}
