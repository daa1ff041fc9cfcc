/**
 * Installs, upgrades, rolls back and removes the chart with Helm 3 and 4, as a dependency, and without Helm, with
 * Checkpoints in every state. Each test leaves a cluster without Stasis, except for the kinds.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { parseAllDocuments } from 'yaml';
import { until } from './api-client.js';
import {
  CHECKPOINTS,
  EARLIER,
  earlier,
  ENDED_BY_OTHERS,
  hasCommit,
  hasImage,
  KINDS,
  openChartWorld,
  parentChart,
  STASIS,
  type ChartWorld,
} from './chart-world.js';
import { STASIS_NAMESPACE } from './installed.js';
import { CHART } from './rendered-chart.js';

jest.setTimeout(600_000);

/** The last version whose hook ran wherever it was applied, and whose kinds were not kept. */
const BEFORE = 'a4a5b5aabd099e3a007f65a28ba38f11b40f2288';
const HERE = ['-n', STASIS_NAMESPACE];
const WAIT = [...HERE, '--wait', '--timeout', '3m'];
const INSTALL = [...WAIT, '--create-namespace'];
/** Without the flag, an upgrade without values has those of the release before, as the name of the image. */
const UPGRADE = [...WAIT, '--reset-values'];
const TEMPLATE = ['template', 'stasis', CHART, ...HERE, '--kube-version', '1.34.0'];
const DEPLOYMENT = 'deployment/stasis-controller';
const FINISHED = /^(True|False) /;

let world: ChartWorld;
/** The folder of the chart of that version. */
let before: string;

/** The hold as this version has it, and as the version before had it. */
const HOLD = { hold: { seconds: 600 } };
const EARLIER_HOLD = { holdSeconds: 600 };

async function inEveryState(hold: object): Promise<void> {
  await world.create('done', { podName: 'web' });
  await world.reached('done', 'True Captured');
  await world.create('refused', { podName: 'no-such-pod' });
  await world.reached('refused', 'False PodNotFound');
  await world.create('crowded', { podName: 'crowd' });
  await world.reached('crowded', 'True Captured');
  await world.create('held', { podName: 'web', ...hold });
  await world.reached('held', 'Unknown Holding');
  await world.create('waits', { podName: 'web' });
  await world.reached('waits', 'Unknown PodBusy');
  await world.create('deleted', { podName: 'web', ...hold });
  await world.reached('deleted', 'Unknown PodBusy');
  await world.api.must('DELETE', `${CHECKPOINTS}/deleted`);
}

async function allFinished(): Promise<Record<string, string>> {
  return await until('every Checkpoint to end', async () => {
    const states = await world.states();
    return Object.values(states).every((state) => FINISHED.test(state)) ? states : undefined;
  });
}

/**
 * What the version before has left is read, waited for and deleted like everything else: neither a schema that refuses an
 * old status nor a finalizer stands in the way.
 */
async function earlierObjectsGo(): Promise<void> {
  await world.kubectl(['wait', '--for=condition=Finished', 'checkpoints', '--all', '--timeout=60s']);
  for (const name of ['done', 'crowded', 'refused', 'held', 'waits'])
    expect(await world.kubectl(['get', 'checkpoints,podcaptures'])).toContain(name);
  const texts = await world.kubectl(['get', 'checkpoints,podcaptures', '-o', 'yaml']);
  expect(texts).not.toContain('holdSeconds:');
  await world.kubectl(['label', 'checkpoints,podcaptures', '--all', 'stasis.test/touched=yes', '--overwrite']);
  await world.kubectl(['delete', 'checkpoints', '--all', '--timeout=60s']);
  await until('every PodCapture to be deleted', async () =>
    (await world.list(`${STASIS}/podcaptures`)).length === 0 ? true : undefined,
  );
}

async function works(name: string): Promise<void> {
  await world.create(name, { podName: 'web' });
  await world.reached(name, 'True Captured');
}

async function onlyKindsLeft(): Promise<void> {
  await until('everything except the kinds to be gone', async () =>
    (await world.leftovers()).join() === KINDS.join() ? true : undefined,
  );
  await world.free();
}

async function rolledOut(): Promise<void> {
  for (const workload of [DEPLOYMENT, 'daemonset/stasis-node-agent'])
    await world.kubectl(['rollout', 'status', workload, ...HERE, '--timeout=180s']);
}

/** Waits for every Job of the release, says what each logged, and removes it. */
async function saidByJobs(): Promise<readonly string[]> {
  const jobs = await world.list(`/apis/batch/v1/namespaces/${STASIS_NAMESPACE}/jobs`);
  return await Promise.all(
    jobs.map(async ({ metadata: { name } }) => {
      await world.kubectl(['wait', '--for=condition=Complete', `job/${name}`, ...HERE, '--timeout=120s']);
      const log = await world.kubectl(['logs', `job/${name}`, ...HERE]);
      await world.kubectl(['delete', 'job', name, ...HERE]);
      return log;
    }),
  );
}

