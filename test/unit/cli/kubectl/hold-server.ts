/** An API server over TLS with a controller that holds pods, for the plugin as a process. */
import type { Checkpoint } from '../../../../src/api/kinds.js';
import { CHECKPOINTS } from '../../../../src/api/kinds.js';
import { conditionsOf, type Fact } from '../../../../src/api/conditions.js';
import { isOver } from '../../../../src/cli/kubectl/hold-state.js';
import type { KubeResult } from '../../../../src/kube/result.js';
import { IDENTITY_A } from '../../../fake/api-server-identities.js';
import { FakeApiServer, type FakeRequest, type FakeResponse } from '../../../fake/api-server.js';
import { KubeModel } from '../../../fake/kube-model.js';

const NAMESPACE = 'team-a';
const COLLECTION = `/apis/stasis.dev/v1alpha1/namespaces/${NAMESPACE}/checkpoints`;

/** How long the controller takes from the creation to the hold, and from the release to its end. */
const STEP_MILLISECONDS = 20;

export class HoldServer {
  readonly model = new KubeModel(() => Date.now());
  /** Whether pods come to be held. */
  holds = true;
  kubeconfig = '';
  #server: FakeApiServer | undefined;
  #port: number | undefined;
  readonly #timers = new Set<NodeJS.Timeout>();

  /** Starts, or comes back at the same address. */
  async start(): Promise<void> {
    const port = this.#port === undefined ? {} : { port: this.#port };
    const server = await FakeApiServer.start((request, response) => void this.#answer(request, response), {
      identity: IDENTITY_A,
      ...port,
    });
    this.#server = server;
    this.#port = server.port;
    if (this.kubeconfig === '') this.kubeconfig = server.kubeconfig();
  }

  /** Cuts every connection, and accepts no more. */
  async stop(): Promise<void> {
    await this.#server?.stop();
  }

  async close(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    await this.#server?.close();
  }

  /** The requests as `METHOD NAME`. */
  get requests(): string[] {
    return (this.#server?.requests ?? []).map(({ method, path, query }) =>
      `${query.get('watch') === 'true' ? 'WATCH' : method} ${path.slice(COLLECTION.length + 1)}`.trimEnd(),
    );
  }

  /** The only Checkpoint. */
  get checkpoint(): Checkpoint | undefined {
    return this.model.all(CHECKPOINTS)[0];
  }

  get heldReason(): string | undefined {
    return this.checkpoint?.status?.conditions?.find(({ type, status }) => type === 'Held' && status === 'False')
      ?.reason;
  }

  letGo(reason: string): void {
    const { checkpoint } = this;
    if (checkpoint === undefined || isOver(checkpoint)) return;
    const end = { reason, message: '' };
    const facts = [
      { type: 'Held', status: 'False', ...end },
      { type: 'Succeeded', status: 'True', ...end },
    ];
    this.#report(checkpoint, facts, { heldUntil: timeIn(0) });
  }

  async #answer(request: FakeRequest, response: FakeResponse): Promise<void> {
    const api = this.model.api();
    const name = request.path.slice(COLLECTION.length + 1);
    if (!request.path.startsWith(COLLECTION)) response.status(404, 'NotFound');
    else if (request.query.get('watch') === 'true') await this.#watch(request, response);
    else if (request.method === 'GET') respond(response, await api.get(CHECKPOINTS, { namespace: NAMESPACE, name }));
    else if (request.method === 'POST') {
      const created = await api.create(CHECKPOINTS, request.body as never);
      respond(response, created);
      if (created.ok && this.holds) this.#later(STEP_MILLISECONDS, () => this.#hold());
    } else {
      const patch = request.body as object;
      respond(response, await api.mergePatch(CHECKPOINTS, { namespace: NAMESPACE, name, patch }));
      this.#later(STEP_MILLISECONDS, () => this.letGo('ReleaseRequested'));
    }
  }

  async #watch({ query }: FakeRequest, response: FakeResponse): Promise<void> {
    const stop = new AbortController();
    const opened = response.watch();
    void opened.closed.finally(() => stop.abort());
    const resourceVersion = query.get('resourceVersion') ?? '';
    const options = { namespace: NAMESPACE, resourceVersion, timeoutSeconds: 300, signal: stop.signal };
    const stream = await this.model.api().watch(CHECKPOINTS, options);
    if (stream.ok)
      for await (const event of stream.value) if ('object' in event) opened.event(event.type, event.object);
  }

  #hold(): void {
    const { checkpoint } = this;
    if (checkpoint === undefined || isOver(checkpoint)) return;
    const milliseconds = (checkpoint.spec.hold?.seconds ?? 0) * 1000;
    const held = { type: 'Held', status: 'True', reason: 'Holding', message: '' } as const;
    this.#report(checkpoint, [held], { heldFrom: timeIn(0), holdUntil: timeIn(milliseconds) });
    this.#later(milliseconds, () => this.letGo('HoldElapsed'));
  }

  #report(checkpoint: Checkpoint, facts: readonly object[], times: object): void {
    const conditions = conditionsOf(facts as Fact[], checkpoint.status?.conditions, 1, timeIn(0));
    this.model.put(CHECKPOINTS, { ...checkpoint, status: { ...checkpoint.status, ...times, conditions } });
  }

  #later(milliseconds: number, action: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      action();
    }, milliseconds);
    this.#timers.add(timer);
  }
}

function respond(response: FakeResponse, answer: KubeResult<object>): void {
  if (answer.ok) response.json(200, answer.value);
  else
    response.status(answer.error.code ?? 500, answer.error.reason, {
      message: answer.error.message,
      details: answer.error.details,
    });
}

function timeIn(milliseconds: number): string {
  return new Date(Date.now() + milliseconds).toISOString();
}
