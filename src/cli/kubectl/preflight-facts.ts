/** Reads what `kubectl stasis preflight` judges. It stores nothing in the cluster. */
import { CHECKPOINTS, heartbeatLeaseName, type Checkpoint } from '../../api/kinds.js';
import { LEASES, type Lease } from '../../kube/lease.js';
import { listPages } from '../../kube/list-pages.js';
import { RUNTIME_CLASSES, type Pod } from '../../pod/pod.js';
import { FIELD_MANAGER } from './create-checkpoint.js';
import { known, knownObject, notKnown, whyNot, type Known } from './known.js';
import type { PodFacts } from './preflight-findings.js';
import { describeRefusal } from './refusal.js';
import { ACCESS_REVIEWS, NODES, RESOURCE_QUOTAS, type NodeObject, type ResourceQuota } from './resources.js';
import type { Cluster } from './surroundings.js';

const RESOURCE = 'checkpoints.stasis.dev';

export interface PreflightOptions {
  /** Undefined: all pods of the namespace. */
  readonly podName: string | undefined;
  readonly containers: readonly string[] | undefined;
  /** The namespace of Stasis, and whether it is only a guess. */
  readonly stasis: { readonly namespace: string; readonly guessed: boolean };
  /** Milliseconds since the epoch. */
  readonly wall: () => number;
  readonly signal: AbortSignal;
}

export type Opened =
  | { readonly ok: true; readonly reader: PreflightReader }
  /** The message is one line for people, for instance that Stasis is not installed. */
  | { readonly ok: false; readonly message: string };

interface Shared extends Pick<PodFacts, 'mayCreate' | 'checkpoints' | 'quotas'> {}

/** Reads what all pods of the namespace share. */
export async function openPreflight(cluster: Cluster, options: PreflightOptions): Promise<Opened> {
  const { api, namespace, serverName } = cluster;
  const { podName, signal } = options;
  const ofPod = podName === undefined ? {} : { fieldSelector: `spec.podName=${podName}` };
  const listed = await listPages(api, CHECKPOINTS, { namespace, signal, ...ofPod }, withoutRows);
  const attempt = { verb: 'list', resource: RESOURCE, namespace, serverName } as const;
  // Without an answer, without credentials or without the kinds, nothing else can be asked.
  if (!listed.ok && [undefined, 401, 404].includes(listed.error.code))
    return { ok: false, message: describeRefusal(listed.error, attempt) };
  const checkpoints = listed.ok ? known(listed.value.items) : notKnown(whyNot(listed, attempt));
  const attributes = { namespace, verb: 'create', group: 'stasis.dev', resource: 'checkpoints' };
  const mayCreate = await mayI(cluster, attributes, signal);
  const quotas = await readQuotas(cluster, signal);
  return { ok: true, reader: new PreflightReader(cluster, options, { mayCreate, checkpoints, quotas }) };
}

/** A namespace may have thousands of Checkpoints. */
function withoutRows({ status, ...checkpoint }: Checkpoint): Checkpoint {
  if (status === undefined) return checkpoint;
  const { pods: _pods, ...rest } = status;
  return { ...checkpoint, status: rest };
}

async function readQuotas(
  { api, namespace, serverName }: Cluster,
  signal: AbortSignal,
): Promise<Known<readonly ResourceQuota[]>> {
  const listed = await api.list(RESOURCE_QUOTAS, { namespace, signal });
  if (listed.ok) return known(listed.value.items);
  return notKnown(whyNot(listed, { verb: 'list', resource: 'resourcequotas', namespace, serverName }));
}

