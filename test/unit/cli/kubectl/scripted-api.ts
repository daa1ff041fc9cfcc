/**
 * The model of the API server as the plugin reaches it. A test decides for each request whether it is carried out, refused or left
 * without an answer, and what becomes of the open watches.
 */
import { CHECKPOINTS, type Checkpoint } from '../../../../src/api/kinds.js';
import type { KubeApi, WatchEvent } from '../../../../src/kube/api.js';
import { failure, type KubeError, type KubeResult } from '../../../../src/kube/result.js';
import type { KubeObject, Resource } from '../../../../src/kube/types.js';
import type { KubeModel, ModelCall } from '../../../fake/kube-model.js';

/** A request that was sent. */
export interface Call extends ModelCall {
  readonly namespace: string | undefined;
  /** The object of a creation, the patch of a patch. */
  readonly body?: object;
  /** The other options: fieldManager, fieldSelector and so on. */
  readonly options: Readonly<Record<string, unknown>>;
}

/**
 * The fate of a request: `undefined` carries it out, `hang` never answers, `unanswered` carries it out and loses the answer, and
 * an error is the answer. With `answer`, this is what a proxy sends in place of the object.
 */
export type Fate = KubeError | { readonly answer: object } | 'hang' | 'unanswered' | undefined;

export interface OpenWatch {
  readonly plural: string;
  /** Ends the stream as a server does after `timeoutSeconds`. */
  end(): void;
  /** Breaks the stream. */
  fail(error: KubeError): void;
  /** From now on, nothing arrives any more, and nothing tells so: a connection that a load balancer has forgotten. */
  silence(): void;
}

export class ScriptedApi {
  readonly calls: Call[] = [];
  readonly watches = new Set<OpenWatch>();
  /** The fate of each request. */
  fate: (call: Call) => Fate = () => undefined;
  /** Called after a Checkpoint was created. */
  onCreated: (checkpoint: Checkpoint) => void = () => undefined;
  /** Whether the user may do what a SelfSubjectAccessReview asks about. */
  allows: (asked: Readonly<Record<string, string>>) => boolean = () => true;
  /** Called after an object was patched. */
  onPatched: (call: Call) => void = () => undefined;
  /** The error in place of an answer that was lost. */
  lostAnswer: KubeError = UNREACHABLE;
  readonly #model: KubeModel;

  constructor(model: KubeModel) {
    this.#model = model;
  }

  /** The requests as `verb plural name`, for comparisons. */
  get log(): string[] {
    return this.calls.map(({ verb, plural, name }) => `${verb} ${plural} ${name}`.trimEnd());
  }