const hasHistory = hasCommit(BEFORE, 'the upgrade of the chart');
const describeWithHistory = hasHistory ? describe : describe.skip;
const describeWithImage = hasImage('the life of the chart') ? describe : describe.skip;

describeWithImage('the chart', () => {
  beforeAll(async () => {
    world = await openChartWorld('stasis-chart');
    await world.kubectl(['create', 'namespace', STASIS_NAMESPACE]);
    if (!hasHistory) return;
    const made = await earlier(BEFORE, join(world.scratch, 'before'));
    await world.cluster.loadImage(made.image);
    before = made.chart;
  });

  afterAll(async () => {
    await world.close();
  });

  afterEach(async () => {
    // After a failure, so that the next test begins like the first.
    for (const release of ['stasis', 'ice'])
      await world.helm('helm', 'uninstall', release, ...HERE, '--ignore-not-found');
    await world.api.request('DELETE', CHECKPOINTS);
    await world.kubectl(['delete', 'crd', ...KINDS, '--ignore-not-found', '--timeout=60s']);
  });

  describeWithHistory('from the one before', () => {
    test.each(['helm', 'helm4'] as const)(
      '%s: upgrade from the chart before, test, rollback, upgrade and uninstall, in the middle of holds',
      async (helm) => {
        await world.helm(helm, 'install', 'stasis', before, ...INSTALL, '--set', `image.repository=${EARLIER}`);
        await inEveryState(EARLIER_HOLD);
        // Without `keep` on the kinds, this would delete them.
        expect(
          await world.helmRefused(helm, 'upgrade', 'stasis', CHART, ...HERE, '--set', 'crds.install=false'),
        ).toContain('helm.sh/resource-policy=keep');
        await world.helm(helm, 'upgrade', 'stasis', CHART, ...UPGRADE);
        expect(await allFinished()).toMatchObject({
          done: 'True Captured',
          crowded: 'True Captured',
          refused: 'False PodNotFound',
          held: expect.stringMatching(ENDED_BY_OTHERS),
        });
        await world.free();
        await works('upgraded');
        await earlierObjectsGo();
        expect((await world.helm(helm, 'test', 'stasis', ...HERE)).stdout).toContain('Succeeded');

        await world.create('held-too', { podName: 'web', ...HOLD });
        await world.reached('held-too', 'Unknown Holding');
        await world.helm(helm, 'rollback', 'stasis', '1', ...WAIT);
        await allFinished();
        await works('rolled-back');
        await world.helm(helm, 'upgrade', 'stasis', CHART, ...UPGRADE);
        await works('upgraded-again');
        // Now the kinds are kept, and stay, whoever manages them.
        await world.helm(helm, 'upgrade', 'stasis', CHART, ...UPGRADE, '--set', 'crds.install=false');
        await works('without-crds');

        await world.create('held-at-the-end', { podName: 'web', ...HOLD });
        await world.reached('held-at-the-end', 'Unknown Holding');
        await world.create('waits-at-the-end', { podName: 'web' });
        await world.reached('waits-at-the-end', 'Unknown PodBusy');
        await world.helm(helm, 'uninstall', 'stasis', ...HERE);
        expect(await world.states()).toMatchObject({
          'held-at-the-end': expect.stringMatching(ENDED_BY_OTHERS),
          'waits-at-the-end': 'False Cancelled',
        });
        await onlyKindsLeft();
      },
    );
  });

  test('on a release of Helm, what `helm template --dry-run=server` renders is applied, and uninstalls nothing', async () => {
    await world.helm('helm', 'install', 'stasis', CHART, ...INSTALL);
    const { stdout: manifests } = await world.helm('helm', ...TEMPLATE, '--dry-run=server');
    await world.kubectl(['apply', '--server-side', '--force-conflicts', '-f', '-'], manifests);
    expect(await saidByJobs()).toEqual([expect.stringContaining('nothing done')]);
    expect(await world.replicas()).toBe(2);
    await works('applied-over-a-release');
    await world.helm('helm', 'uninstall', 'stasis', ...HERE);
    // Helm knows nothing of the objects of the hook and of `helm test`.
    const { stdout: rest } = await world.helm('helm', ...TEMPLATE, '--set', 'crds.install=false', '--dry-run=server');
    await world.kubectl(['delete', '--ignore-not-found', '-f', '-'], rest);
    await onlyKindsLeft();
  });

  test('with secure metrics and network policies: installed, tested, upgraded with the same certificate', async () => {
    const values = ['--set', 'metrics.secure.enabled=true,networkPolicy.enabled=true,log.format=text'];
    const certificate = ['get', 'secret', 'stasis-metrics-tls', ...HERE, '-o', 'jsonpath={.data.tls\\.crt}'];
    await world.helm('helm4', 'install', 'stasis', CHART, ...INSTALL, ...values);
    const made = await world.kubectl(certificate);
    await world.helm('helm4', 'test', 'stasis', ...HERE);
    await world.helm('helm4', 'upgrade', 'stasis', CHART, ...UPGRADE, ...values);
    expect(await world.kubectl(certificate)).toBe(made);
    await works('secure');
    await world.helm('helm4', 'uninstall', 'stasis', ...HERE);
    await onlyKindsLeft();
  });

  test.each(['helm', 'helm4'] as const)('%s: as a dependency, with a condition and global values', async (helm) => {
    const parent = parentChart(join(world.scratch, `parent-${helm}`));
    await world.helm(helm, 'install', 'ice', parent, ...INSTALL, '--set', 'stasis.fullnameOverride=stasis');
    await works('as-a-dependency');
    expect((await world.helm(helm, 'test', 'ice', ...HERE)).stdout).toContain('Succeeded');
    await world.create('held', { podName: 'web', ...HOLD });
    await world.reached('held', 'Unknown Holding');
    await world.helm(helm, 'uninstall', 'ice', ...HERE);
    expect(await world.states()).toMatchObject({ held: expect.stringMatching(ENDED_BY_OTHERS) });
    await onlyKindsLeft();
    const off = ['template', 'ice', parent, '--kube-version', '1.34.0', '--set', 'stasis.enabled=false'];
    expect((await world.helm(helm, ...off)).stdout.trim()).toBe('');
  });

  test.each([
    ['helm template', [], []],
    // This one reaches the cluster, and so renders the hooks, which kubectl applies as ordinary objects.
    ['helm template --dry-run=server', ['--dry-run=server'], [expect.stringContaining('nothing done')]],
  ])('without Helm: what %s renders is applied, works, and is uninstalled when asked', async (_, more, said) => {
    const { stdout: manifests } = await world.helm('helm', ...TEMPLATE, ...more);
    await world.kubectl(['apply', '--server-side', '-f', '-'], manifests);
    await rolledOut();
    expect(await saidByJobs()).toEqual(said);
    expect(await world.replicas()).toBe(2);
    await works('applied');
    await world.create('held', { podName: 'web', ...HOLD });
    await world.reached('held', 'Unknown Holding');

    const now = ['--set', 'uninstall.now=true', '--show-only', 'templates/uninstall/*'];
    const { stdout: uninstall } = await world.helm('helm', ...TEMPLATE, ...now);
    await world.kubectl(['apply', '-f', '-'], uninstall);
    await world.kubectl(['wait', '--for=condition=Complete', 'job/stasis-uninstall', ...HERE, '--timeout=120s']);
    expect(await world.states()).toMatchObject({ held: expect.stringMatching(ENDED_BY_OTHERS) });
    await world.kubectl(['delete', '-f', '-'], uninstall);
    const { stdout: rest } = await world.helm('helm', ...TEMPLATE, '--set', 'crds.install=false', ...more);
    await world.kubectl(['delete', '--ignore-not-found', '-f', '-'], rest);
    await onlyKindsLeft();
  });
});

