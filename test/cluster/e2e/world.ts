/**
 * A namespace for one topic in a cluster with Stasis installed, and the operations of the end-to-end tests in it. It
 * needs nothing from the machine: a kubeconfig in STASIS_TEST_KUBECONFIG names the cluster.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  CHECKPOINTS,
  PODCAPTURES,
  type Checkpoint,
  type CheckpointSpec,
  type Condition,
  type PodCapture,
} from '../../../src/api/kinds.js';
import { connect } from '../../../src/kube/connect.js';
import { describeError, type KubeResult } from '../../../src/kube/result.js';
import type { ObjectMeta } from '../../../src/api/object-meta.js';
import type { KubeObject, Resource } from '../../../src/kube/types.js';
import type { Container, Pod, PodSpec } from './pods.js';

export const PODS: Resource<Pod> = { group: '', version: 'v1', plural: 'pods', namespaced: true, kind: 'Pod' };
export const NAMESPACES: Resource = {
  group: '',
  version: 'v1',
  plural: 'namespaces',
  namespaced: false,
  kind: 'Namespace',
};
const EVENTS: Resource<Event> = {
  group: 'events.k8s.io',
  version: 'v1',
  plural: 'events',
  namespaced: true,
  kind: 'Event',
};

/** The fields of an events.k8s.io/v1 Event that the tests use. */
export interface Event extends KubeObject {
  readonly type: string;
  readonly reason: string;
  readonly note: string;
  readonly regarding: { readonly kind: string; readonly name: string };
  readonly reportingController: string;
}

interface Table {
  readonly columnDefinitions: readonly { readonly name: string; readonly priority: number }[];
  readonly rows: readonly { readonly cells: readonly unknown[] }[];
}

/** Factor for all time limits: an emulated machine is several times slower. */
export const PATIENCE = Number(process.env['STASIS_TEST_PATIENCE'] ?? '1');
const POLL_MS = 50;

export type World = Awaited<ReturnType<typeof openWorld>>;

