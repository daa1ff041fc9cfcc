/** The common parts of the tests of permissions: two namespaces, two nodes, and the clients. */
import { expect } from '@jest/globals';
import { APPLY_PATCH, MERGE_PATCH, type Answer, type Asking } from './api-client.js';
import { makeAgentPod, nodeNames, tokenOf } from './identities.js';
import { openInstalled, STASIS_NAMESPACE, type Installed } from './installed.js';

export const API = '/apis/stasis.dev/v1alpha1';
export const LEASES = `/apis/coordination.k8s.io/v1/namespaces/${STASIS_NAMESPACE}/leases`;
export const AGENT = { namespace: STASIS_NAMESPACE, name: 'stasis-node-agent' };
export const CHECKPOINT = { apiVersion: 'stasis.dev/v1alpha1', kind: 'Checkpoint' };
/** A name of a node that need not exist. */
export const OTHER_NODE = 'another-node';
/** A status without content. Writing it does not keep an agent that really runs there from the capture. */
export const HARMLESS = { status: { freezeSkewMicroseconds: 1 } };
/** The wording of RBAC. A policy has another. */
export const REFUSED_BY_RBAC = { code: 403, message: expect.stringMatching(/cannot \w+ resource/) };

export function refusedBy(policy: string): object {
  return { code: 403, message: expect.stringContaining(`ValidatingAdmissionPolicy '${policy}'`) };
}

/** Open it in beforeAll, and close it in afterAll. */
export class PermissionsWorld {
  readonly tokens = { controller: '', agent: '', unbound: '', boundToNode: '', otherAgent: '' };
  /** Two namespaces. */
  mine = '';
  theirs = '';
  node = { name: '', uid: '' };
  #cluster: Installed | undefined;
  readonly #pods: string[] = [];

  async open(): Promise<void> {
    this.#cluster = await openInstalled('stasis-permissions', 1);
    const { api, image, tokens } = this;
    this.mine = await this.#makeNamespace('mine-');
    this.theirs = await this.#makeNamespace('theirs-');
    [this.node = this.node] = await nodeNames(api);
    const pod = await makeAgentPod(api, image, this.node.name, ['sleep', '600']);
    const otherPod = await makeAgentPod(api, image, OTHER_NODE, ['sleep', '600']);
    this.#pods.push(pod.name, otherPod.name);
    tokens.controller = await tokenOf(api, STASIS_NAMESPACE, 'stasis-controller');
    tokens.agent = await tokenOf(api, STASIS_NAMESPACE, AGENT.name, pod);
    tokens.otherAgent = await tokenOf(api, STASIS_NAMESPACE, AGENT.name, otherPod);
    tokens.unbound = await tokenOf(api, STASIS_NAMESPACE, AGENT.name);
    tokens.boundToNode = await tokenOf(api, STASIS_NAMESPACE, AGENT.name, { kind: 'Node', ...this.node });
  }

  async close(): Promise<void> {
    for (const namespace of [this.mine, this.theirs]) await this.ask('DELETE', `/api/v1/namespaces/${namespace}`);
    for (const pod of this.#pods) await this.ask('DELETE', `/api/v1/namespaces/${STASIS_NAMESPACE}/pods/${pod}`);
    await this.#cluster?.close();
  }

  get api(): Installed['api'] {
    if (this.#cluster === undefined) throw new Error('not open');
    return this.#cluster.api;
  }

  get image(): string {
    return this.#cluster?.image ?? '';
  }

  /** Marks a pod for removal at the end. */
  remember(pod: string): void {
    this.#pods.push(pod);
  }

  async ask(method: string, path: string, asking?: Asking): Promise<Answer> {
    return await this.api.request(method, path, asking);
  }

  async merge(token: string, path: string, body: object): Promise<Answer> {
    return await this.ask('PATCH', path, { token, body, contentType: MERGE_PATCH });
  }

  async apply(token: string, path: string, body: object): Promise<Answer> {
    return await this.ask('PATCH', `${path}?fieldManager=test&force=true`, { token, body, contentType: APPLY_PATCH });
  }

  /**
   * Creates a PodCapture as the controller, and returns its path. Its pod does not exist, so that no agent can do harm
   * with it.
   */
  async makeCapture(nodeName: string, more: object = {}): Promise<string> {
    const list = `${API}/namespaces/${this.mine}/podcaptures`;
    const body = captureBody(nodeName, more);
    const { json } = await this.api.must('POST', list, { token: this.tokens.controller, body });
    return `${list}/${(json['metadata'] as { name: string }).name}`;
  }

  /** Asks in a dry run whether the token's owner may create a Checkpoint. */
  async tryCheckpoint(token: string, podName: string, namespace = this.mine): Promise<Answer> {
    return await this.ask('POST', `${API}/namespaces/${namespace}/checkpoints?dryRun=All`, {
      token,
      body: { ...CHECKPOINT, metadata: { generateName: 'user-' }, spec: { podName } },
    });
  }

  async #makeNamespace(generateName: string): Promise<string> {
    const made = await this.api.must('POST', '/api/v1/namespaces', { body: { metadata: { generateName } } });
    return (made.json['metadata'] as { name: string }).name;
  }
}

export function captureBody(nodeName: string, more: object = {}): { readonly spec: object } {
  return Object.assign(
    { apiVersion: 'stasis.dev/v1alpha1', kind: 'PodCapture', metadata: { generateName: 'capture-', ...more } },
    {
      spec: {
        nodeName,
        podName: 'web',
        podUID: 'no-such-pod',
        containers: [{ name: 'app', containerID: 'abc' }],
        freezer: 'Auto',
        timeoutSeconds: 10,
        hold: { seconds: 60 },
        dryRun: false,
      },
    },
  );
}
