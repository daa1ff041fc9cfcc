/** The common parts of the tests of the two kinds: a namespace, valid objects, and dry runs. */
import { MERGE_PATCH, type Answer } from './api-client.js';
import { openInstalled, STASIS_NAMESPACE, type Installed } from './installed.js';

export const API = '/apis/stasis.dev/v1alpha1';
/**
 * Only the controller may write PodCaptures, and the status of Checkpoints. The group of administrators is added, because RBAC is not under test here.
 */
export const CONTROLLER = {
  'Impersonate-User': `system:serviceaccount:${STASIS_NAMESPACE}:stasis-controller`,
  'Impersonate-Group': 'system:masters',
};

/** Open it in beforeAll, and close it in afterAll. */
export class KindsWorld {
  #cluster: Installed | undefined;
  #namespace = '';

  async open(): Promise<void> {
    this.#cluster = await openInstalled('stasis-kinds', 0);
    const body = { metadata: { generateName: 'crd-' } };
    const made = await this.api.must('POST', '/api/v1/namespaces', { body });
    this.#namespace = (made.json['metadata'] as { name: string }).name;
  }

  async close(): Promise<void> {
    await this.api.request('DELETE', `/api/v1/namespaces/${this.#namespace}`);
    await this.#cluster?.close();
  }

  get api(): Installed['api'] {
    if (this.#cluster === undefined) throw new Error('not open');
    return this.#cluster.api;
  }

  get namespace(): string {
    return this.#namespace;
  }

  /** Runs kubectl in the namespace, which must succeed, and returns what it prints. */
  async kubectl(args: readonly string[], input?: string): Promise<string> {
    const ran = await this.#cluster?.kubectl([...args, '--namespace', this.#namespace], input);
    if (ran?.status !== 0) throw new Error(`kubectl ${args.join(' ')}: ${ran?.stderr}`);
    return ran.stdout;
  }

  /** The collection in which objects of a kind are created. */
  list(plural: 'checkpoints' | 'podcaptures'): string {
    return `${API}/namespaces/${this.#namespace}/${plural}`;
  }

  /** A dry run passes through schema, rules and policies, and leaves nothing. */
  async tryCheckpoint(spec: unknown, metadata: object = {}): Promise<Answer> {
    const path = `${this.list('checkpoints')}?dryRun=All&fieldValidation=Strict`;
    return await this.api.request('POST', path, { body: checkpoint(spec, metadata) });
  }

  async tryCapture(spec: unknown): Promise<Answer> {
    const path = `${this.list('podcaptures')}?dryRun=All&fieldValidation=Strict`;
    return await this.api.request('POST', path, { body: capture(spec), headers: CONTROLLER });
  }

  /** Creates an object, and returns its path. */
  async make(object: { readonly kind: string }): Promise<string> {
    const path = this.list(object.kind === 'Checkpoint' ? 'checkpoints' : 'podcaptures');
    const made = await this.api.must('POST', path, { body: object, headers: CONTROLLER });
    return `${path}/${(made.json['metadata'] as { name: string }).name}`;
  }

  async patch(path: string, body: object): Promise<Answer> {
    return await this.api.request('PATCH', path, { body, contentType: MERGE_PATCH, headers: CONTROLLER });
  }

  /** Reads the names that a list with that field selector has. */
  async selected(plural: 'checkpoints' | 'podcaptures', selector: string): Promise<readonly string[]> {
    const path = `${this.list(plural)}?fieldSelector=${encodeURIComponent(selector)}`;
    const { json } = await this.api.must('GET', path);
    return (json['items'] as { metadata: { name: string } }[]).map(({ metadata }) => metadata.name);
  }

  /** Returns what `kubectl get` prints of an object, by column, without the wide columns. */
  async printed(path: string): Promise<Record<string, unknown>> {
    const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io';
    const { json } = await this.api.must('GET', path, { headers: { accept } });
    const columns = json['columnDefinitions'] as { name: string; priority: number }[];
    const [row] = json['rows'] as { cells: unknown[] }[];
    return Object.fromEntries(
      columns.flatMap(({ name, priority }, index) => (priority === 0 ? [[name, row?.cells[index]]] : [])),
    );
  }
}

export function checkpoint(spec: unknown, metadata: object = {}): { readonly kind: string } {
  const named = { generateName: 'c-', ...metadata };
  return Object.assign({ apiVersion: 'stasis.dev/v1alpha1', kind: 'Checkpoint', metadata: named }, { spec });
}

export function capture(spec: unknown): { readonly kind: string } {
  const metadata = { generateName: 'p-' };
  return Object.assign({ apiVersion: 'stasis.dev/v1alpha1', kind: 'PodCapture', metadata }, { spec });
}

/** A complete spec of a PodCapture. */
export const CAPTURE = {
  nodeName: 'node-1',
  podName: 'web',
  podUID: '0f8fad5b-d9cb-469f-a165-70867728950e',
  containers: [{ name: 'app', containerID: 'abc123' }],
  freezer: 'Auto',
  timeoutSeconds: 10,
  hold: { seconds: 60 },
  dryRun: false,
};

/** A spec of a Checkpoint with every optional field. */
export const FULL = {
  podName: 'web-0.example',
  containers: ['app', 'sidecar'],
  freezer: 'None',
  timeoutSeconds: 300,
  startingDeadlineSeconds: 86_400,
  hold: { seconds: 3600, release: false, despiteProbes: true },
  maxPauseMilliseconds: 300_000,
  dryRun: true,
  include: ['Cmdline'],
  ttlSecondsAfterFinished: 31_536_000,
};

export function condition(type: string, status: string, reason: string): object {
  return { type, status, reason, message: '', lastTransitionTime: '2026-01-01T00:00:00Z' };
}
