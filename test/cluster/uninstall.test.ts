/** Tests `helm uninstall` on a separate cluster, in the middle of a hold and with Checkpoints in every state. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { REPOSITORY } from '../kernel/harness/programs.js';
import { apiClient, MERGE_PATCH, until, type ApiClient } from './api-client.js';
import type { Cluster } from './harness/cluster.js';
import { up } from './harness/up.js';
import { install, STASIS_NAMESPACE } from './installed.js';

jest.setTimeout(180_000);

const IMAGE = join(REPOSITORY, 'build/stasis-image.tar');
const STASIS = '/apis/stasis.dev/v1alpha1';
const CHECKPOINTS = `${STASIS}/namespaces/default/checkpoints`;
const PODS = '/api/v1/namespaces/default/pods';
const NAMES = { apiVersion: 'stasis.dev/v1alpha1', kind: 'Checkpoint' };

/** The author of a hold that `helm uninstall` ends did not ask for its end. */
const ENDED_BY_UNINSTALL = /^(True Captured|False HoldCutShort)$/;

interface Listed {
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly finalizers?: string[];
    readonly labels?: Record<string, string>;
  };
  readonly spec?: { readonly nodeName?: string };
  readonly status?: { readonly conditions?: { type: string; status: string; reason: string; message: string }[] };
}

let cluster: Cluster;
let api: ApiClient;

async function list(path: string): Promise<readonly Listed[]> {
  const { code, json } = await api.request('GET', path);
  return code === 404 ? [] : ((json['items'] ?? []) as Listed[]);
}

async function states(): Promise<Record<string, string>> {
  const found = await list(`${STASIS}/checkpoints`);
  return Object.fromEntries(
    found.map(({ metadata: { name }, status }) => {
      const succeeded = status?.conditions?.find(({ type }) => type === 'Succeeded');
      return [name, `${succeeded?.status} ${succeeded?.reason}`];
    }),
  );
}

/** Installs the chart, and waits until its pods are ready. */
async function installReady(...settings: readonly string[]): Promise<void> {
  await install(cluster, ...settings);
  await until('every pod of the release to be ready', async () => {
    const found = await list(`/api/v1/namespaces/${STASIS_NAMESPACE}/pods`);
    const ready = found.filter(({ status }) =>
      status?.conditions?.some((one) => one.type === 'Ready' && one.status === 'True'),
    );
    return found.length === 4 && ready.length === 4 ? true : undefined;
  });
}

async function uninstall(): Promise<void> {
  const ran = await cluster.helm(['uninstall', 'stasis', '-n', STASIS_NAMESPACE]);
  if (ran.status !== 0) throw new Error(`helm uninstall: ${ran.stderr}`);
}

async function create(name: string, spec: object, metadata: object = {}): Promise<void> {
  await api.must('POST', CHECKPOINTS, { body: { ...NAMES, metadata: { name, ...metadata }, spec } });
}

async function reached(name: string, state: string): Promise<void> {
  await until(`${name} to be ${state}`, async () => ((await states())[name] === state ? true : undefined));
}

/** Lists what the release left behind: objects with its label, its Leases, and objects with Stasis's finalizer. */
async function leftovers(): Promise<string[]> {
  const namespaced = ['api/v1/pods', 'api/v1/services', 'api/v1/serviceaccounts', 'apis/apps/v1/deployments'];
  const more = ['apis/apps/v1/daemonsets', 'apis/batch/v1/jobs', 'apis/policy/v1/poddisruptionbudgets'];
  const rbac = ['roles', 'rolebindings', 'clusterroles', 'clusterrolebindings'];
  const policies = ['validatingadmissionpolicies', 'validatingadmissionpolicybindings'];
  const paths = [
    ...namespaced.concat(more).map((path) => `/${path}`),
    ...rbac.map((plural) => `/apis/rbac.authorization.k8s.io/v1/${plural}`),
    ...policies.map((plural) => `/apis/admissionregistration.k8s.io/v1/${plural}`),
    '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
  ];
  const labelled = await Promise.all(
    paths.map((path) => list(`${path}?labelSelector=app.kubernetes.io/instance=stasis`)),
  );
  const leases = await list(`/apis/coordination.k8s.io/v1/namespaces/${STASIS_NAMESPACE}/leases`);
  const objects = [...(await list(`${STASIS}/checkpoints`)), ...(await list(`${STASIS}/podcaptures`))];
  const finalized = objects.filter(({ metadata }) => metadata.finalizers?.includes('stasis.dev/release'));
  return [...labelled.flat(), ...leases, ...finalized].map(({ metadata }) => metadata.name).sort();
}

/** Writes of Stasis's own accounts that the server refused because the chart lacks a permission. */
function refusedWrites(): unknown[] {
  const events = cluster.auditEvents() as { user: { username: string }; responseStatus?: { code: number } }[];
  return events.filter(
    ({ user, responseStatus }) =>
      user.username.startsWith(`system:serviceaccount:${STASIS_NAMESPACE}:`) && responseStatus?.code === 403,
  );
}

/** The pod beats every 50 ms, so a missing beat shows that it is held. */
async function beats(): Promise<number> {
  return (await api.must('GET', `${PODS}/web/log`)).text.split('\n').length;
}

const describeWithImage = existsSync(IMAGE) ? describe : describe.skip;
if (!existsSync(IMAGE))
  process.stderr.write('skipped: helm uninstall: there is no build/stasis-image.tar (make image)\n');

