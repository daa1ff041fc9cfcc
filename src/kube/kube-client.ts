/** Implements KubeApi: turns each operation into a request of the transport. */
import type { KubeApi, LeaseApi, List, WatchEvent } from './api.js';
import { asObject, asText, parseObject, type JsonObject } from './json.js';
import { networkError } from './network-error.js';
import { apiVersionOf, queryString, resourcePath, type PathParts } from './resource-path.js';
import { failure, success, type KubeResult } from './result.js';
import type { Asked } from './status-error.js';
import type { Request, Transport } from './transport.js';
import type { KubeObject, Resource } from './types.js';
import { watchEvents } from './watch-stream.js';

const MERGE_PATCH = 'application/merge-patch+json';
/** The body of a server-side apply is YAML, and JSON is valid YAML. The API server knows no `apply-patch+json`. */
const APPLY_PATCH = 'application/apply-patch+yaml';

/** https://kubernetes.io/docs/reference/using-api/api-concepts/#metadata-only-fetches */
const METADATA_LIST = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';

interface Call {
  readonly method: string;
  readonly parts: PathParts;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly accept?: string;
  readonly idempotent?: boolean;
  readonly signal?: AbortSignal | undefined;
}

interface Body {
  readonly object: JsonObject;
  readonly length: number;
}

/**
 * After a page of a list with more characters than this, the garbage is collected at once. A page leaves several times its
 * length behind, and V8 collects only when that has become a multiple of what lives: with 6 MiB a page, a process of 60 MiB
 * grew to 160 MiB, and to 144 MiB with this. A page of ordinary objects is shorter, so this is rare.
 */
const LONG_ANSWER = 4 * 1024 * 1024;

/** `collect` runs a full garbage collection. */
export function kubeClient(
  transport: Pick<Transport, 'send' | 'open'>,
  collect: () => void = () => undefined,
): KubeApi {
  const call = async (resource: Resource, asking: Call): Promise<KubeResult<Body>> => {
    const request = toRequest(resource, asking);
    if (!request.ok) return request;
    const answer = await transport.send(request.value);
    if (!answer.ok) return answer;
    const { text } = answer.value;
    const object = parseObject(text);
    return object === undefined ? malformed(request.value) : success({ object, length: text.length });
  };
  const one = async <T extends KubeObject>(resource: Resource<T>, asking: Call): Promise<KubeResult<T>> => {
    const answer = await call(resource, asking);
    if (!answer.ok) return answer;
    // The path determines the kind of the answer, and the CRD's schema determines its fields.
    return success(answer.value.object as unknown as T);
  };
  return {
    get: (resource, { signal, ...parts }) => one(resource, { method: 'GET', parts, idempotent: true, signal }),
    list: async (resource, { namespace, metadataOnly = false, signal, ...query } = {}) => {
      const parts = { namespace, query: { ...query } };
      const accept = metadataOnly ? { accept: METADATA_LIST } : {};
      const asking: Call = { method: 'GET', parts, idempotent: true, signal, ...accept };
      const answer = await call(resource, asking);
      if (!answer.ok) return answer;
      if (answer.value.length > LONG_ANSWER) collect();
      return toList(resource, answer.value, asking);
    },
    create: (
      resource,
      object,
      { namespace = object.metadata.namespace, fieldManager, fieldValidation, dryRun, signal } = {},
    ) =>
      one(resource, {
        method: 'POST',
        parts: { namespace, query: { fieldManager, fieldValidation, dryRun: dryRun === true ? 'All' : undefined } },
        body: typed(resource, object),
        signal,
      }),
    apply: (resource, object, { fieldManager, force, subresource, signal }) =>
      one(resource, {
        method: 'PATCH',
        parts: {
          namespace: object.metadata.namespace,
          name: object.metadata.name,
          subresource,
          query: { fieldManager, force },
        },
        body: typed(resource, object),
        contentType: APPLY_PATCH,
        // An apply with a resourceVersion is a claim that only one writer can win. If it were sent twice, the second
        // attempt would be answered with Conflict although the first had won.
        idempotent: object.metadata.resourceVersion === undefined,
        signal,
      }),
    mergePatch: (resource, { patch, fieldManager, fieldValidation, signal, ...parts }) =>
      one(resource, {
        method: 'PATCH',
        parts: { ...parts, query: { fieldManager, fieldValidation } },
        body: patch,
        contentType: MERGE_PATCH,
        signal,
      }),
    replace: (resource, object, { subresource, fieldManager, signal } = {}) =>
      one(resource, {
        method: 'PUT',
        parts: {
          namespace: object.metadata.namespace,
          name: object.metadata.name,
          subresource,
          query: { fieldManager },
        },
        body: typed(resource, object),
        signal,
      }),
    remove: async (resource, { uid, resourceVersion, propagationPolicy, signal, ...parts }) => {
      const preconditions = uid === undefined && resourceVersion === undefined ? undefined : { uid, resourceVersion };
      const body = { apiVersion: 'v1', kind: 'DeleteOptions', preconditions, propagationPolicy };
      const answer = await call(resource, { method: 'DELETE', parts, body, signal });
      return answer.ok ? success(undefined) : answer;
    },
    watch: async <T extends KubeObject>(
      resource: Resource<T>,
      { namespace, signal, ...query }: Parameters<KubeApi['watch']>[1],
    ): Promise<KubeResult<AsyncIterable<WatchEvent<T>>>> => {
      const parts = { namespace, query: { ...query, watch: true, allowWatchBookmarks: true } };
      const request = toRequest(resource, { method: 'GET', parts });
      if (!request.ok) return request;
      const answer = await transport.open({ ...request.value, signal });
      if (!answer.ok) return answer;
      const asked = { method: 'GET', path: request.value.path };
      const broken = (error: unknown) => networkError(asked, error);
      return success(watchEvents<T>({ asked, chunks: answer.value.chunks, signal, broken }));
    },
    raw: (method, path, { query = {}, body, contentType, accept, signal } = {}) =>
      transport.send({
        method,
        path: `${path}${queryString(query)}`,
        idempotent: method === 'GET',
        signal,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        ...(contentType === undefined ? {} : { contentType }),
        ...(accept === undefined ? {} : { accept }),
      }),
  };
}