/** Kinds of operators that this cluster does not have. */
const FOREIGN = /^(monitoring\.coreos\.com|grafana\.integreatly\.org)\//;

/**
 * The objects that the values name. A pod, unlike a Deployment, is refused without its account and its classes, and a dry
 * run makes no account.
 */
const NEEDED = [
  ...[STASIS_NAMESPACE, 'frost-system', 'monitoring'].map((name) => named('v1', 'Namespace', { name })),
  named('v1', 'ServiceAccount', { name: 'stasis-test', namespace: STASIS_NAMESPACE }),
  named('v1', 'ServiceAccount', { name: 'stasis-ice-test', namespace: STASIS_NAMESPACE }),
  named('v1', 'ServiceAccount', { name: 'frost-test', namespace: 'frost-system' }),
  { ...named('node.k8s.io/v1', 'RuntimeClass', { name: 'gvisor' }), handler: 'runsc' },
]
  .map((object) => JSON.stringify(object))
  .join('\n---\n');

function named(apiVersion: string, kind: string, metadata: object): object {
  return { apiVersion, kind, metadata };
}

describeWithImage('the values of deploy/helm/ci', () => {
  beforeAll(async () => {
    world = await openChartWorld('stasis-chart-values');
    await world.kubectl(['apply', '-f', '-'], NEEDED);
  });

  afterAll(async () => {
    await world.close();
  });

  test.each(readdirSync(join(CHART, 'ci')))('%s renders objects that the API server accepts', async (file) => {
    const values = join(CHART, 'ci', file);
    const { stdout } = await world.helm('helm', ...TEMPLATE, '--dry-run=server', '-f', values);
    const documents = parseAllDocuments(stdout).filter((document) => !FOREIGN.test(String(document.get('apiVersion'))));
    expect(documents.length).toBeGreaterThan(10);
    const text = documents.map((document) => document.toString()).join('');
    await world.kubectl(['apply', '--server-side', '--dry-run=server', '-f', '-'], text);
  });
});