/** Asks the API server whether the user has a right. Everybody may ask that. */
async function mayI(
  { api, serverName }: Cluster,
  resourceAttributes: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Known<boolean>> {
  const answer = await api.create(ACCESS_REVIEWS, { metadata: {}, spec: { resourceAttributes } }, { signal });
  if (answer.ok) return known(answer.value.status?.allowed === true);
  const resource = 'selfsubjectaccessreviews.authorization.k8s.io';
  return notKnown(whyNot(answer, { verb: 'create', resource, serverName }));
}

export class PreflightReader {
  readonly #cluster: Cluster;
  readonly #options: PreflightOptions;
  readonly #shared: Shared;
  readonly #nodes = new Map<string, Promise<Known<NodeObject | undefined>>>();
  readonly #leases = new Map<string, Promise<Known<Lease | undefined>>>();
  readonly #handlers = new Map<string, Promise<Known<string | undefined>>>();

  constructor(cluster: Cluster, options: PreflightOptions, shared: Shared) {
    this.#cluster = cluster;
    this.#options = options;
    this.#shared = shared;
  }

  async factsOf(pod: Pod): Promise<PodFacts> {
    const { containers, stasis, wall, signal } = this.#options;
    const { namespace } = this.#cluster;
    const { name } = pod.metadata;
    const { nodeName = '', runtimeClassName } = pod.spec;
    const exec = { namespace, verb: 'create', group: '', resource: 'pods', subresource: 'exec', name };
    const [mayExec, node, lease, handler] = await Promise.all([
      mayI(this.#cluster, exec, signal),
      once(this.#nodes, nodeName, async () => await this.#node(nodeName)),
      once(this.#leases, nodeName, async () => await this.#lease(nodeName)),
      once(this.#handlers, runtimeClassName ?? '', async () => await this.#handler(runtimeClassName)),
    ]);
    const { mayCreate } = this.#shared;
    const admission =
      mayCreate.known && !mayCreate.value ? notKnown('you may not create Checkpoints') : await this.#admission(name);
    const read = { mayExec, admission, node, lease, handler };
    return { pod, containers, stasisNamespace: stasis.namespace, ...this.#shared, ...read, now: wall() };
  }

  /**
   * Whether the API server would accept a Checkpoint. It does everything for that, the policies of Stasis, other policies, webhooks
   * and quotas included, and stores nothing. No read tells what the policies say.
   */
  async #admission(podName: string): Promise<Known<string | undefined>> {
    const { api, namespace, serverName } = this.#cluster;
    const metadata = { namespace, generateName: 'preflight-' };
    const answer = await api.create(
      CHECKPOINTS,
      { metadata, spec: { podName, dryRun: true } },
      { dryRun: true, fieldManager: FIELD_MANAGER, signal: this.#options.signal },
    );
    if (answer.ok) return known(undefined);
    const why = describeRefusal(answer.error, { verb: 'create', resource: RESOURCE, namespace, serverName });
    // A webhook with side effects cannot be asked in this way.
    const isAnswer = answer.error.code !== undefined && !answer.error.message.includes('does not support dry run');
    return isAnswer ? known(why) : notKnown(why);
  }

  async #node(name: string): Promise<Known<NodeObject | undefined>> {
    if (name === '') return known(undefined);
    const { api, serverName } = this.#cluster;
    const answer = await api.get(NODES, { name, signal: this.#options.signal });
    return knownObject(answer, { verb: 'get', resource: 'nodes', name, serverName });
  }

  async #lease(nodeName: string): Promise<Known<Lease | undefined>> {
    if (nodeName === '') return known(undefined);
    const { api, serverName } = this.#cluster;
    const { namespace, guessed } = this.#options.stasis;
    const at = { namespace, name: heartbeatLeaseName(nodeName) };
    const answer = await api.get(LEASES, { ...at, signal: this.#options.signal });
    const lease = knownObject(answer, { verb: 'get', resource: 'leases.coordination.k8s.io', ...at, serverName });
    if (!guessed || !lease.known || lease.value !== undefined) return lease;
    return notKnown(`namespace ${namespace} has no heartbeat of that node; say where Stasis is: --stasis-namespace`);
  }

  async #handler(name: string | undefined): Promise<Known<string | undefined>> {
    if (name === undefined) return known(undefined);
    const { api, serverName } = this.#cluster;
    const answer = await api.get(RUNTIME_CLASSES, { name, signal: this.#options.signal });
    const found = knownObject(answer, { verb: 'get', resource: 'runtimeclasses.node.k8s.io', name, serverName });
    return found.known ? known(found.value?.handler) : found;
  }
}

async function once<T>(cache: Map<string, Promise<T>>, key: string, read: () => Promise<T>): Promise<T> {
  const reading = cache.get(key) ?? read();
  cache.set(key, reading);
  return await reading;
}