describeWithImage('helm uninstall', () => {
  beforeAll(async () => {
    cluster = await up({ name: 'stasis-uninstall', nodes: 2 });
    api = apiClient(readFileSync(cluster.kubeconfig, 'utf8'));
    await cluster.loadImage(IMAGE);
    const script = 'trap "exit 0" TERM; while :; do echo beat; usleep 50000; done';
    await api.must('POST', PODS, {
      body: {
        metadata: { name: 'web' },
        spec: { containers: [{ name: 'app', image: 'stasis.test/busybox:1', command: ['sh', '-c', script] }] },
      },
    });
    await until('the pod to run', async () =>
      (await api.request('GET', `${PODS}/web/log`)).code === 200 ? true : undefined,
    );
  });

  afterAll(async () => {
    api.close();
    await cluster.down();
  });

  test('keeps the kinds, ends every Checkpoint, and releases every pod', async () => {
    await installReady();
    await create('done', { podName: 'web' });
    await reached('done', 'True Captured');
    await create('refused', { podName: 'no-such-pod' });
    await reached('refused', 'False PodNotFound');
    await create('held', { podName: 'web', hold: { seconds: 600 } });
    await reached('held', 'Unknown Holding');
    await create('waits', { podName: 'web' });
    await create('deleted', { podName: 'web', hold: { seconds: 600 } });
    await reached('waits', 'Unknown PodBusy');
    await reached('deleted', 'Unknown PodBusy');
    await create('someone-elses', { podName: 'web' }, { finalizers: ['example.com/other', 'stasis.dev/release'] });
    await api.must('DELETE', `${CHECKPOINTS}/deleted`);
    expect(refusedWrites()).toEqual([]);
    const before = await beats();
    await uninstall();
    await until('the pod to continue', async () => ((await beats()) > before ? true : undefined), 10);
    expect(await states()).toMatchObject({
      done: 'True Captured',
      refused: 'False PodNotFound',
      held: expect.stringMatching(ENDED_BY_UNINSTALL),
      waits: 'False Cancelled',
      'someone-elses': 'False Cancelled',
    });
    const kinds = ['checkpoints.stasis.dev', 'podcaptures.stasis.dev'];
    await until('everything except the kinds to be gone', async () =>
      (await leftovers()).join() === kinds.join() ? true : undefined,
    );
  });

  test('leaves Checkpoints that the next installation does not carry out', async () => {
    await api.must('PATCH', `${CHECKPOINTS}/someone-elses`, {
      body: { metadata: { finalizers: null } },
      contentType: MERGE_PATCH,
    });
    // This Checkpoint was created while there was no controller, so the next one carries it out.
    await create('between', { podName: 'web' });
    await installReady('crds.keep=false');
    await reached('between', 'True Captured');
    expect(await states()).toMatchObject({ held: expect.stringMatching(ENDED_BY_UNINSTALL), waits: 'False Cancelled' });
    const captures = await list(`${STASIS}/podcaptures`);
    expect(captures.map(({ metadata }) => metadata.name.replace(/-[0-9a-f]{10}$/, '')).sort()).toEqual([
      'between',
      'done',
      'held',
    ]);
  });

  test('leaves nothing without crds.keep, even when the agent that held a pod is gone and a namespace is being deleted', async () => {
    await api.must('POST', '/api/v1/namespaces', { body: { metadata: { name: 'going' } } });
    const agents = `/apis/apps/v1/namespaces/${STASIS_NAMESPACE}/daemonsets/stasis-node-agent`;
    const nowhere = { spec: { template: { spec: { nodeSelector: { nowhere: 'here' } } } } };
    await create('held-again', { podName: 'web', hold: { seconds: 600 } });
    await reached('held-again', 'Unknown Holding');
    // A capture with the finalizer that nobody will ever carry out, in a namespace that is being deleted.
    const capture = {
      apiVersion: 'stasis.dev/v1alpha1',
      kind: 'PodCapture',
      metadata: { name: 'orphan', finalizers: ['stasis.dev/release'] },
      spec: {
        nodeName: 'no-such-node',
        podName: 'web',
        podUID: 'x',
        containers: [{ name: 'app', containerID: 'x' }],
        freezer: 'Auto',
        timeoutSeconds: 10,
        dryRun: false,
      },
    };
    await api.must('PATCH', agents, { body: nowhere, contentType: MERGE_PATCH });
    await api.must('PATCH', `/apis/apps/v1/namespaces/${STASIS_NAMESPACE}/deployments/stasis-controller`, {
      body: { spec: { replicas: 0 } },
      contentType: MERGE_PATCH,
    });
    await until('the controller to stop', async () =>
      (await list(`/api/v1/namespaces/${STASIS_NAMESPACE}/pods`)).length === 0 ? true : undefined,
    );
    const headers = {
      'Impersonate-User': `system:serviceaccount:${STASIS_NAMESPACE}:stasis-controller`,
      'Impersonate-Group': 'system:masters',
    };
    await api.must('POST', `${STASIS}/namespaces/going/podcaptures`, { body: capture, headers });
    await api.must('DELETE', '/api/v1/namespaces/going');
    await uninstall();
    await until('everything to be gone', async () => ((await leftovers()).length === 0 ? true : undefined));
    await until('the namespace to be gone', async () =>
      (await api.request('GET', '/api/v1/namespaces/going')).code === 404 ? true : undefined,
    );
    await api.must('DELETE', `/api/v1/namespaces/${STASIS_NAMESPACE}`);
    const gone = await until('the namespace of Stasis to be gone', async () => {
      const { code } = await api.request('GET', `/api/v1/namespaces/${STASIS_NAMESPACE}`);
      return code === 404 ? code : undefined;
    });
    expect(gone).toBe(404);
  });
});