/**
 * A client for the Leases by which this process leads, or is alive. It has connections of its own: where the server answers
 * all other requests slowly, those take up every shared connection, and a Lease that waits behind them is lost.
 */
export function leaseClient(transport: Pick<Transport, 'send' | 'open'>): LeaseApi {
  return kubeClient({
    send: (request) => transport.send({ ...request, pool: 'lease' }),
    open: (request) => transport.open(request),
  });
}

function toRequest(resource: Resource, call: Call): KubeResult<Request> {
  const path = resourcePath(resource, call.parts);
  if (path === undefined) {
    const message = `no path can have the namespace '${call.parts.namespace ?? ''}' and the name '${call.parts.name ?? ''}'`;
    return failure({ method: call.method, path: resource.plural, reason: 'BadRequest', message });
  }
  return success({
    method: call.method,
    path,
    idempotent: call.idempotent ?? false,
    signal: call.signal,
    ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
    ...(call.contentType === undefined ? {} : { contentType: call.contentType }),
    ...(call.accept === undefined ? {} : { accept: call.accept }),
  });
}

function typed(resource: Resource, object: object): object {
  return { ...object, apiVersion: apiVersionOf(resource), kind: resource.kind };
}

function toList<T extends KubeObject>(
  resource: Resource<T>,
  { object: body, length }: Body,
  call: Call,
): KubeResult<List<T>> {
  const metadata = asObject(body['metadata']);
  const resourceVersion = asText(metadata?.['resourceVersion']);
  // The server writes null for an empty list of some built-in kinds.
  const items = body['items'] ?? [];
  if (resourceVersion === undefined || !Array.isArray(items))
    return malformed({ method: call.method, path: resourcePath(resource, call.parts) ?? resource.plural });
  const more = asText(metadata?.['continue']);
  return success({
    items: items.map((item: T) => ({ ...item, apiVersion: apiVersionOf(resource), kind: resource.kind })),
    metadata: { resourceVersion, ...(more === undefined || more === '' ? {} : { continue: more }) },
    length,
  });
}

function malformed(asked: Asked): KubeResult<never> {
  const { method, path } = asked;
  return failure({ method, path, reason: 'Malformed', message: 'the answer is not what an API server sends' });
}
