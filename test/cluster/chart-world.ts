/** A cluster with the image of Stasis and one pod that beats, for tests of how the chart is installed and removed. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { REPOSITORY } from '../kernel/harness/programs.js';
import { apiClient, until, type ApiClient } from './api-client.js';
import type { Cluster } from './harness/cluster.js';
import { must, run, type Ran } from './harness/run.js';
import { furtherProgram } from './harness/tools.js';
import { up } from './harness/up.js';
import { STASIS_NAMESPACE } from './installed.js';
import { CHART } from './rendered-chart.js';

export const STASIS = '/apis/stasis.dev/v1alpha1';
export const CHECKPOINTS = `${STASIS}/namespaces/default/checkpoints`;
export const KINDS = ['checkpoints.stasis.dev', 'podcaptures.stasis.dev'];
const IMAGE = join(REPOSITORY, 'build/stasis-image.tar');
const PODS = '/api/v1/namespaces/default/pods';
const NAMES = { apiVersion: 'stasis.dev/v1alpha1', kind: 'Checkpoint' };

/** Processes of the pod `crowd`: more than a status shows. */
const CROWD = 150;
/** What ends in this way ended because Stasis was removed or replaced: its author did not ask for that. */
export const ENDED_BY_OTHERS = /^(True Captured|False HoldCutShort|False NodeAgentRestarted)$/;

export type Helm = 'helm' | 'helm4';

interface Listed {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly finalizers?: string[] };
  readonly spec?: { readonly replicas?: number };
  readonly status?: { readonly conditions?: { type: string; status: string; reason: string; message: string }[] };
}

export type ChartWorld = Awaited<ReturnType<typeof openChartWorld>>;

/** Whether the image was built; says so if not. */
export function hasImage(topic: string): boolean {
  if (existsSync(IMAGE)) return true;
  process.stderr.write(`skipped: ${topic}: there is no build/stasis-image.tar (make image)\n`);
  return false;
}

/** Whether this clone has the commit; says so if not. */
export function hasCommit(commit: string, topic: string): boolean {
  const { status } = spawnSync('git', ['cat-file', '-e', `${commit}^{commit}`], { cwd: REPOSITORY, stdio: 'ignore' });
  if (status !== 0) process.stderr.write(`skipped: ${topic}: this clone has no commit ${commit}\n`);
  return status === 0;
}

export async function openChartWorld(name: string) {
  const cluster = await up({ name, nodes: 2 });
  const api = apiClient(readFileSync(cluster.kubeconfig, 'utf8'));
  const scratch = mkdtempSync(join(tmpdir(), 'stasis-chart-'));
  await cluster.loadImage(IMAGE);
  const script = 'trap "exit 0" TERM; while :; do echo beat; usleep 50000; done';
  const containers = [{ name: 'app', image: 'stasis.test/busybox:1', command: ['sh', '-c', script] }];
  await api.must('POST', PODS, { body: { metadata: { name: 'web' }, spec: { containers } } });
  await until('the pod to run', async () =>
    (await api.request('GET', `${PODS}/web/log`)).code === 200 ? true : undefined,
  );
  const many = ['sh', '-c', `for i in $(seq ${CROWD}); do sleep 36000 & done; wait`];
  const crowd = [{ name: 'app', image: 'stasis.test/busybox:1', command: many }];
  await api.must('POST', PODS, { body: { metadata: { name: 'crowd' }, spec: { containers: crowd } } });
  return { ...operations(cluster, api), cluster, api, scratch, close: async () => await close(cluster, api, scratch) };
}

async function close(cluster: Cluster, api: ApiClient, scratch: string): Promise<void> {
  rmSync(scratch, { recursive: true });
  api.close();
  await cluster.down();
}

