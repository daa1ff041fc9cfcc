/** What controller and agent ask of an API server. Answers are raw JSON; failures are values, nothing here rejects. */
import type { KubeError, KubeResult } from './result.js';
import type { Applied, Draft, KubeObject, Resource } from './types.js';

export interface Named {
  readonly namespace?: string;
  readonly name: string;
  readonly signal?: AbortSignal;
}

export interface ListOptions {
  readonly namespace?: string;
  readonly fieldSelector?: string;
  readonly labelSelector?: string;
  readonly limit?: number;
  readonly continue?: string;
  /** Unset: the most recent state, confirmed by a quorum. */
  readonly resourceVersion?: string;
  readonly signal?: AbortSignal;
}

export interface List<T> {
  readonly items: readonly T[];
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
}

export interface CreateOptions {
  /** Default: the object's own. */
  readonly namespace?: string;
  readonly fieldManager?: string;
  readonly signal?: AbortSignal;
}

export interface ApplyOptions {
  readonly fieldManager: string;
  /** Take fields over from other managers instead of failing with Conflict. */
  readonly force?: boolean;
  readonly subresource?: 'status';
  readonly signal?: AbortSignal;
}

export interface PatchOptions extends Named {
  readonly subresource?: 'status';
  readonly fieldManager?: string;
}

/** RFC 6902; only what the API server implements and we use. */
export type JsonPatchOperation =
  | { readonly op: 'add' | 'replace' | 'test'; readonly path: string; readonly value: unknown }
  | { readonly op: 'remove'; readonly path: string };

export interface ReplaceOptions {
  readonly subresource?: 'status';
  readonly fieldManager?: string;
  readonly signal?: AbortSignal;
}

export interface RemoveOptions extends Named {
  /** Precondition: Conflict unless the object has this uid. */
  readonly uid?: string;
  /** Precondition, likewise. */
  readonly resourceVersion?: string;
  readonly propagationPolicy?: 'Background' | 'Foreground' | 'Orphan';
}

export interface WatchOptions {
  readonly namespace?: string;
  readonly fieldSelector?: string;
  readonly labelSelector?: string;
  /** From a list or the last event; changes after it are sent. */
  readonly resourceVersion: string;
  /** After which the server ends the watch. */
  readonly timeoutSeconds: number;
  readonly signal: AbortSignal;
}

export type WatchEvent<T extends KubeObject = KubeObject> =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: T }
  /** Nothing changed up to here. */
  | { readonly type: 'BOOKMARK'; readonly resourceVersion: string }
  /** Always the last: sent by the server (410 Expired), or ours when the stream broke, stalled or made no sense. */
  | { readonly type: 'ERROR'; readonly error: KubeError };

export interface RawOptions {
  readonly query?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly contentType?: string;
  /** Default 'application/json'. */
  readonly accept?: string;
  readonly signal?: AbortSignal;
}

export interface RawAnswer {
  readonly code: number;
  readonly text: string;
}

export interface KubeApi {
  get<T extends KubeObject>(resource: Resource<T>, options: Named): Promise<KubeResult<T>>;
  /** One page. Items carry apiVersion and kind, which the server leaves out of lists. */
  list<T extends KubeObject>(resource: Resource<T>, options?: ListOptions): Promise<KubeResult<List<T>>>;
  create<T extends KubeObject>(
    resource: Resource<T>,
    object: Draft<T>,
    options?: CreateOptions,
  ): Promise<KubeResult<T>>;
  /** Server-side apply: creates the object if it is not there (but not through a subresource). */
  apply<T extends KubeObject>(resource: Resource<T>, object: Applied<T>, options: ApplyOptions): Promise<KubeResult<T>>;
  /** RFC 7386. */
  mergePatch<T extends KubeObject>(
    resource: Resource<T>,
    options: PatchOptions & { readonly patch: object },
  ): Promise<KubeResult<T>>;
  jsonPatch<T extends KubeObject>(
    resource: Resource<T>,
    options: PatchOptions & { readonly patch: readonly JsonPatchOperation[] },
  ): Promise<KubeResult<T>>;
  /** PUT; Conflict unless metadata.resourceVersion is the present one (if it is set at all). */
  replace<T extends KubeObject>(resource: Resource<T>, object: T, options?: ReplaceOptions): Promise<KubeResult<T>>;
  remove(resource: Resource, options: RemoveOptions): Promise<KubeResult<undefined>>;
  /** Resolves when the server has accepted. The stream ends by itself when the server closes it or `signal` aborts. */
  watch<T extends KubeObject>(
    resource: Resource<T>,
    options: WatchOptions,
  ): Promise<KubeResult<AsyncIterable<WatchEvent<T>>>>;
  /** Any path; any status below 400 is a success. */
  raw(method: string, path: string, options?: RawOptions): Promise<KubeResult<RawAnswer>>;
}