  get api(): KubeApi {
    const plain = this.#model.api();
    return {
      ...plain,
      get: async (resource, { signal, ...parts }) =>
        await this.#send({ verb: 'get', resource, signal, ...parts }, async () => await plain.get(resource, parts)),
      list: async (resource, { signal, ...options } = {}) =>
        await this.#send(
          { verb: 'list', resource, signal, ...options },
          async () => await plain.list(resource, options),
        ),
      create: async (resource, object, { signal, ...options } = {}) => {
        const { namespace = options.namespace, name = '' } = object.metadata;
        const parts = { verb: 'create', resource, signal, namespace, name, body: object, ...options } as const;
        return await this.#send(
          parts,
          async () => this.#answerOnly(resource, object, options) ?? (await this.#create(plain, resource, object)),
        );
      },
      mergePatch: async (resource, { signal, patch, ...options }) =>
        await this.#send({ verb: 'patch', resource, signal, body: patch, ...options }, async () => {
          const wrong = this.#otherUid(resource, patch, options);
          if (wrong !== undefined) return failure(wrong);
          const answer = await plain.mergePatch(resource, { patch, ...options });
          const { namespace, name } = options;
          if (answer.ok)
            this.onPatched({ verb: 'patch', plural: resource.plural, name, namespace, body: patch, options: {} });
          return answer;
        }),
      remove: async (resource, { signal, ...options }) =>
        await this.#send(
          { verb: 'delete', resource, signal, ...options },
          async () => await plain.remove(resource, options),
        ),
      watch: async <T extends KubeObject>(
        resource: Resource<T>,
        { signal, ...options }: Parameters<KubeApi['watch']>[1],
      ) =>
        await this.#send<AsyncIterable<WatchEvent<T>>>({ verb: 'watch', resource, signal, ...options }, async () => {
          const opened = await plain.watch(resource, { signal, ...options });
          return opened.ok ? { ok: true, value: this.#relay(resource.plural, opened.value, signal) } : opened;
        }),
    };
  }

  async #send<T>(
    request: Readonly<Record<string, unknown>> & {
      readonly verb: Call['verb'];
      readonly resource: Resource;
      readonly namespace?: string | undefined;
      readonly name?: string;
      readonly body?: object;
      readonly signal: AbortSignal | undefined;
    },
    perform: () => Promise<KubeResult<T>>,
  ): Promise<KubeResult<T>> {
    const { verb, resource, namespace, name = '', body, signal, ...options } = request;
    const { plural } = resource;
    const call = { verb, plural, name, namespace, options, ...(body === undefined ? {} : { body }) };
    this.calls.push(call);
    // An answer never arrives in the same turn as its request.
    await Promise.resolve();
    if (signal?.aborted === true) return failure(ABORTED);
    const fate = this.fate(call);
    if (fate === 'hang') return await aborted(signal);
    if (typeof fate === 'object') return 'answer' in fate ? { ok: true, value: fate.answer as T } : failure(fate);
    const answer = await perform();
    if (fate === 'unanswered') return failure(this.lostAnswer);
    return answer;
  }

  /** The answer to a creation that stores nothing. */
  #answerOnly<T extends KubeObject>(
    resource: Resource<T>,
    object: Parameters<KubeApi['create']>[1],
    { dryRun }: { readonly dryRun?: true },
  ): KubeResult<T> | undefined {
    if (resource.plural === 'selfsubjectaccessreviews') {
      const { spec } = object as unknown as { readonly spec: { resourceAttributes: Record<string, string> } };
      const status = { allowed: this.allows(spec.resourceAttributes) };
      return { ok: true, value: { ...object, status } as unknown as T };
    }
    return dryRun === true ? { ok: true, value: object as unknown as T } : undefined;
  }

  /** As the API server does: the schema's defaults say that nothing has happened yet. */
  async #create<T extends KubeObject>(
    plain: KubeApi,
    resource: Resource<T>,
    object: Parameters<KubeApi['create']>[1],
  ): Promise<KubeResult<T>> {
    const answer = await plain.create(resource, object as never);
    if (!answer.ok || resource.plural !== CHECKPOINTS.plural) return answer;
    const { namespace = '', name } = answer.value.metadata;
    const time = answer.value.metadata.creationTimestamp;
    const conditions = PENDING.map((condition) => ({ ...condition, lastTransitionTime: time, message: '' }));
    this.#model.put(resource, { ...answer.value, status: { conditions } });
    const stored = this.#model.find(CHECKPOINTS, namespace, name);
    if (stored !== undefined) this.onCreated(stored);
    return { ok: true, value: stored as unknown as T };
  }

  /** The server refuses a patch whose uid is that of another object. */
  #otherUid(
    resource: Resource,
    patch: object,
    { namespace = '', name }: { namespace?: string; name: string },
  ): KubeError | undefined {
    const { uid } = (patch as { readonly metadata?: { readonly uid?: string } }).metadata ?? {};
    const stored = this.#model.find(resource, namespace, name);
    if (uid === undefined || stored === undefined || stored.metadata.uid === uid) return undefined;
    return refusal(
      422,
      'Invalid',
      `Checkpoint "${name}" is invalid: metadata.uid: Invalid value: "${uid}": field is immutable`,
    );
  }

  async *#relay<T extends KubeObject>(
    plural: string,
    events: AsyncIterable<WatchEvent<T>>,
    signal: AbortSignal,
  ): AsyncGenerator<WatchEvent<T>> {
    const queue: (WatchEvent<T> | 'end')[] = [];
    let wake: (() => void) | undefined;
    let silent = false;
    const put = (event: WatchEvent<T> | 'end'): void => {
      queue.push(event);
      wake?.();
    };
    const open: OpenWatch = {
      plural,
      end: () => put('end'),
      fail: (error) => put({ type: 'ERROR', error }),
      silence: () => (silent = true),
    };
    const pump = async (): Promise<void> => {
      for await (const event of events) if (!silent) put(event);
      put('end');
    };
    void pump();
    signal.addEventListener('abort', () => put('end'), { once: true });
    this.watches.add(open);
    try {
      for (;;) {
        const event = queue.shift();
        if (event === undefined) await new Promise<void>((resolve) => (wake = resolve));
        else if (event === 'end' || signal.aborted) return;
        else yield event;
        if (typeof event === 'object' && event.type === 'ERROR') return;
      }
    } finally {
      this.watches.delete(open);
    }
  }
}

const PENDING = [
  { type: 'Succeeded', status: 'Unknown', reason: 'Pending' },
  { type: 'Finished', status: 'False', reason: 'Pending' },
  { type: 'Reconciling', status: 'True', reason: 'Pending' },
] as const;

const ABORTED: KubeError = { method: 'GET', path: '/model', reason: 'Aborted', message: 'aborted by the caller' };

/** No answer, because the connection broke. */
export const UNREACHABLE: KubeError = {
  method: 'GET',
  path: '/model',
  reason: 'Unreachable',
  message: 'connect ECONNREFUSED 203.0.113.7:6443',
};

/** No answer within the time limit of a request. */
export const TIMED_OUT: KubeError = {
  method: 'GET',
  path: '/model',
  reason: 'Timeout',
  message: 'no complete answer within 30000 ms',
};

/** RBAC denies the request, in the words of a real API server. */
export function forbidden({ verb, plural, namespace, name }: Call, group = 'stasis.dev'): KubeError {
  const what = name === '' ? '' : ` "${name}"`;
  const where = namespace === undefined ? 'at the cluster scope' : `in the namespace "${namespace}"`;
  return refusal(
    403,
    'Forbidden',
    `${plural}.${group}${what} is forbidden: User "jane" cannot ${verb} resource "${plural}" in API group "${group}" ${where}`,
  );
}

/** The server does not have the kind. A server answers the path of a missing group with this Status, or with plain text. */
export function unknownKind(form: 'status' | 'text' = 'status'): KubeError {
  return refusal(
    404,
    'NotFound',
    form === 'text' ? '404 page not found\n' : 'the server could not find the requested resource',
  );
}

/** Any other answer of the server that refuses a request. */
export function refusal(code: number, reason: string, message: string): KubeError {
  return { method: 'GET', path: '/model', code, reason, message };
}

async function aborted<T>(signal: AbortSignal | undefined): Promise<KubeResult<T>> {
  await new Promise<void>((resolve) => {
    if (signal?.aborted === true) resolve();
    else signal?.addEventListener('abort', () => resolve(), { once: true });
  });
  return failure(ABORTED);
}