function operations(cluster: Cluster, api: ApiClient) {
  const list = async (path: string): Promise<readonly Listed[]> => {
    const { code, json } = await api.request('GET', path);
    return code === 404 ? [] : ((json['items'] ?? []) as Listed[]);
  };
  const states = async (): Promise<Record<string, string>> =>
    Object.fromEntries(
      (await list(`${STASIS}/checkpoints`)).map(({ metadata, status }) => {
        const succeeded = status?.conditions?.find(({ type }) => type === 'Succeeded');
        return [metadata.name, `${succeeded?.status} ${succeeded?.reason}`];
      }),
    );
  const beats = async (): Promise<number> => (await api.must('GET', `${PODS}/web/log`)).text.split('\n').length;
  /** Runs one of the helms, which must succeed. */
  const helm = async (which: Helm, ...args: readonly string[]): Promise<Ran> => {
    const ran = await runHelm(cluster, which, args);
    if (ran.status !== 0) throw new Error(`${which} ${args.join(' ')}: ${ran.stderr}${ran.stdout}`);
    return ran;
  };
  return {
    list,
    states,
    helm,
    helmRefused: async (which: Helm, ...args: readonly string[]): Promise<string> => {
      const ran = await runHelm(cluster, which, args);
      if (ran.status === 0) throw new Error(`${which} ${args.join(' ')} succeeded`);
      return ran.stderr;
    },
    kubectl: async (args: readonly string[], input?: string): Promise<string> => {
      const ran = await cluster.kubectl(args, input === undefined ? {} : { input });
      if (ran.status !== 0) throw new Error(`kubectl ${args.join(' ')}: ${ran.stderr}`);
      return ran.stdout;
    },
    create: async (name: string, spec: object): Promise<void> => {
      await api.must('POST', CHECKPOINTS, { body: { ...NAMES, metadata: { name }, spec } });
    },
    reached: async (name: string, state: string): Promise<void> => {
      await until(`${name} to be ${state}`, async () => ((await states())[name] === state ? true : undefined), 60);
    },
    /** Nothing holds the pod: it beats. */
    free: async (): Promise<void> => {
      const before = await beats();
      await until('the pod to go on', async () => ((await beats()) > before ? true : undefined), 20);
    },
    replicas: async (): Promise<number | undefined> => {
      const path = `/apis/apps/v1/namespaces/${STASIS_NAMESPACE}/deployments/stasis-controller`;
      return ((await api.must('GET', path)).json as unknown as Listed).spec?.replicas;
    },
    /** Names of objects of the release that are still there, and of objects with Stasis's finalizer. */
    leftovers: async (): Promise<readonly string[]> => {
      const core = ['pods', 'services', 'serviceaccounts', 'configmaps', 'secrets'].map(
        (plural) => `/api/v1/${plural}`,
      );
      const rbac = ['roles', 'rolebindings', 'clusterroles', 'clusterrolebindings'];
      const policies = ['validatingadmissionpolicies', 'validatingadmissionpolicybindings'];
      const paths = [
        ...core,
        ...['deployments', 'daemonsets'].map((plural) => `/apis/apps/v1/${plural}`),
        '/apis/batch/v1/jobs',
        '/apis/policy/v1/poddisruptionbudgets',
        '/apis/networking.k8s.io/v1/networkpolicies',
        ...rbac.map((plural) => `/apis/rbac.authorization.k8s.io/v1/${plural}`),
        ...policies.map((plural) => `/apis/admissionregistration.k8s.io/v1/${plural}`),
        '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
      ];
      const selector = '?labelSelector=app.kubernetes.io/name=stasis';
      const labelled = await Promise.all(paths.map(async (path) => await list(`${path}${selector}`)));
      const objects = [...(await list(`${STASIS}/checkpoints`)), ...(await list(`${STASIS}/podcaptures`))];
      const finalized = objects.filter(({ metadata }) => metadata.finalizers?.includes('stasis.dev/release'));
      return [...labelled.flat(), ...finalized].map(({ metadata }) => metadata.name).sort();
    },
  };
}

async function runHelm(cluster: Cluster, which: Helm, args: readonly string[]): Promise<Ran> {
  const { command, env } = cluster.tool('helm');
  return await run([which === 'helm' ? command : await furtherProgram(which), ...args], { env });
}

/** The name of the images that are made of earlier commits, whose version is the same as that of this source tree. */
export const EARLIER = 'stasis.test/earlier';

/** Makes the chart and the image (called EARLIER) of a commit, as they were then. Takes up to two minutes. */
export async function earlier(
  commit: string,
  folder: string,
): Promise<{ readonly chart: string; readonly image: string }> {
  mkdirSync(folder);
  const archive = execFileSync('git', ['archive', commit], { cwd: REPOSITORY, maxBuffer: 1 << 28 });
  execFileSync('tar', ['-x', '-C', folder], { input: archive });
  symlinkSync(join(REPOSITORY, 'node_modules'), join(folder, 'node_modules'));
  const layout = join(folder, 'deploy/image/oci-layout.mjs');
  const text = readFileSync(layout, 'utf8').replace("'ghcr.io/stasis-dev/stasis'", `'${EARLIER}'`);
  writeFileSync(layout, text);
  const build = 'npx tsc --build && make -s -f src/guard/guard.mk && sh deploy/image/build.sh';
  await must(['sh', '-c', `cd "$0" && { ${build}; }`, folder]);
  return { chart: join(folder, 'deploy/helm'), image: join(folder, 'build/stasis-image.tar') };
}

/** Makes a chart that has the chart of this source tree as a dependency. */
export function parentChart(folder: string): string {
  const { version } = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8')) as { version: string };
  mkdirSync(join(folder, 'charts'), { recursive: true });
  execFileSync('cp', ['-r', CHART, join(folder, 'charts/stasis')]);
  const dependency = `dependencies: [{ name: stasis, version: ${version}, repository: '', condition: stasis.enabled }]`;
  writeFileSync(join(folder, 'Chart.yaml'), `apiVersion: v2\nname: platform\nversion: 1.0.0\n${dependency}\n`);
  writeFileSync(
    join(folder, 'values.yaml'),
    'global: { tier: gold }\nstasis: { enabled: true, controller: { workers: 2 } }\n',
  );
  return folder;
}