/** Connects, and creates the namespace. `close` deletes the namespace. */
export async function openWorld(topic: string, nodeName?: string) {
  const kubeconfig = process.env['STASIS_TEST_KUBECONFIG'];
  const api = await connect({ ...(kubeconfig === undefined ? {} : { kubeconfig }), userAgent: 'stasis-e2e' });
  const made = value(await api.create(NAMESPACES, { metadata: { generateName: `e2e-${topic}-` } as object }));
  const namespace = made.metadata.name;
  await until(`the service account of ${namespace}`, async () => {
    const account = await api.raw('GET', `/api/v1/namespaces/${namespace}/serviceaccounts/default`);
    return account.ok ? true : undefined;
  });

  const getPod = async (name: string): Promise<Pod | undefined> => found(await api.get(PODS, { namespace, name }));
  const getCheckpoint = async (name: string): Promise<Checkpoint | undefined> =>
    found(await api.get(CHECKPOINTS, { namespace, name }));

  const create = async (name: string, spec: CheckpointSpec, metadata: Partial<ObjectMeta> = {}): Promise<Checkpoint> =>
    value(await api.create(CHECKPOINTS, { metadata: { ...metadata, name, namespace }, spec }));
  const statusOf = async (name: string): Promise<string> => JSON.stringify((await getCheckpoint(name))?.status);
  /** Waits until the condition Succeeded has one of these reasons. */
  const reached = async (name: string, ...reasons: string[]): Promise<Checkpoint> =>
    await until(
      `checkpoint ${name} to be ${reasons.join(' or ')}`,
      async () => {
        const checkpoint = await getCheckpoint(name);
        const reason = succeeded(checkpoint)?.reason;
        return reason !== undefined && reasons.includes(reason) ? checkpoint : undefined;
      },
      async () => await statusOf(name),
    );
  /** Waits until the Checkpoint has ended, successfully or not. */
  const ended = async (name: string, seconds?: number): Promise<Checkpoint> =>
    await until(
      `checkpoint ${name} to end`,
      async () => {
        const checkpoint = await getCheckpoint(name);
        return condition(checkpoint, 'Finished')?.status === 'True' ? checkpoint : undefined;
      },
      async () => await statusOf(name),
      seconds,
    );

  return {
    api,
    namespace,
    getPod,
    getCheckpoint,

    /** Creates a pod, on the node of this world if it has one. */
    async createPod(name: string, containers: readonly Container[], spec: Partial<PodSpec> = {}): Promise<Pod> {
      return value(
        await api.create(PODS, {
          metadata: { name, namespace, labels: { app: name } },
          spec: {
            containers,
            terminationGracePeriodSeconds: 1,
            ...(nodeName === undefined ? {} : { nodeName }),
            ...spec,
          },
        }),
      );
    },

    /** Waits until every container of the pod runs. */
    async running(name: string): Promise<Pod> {
      return await until(`pod ${name} to run`, async () => {
        const pod = await getPod(name);
        const statuses = pod?.status?.containerStatuses ?? [];
        return pod?.status?.phase === 'Running' && statuses.every(({ ready }) => ready) ? pod : undefined;
      });
    },

    async podGone(name: string): Promise<void> {
      // A kubelet that had lost its API server takes up to a minute to notice a deletion.
      const gone = async (): Promise<true | undefined> => ((await getPod(name)) === undefined ? true : undefined);
      await until(`pod ${name} to be gone`, gone, undefined, 120);
    },

    async removePod(name: string): Promise<void> {
      value(await api.remove(PODS, { namespace, name }));
    },

    create,
    reached,
    ended,

    /** Creates a Checkpoint with a hold, and waits until the pod is held. */
    async hold(name: string, podName: string, seconds: number): Promise<Checkpoint> {
      await create(name, { podName, hold: { seconds } });
      return await reached(name, 'Holding');
    },

    async patch(name: string, patch: object): Promise<KubeResult<Checkpoint>> {
      return await api.mergePatch(CHECKPOINTS, { namespace, name, patch });
    },

    /** Ends the hold early, as its author does. */
    async release(name: string): Promise<void> {
      value(await api.mergePatch(CHECKPOINTS, { namespace, name, patch: { spec: { hold: { release: true } } } }));
    },

    async removeCheckpoint(name: string): Promise<void> {
      value(await api.remove(CHECKPOINTS, { namespace, name, propagationPolicy: 'Background' }));
    },

    async expectGone(name: string): Promise<void> {
      await until(
        `checkpoint ${name} to be gone`,
        async () => ((await getCheckpoint(name)) === undefined ? true : undefined),
        async () => JSON.stringify(await getCheckpoint(name)),
      );
    },

    /** Returns the PodCaptures of one Checkpoint, or all of them, whatever their state. */
    async captures(checkpoint?: Checkpoint): Promise<readonly PodCapture[]> {
      const all = value(await api.list(PODCAPTURES, { namespace })).items;
      return all.filter(
        ({ metadata }) =>
          checkpoint === undefined || metadata.ownerReferences?.some(({ uid }) => uid === checkpoint.metadata.uid),
      );
    },

    async checkpoints(): Promise<readonly Checkpoint[]> {
      return value(await api.list(CHECKPOINTS, { namespace })).items;
    },

    /** Returns what `kubectl get` prints of an object, by column, without the wide columns. */
    async cells(plural: 'checkpoints' | 'podcaptures', name: string): Promise<Readonly<Record<string, unknown>>> {
      const path = `/apis/stasis.dev/v1alpha1/namespaces/${namespace}/${plural}/${name}`;
      const accept = 'application/json;as=Table;g=meta.k8s.io;v=v1';
      const table = JSON.parse(value(await api.raw('GET', path, { accept })).text) as Table;
      const columns = table.columnDefinitions.map((column, index) => ({
        ...column,
        cell: table.rows[0]?.cells[index],
      }));
      return Object.fromEntries(
        columns.filter(({ priority }) => priority === 0).map((column) => [column.name, column.cell]),
      );
    },

    /** Waits for the Warning Event about the Checkpoint with that reason, and returns its text. */
    async warned(name: string, reason: string): Promise<string> {
      return await until(`a Warning ${reason} about ${name}`, async () => {
        const events = value(await api.list(EVENTS, { namespace })).items;
        const event = events.find(
          (one) => one.type === 'Warning' && one.reason === reason && one.regarding.name === name,
        );
        return event?.note;
      });
    },

    async events(): Promise<readonly Event[]> {
      return value(await api.list(EVENTS, { namespace })).items;
    },

    async log(pod: string, container?: string): Promise<string> {
      const query = container === undefined ? {} : { container };
      return value(await api.raw('GET', `/api/v1/namespaces/${namespace}/pods/${pod}/log`, { query })).text;
    },

    async close(): Promise<void> {
      for (const { metadata } of (await api.list(PODS, { namespace })).ok
        ? value(await api.list(PODS, { namespace })).items
        : [])
        if (metadata.finalizers !== undefined)
          await api.mergePatch(PODS, { namespace, name: metadata.name, patch: { metadata: { finalizers: null } } });
      await api.remove(NAMESPACES, { name: namespace });
      await until(
        `namespace ${namespace} to be gone`,
        async () => (found(await api.get(NAMESPACES, { name: namespace })) === undefined ? true : undefined),
        async () => JSON.stringify(found(await api.get(NAMESPACES, { name: namespace }))),
      );
      await api.close();
    },
  };
}

export function condition(object: Checkpoint | PodCapture | undefined, type: string): Condition | undefined {
  return object?.status?.conditions?.find((candidate) => candidate.type === type);
}

export function succeeded(object: Checkpoint | PodCapture | undefined): Condition | undefined {
  return condition(object, 'Succeeded');
}

/** Returns the value of a request that must succeed. */
export function value<T>(result: KubeResult<T>): T {
  if (!result.ok) throw new Error(describeError(result.error));
  return result.value;
}

/** Returns the object, or undefined when it does not exist. */
export function found<T>(result: KubeResult<T>): T | undefined {
  return !result.ok && result.error.code === 404 ? undefined : value(result);
}

/** Polls until there is a value. When there is none in time, the error says what was awaited. */
export async function until<T>(
  what: string,
  look: () => Promise<T | undefined>,
  describe?: () => Promise<string>,
  seconds = 60,
): Promise<T> {
  const deadline = Date.now() + seconds * 1000 * PATIENCE;
  for (;;) {
    const seen = await look();
    if (seen !== undefined) return seen;
    if (Date.now() > deadline)
      throw new Error(`waited ${seconds * PATIENCE} s for ${what}: ${(await describe?.()) ?? ''}`);
    await sleep(POLL_MS);
  }
}
