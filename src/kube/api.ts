/**
 * The requests that controller and agent send to an API server. Answers are raw JSON. Failures are values; no method
 * rejects.
 */
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
  /** When not set, the list shows the most recent state, confirmed by a quorum of etcd. */
  readonly resourceVersion?: string;
  /** Asks for the metadata of the objects alone (PartialObjectMetadata). The server then leaves spec and status out. */
  readonly metadataOnly?: boolean;
  readonly signal?: AbortSignal;
}

export interface List<T> {
  readonly items: readonly T[];
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
  /** The length of the answer, as text. */
  readonly length: number;
}

export interface CreateOptions {
  /** Default: the namespace in the object's metadata. */
  readonly namespace?: string;
  readonly fieldManager?: string;
  /** 'Strict' refuses an object with a field that the server does not know. By default, the server drops the field. */
  readonly fieldValidation?: 'Strict';
  /** The server does everything that it does for a creation, admission included, and stores nothing. */
  readonly dryRun?: true;
  readonly signal?: AbortSignal;
}

export interface ApplyOptions {
  readonly fieldManager: string;
  /** Takes over fields that other managers own, where the request would otherwise fail with Conflict. */
  readonly force?: boolean;
  readonly subresource?: 'status';
  readonly signal?: AbortSignal;
}

export interface PatchOptions extends Named {
  readonly subresource?: 'status';
  /** As for {@link CreateOptions}. */
  readonly fieldValidation?: 'Strict';
  readonly fieldManager?: string;
}

export interface ReplaceOptions {
  readonly subresource?: 'status';
  readonly fieldManager?: string;
  readonly signal?: AbortSignal;
}

export interface RemoveOptions extends Named {
  /** Precondition: the request fails with Conflict unless the object has this UID. */
  readonly uid?: string;
  /** Precondition: the request fails with Conflict unless the object has this version. */
  readonly resourceVersion?: string;
  readonly propagationPolicy?: 'Background' | 'Foreground' | 'Orphan';
}

export interface WatchOptions {
  readonly namespace?: string;
  readonly fieldSelector?: string;
  readonly labelSelector?: string;
  /** The version from a list or from the last event. The server sends the changes after it. */
  readonly resourceVersion: string;
  /** The server ends the watch after this time. */
  readonly timeoutSeconds: number;
  readonly signal: AbortSignal;
}

export type WatchEvent<T extends KubeObject = KubeObject> =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: T }
  /** Nothing changed up to this version. */
  | { readonly type: 'BOOKMARK'; readonly resourceVersion: string }
  /**
   * Always the last event. It comes from the server (410 Expired), or from this client when the stream broke, stalled,
   * or could not be parsed.
   */
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
  /** Returns one page. The server leaves apiVersion and kind out of the items of a list; this method fills them in. */
  list<T extends KubeObject>(resource: Resource<T>, options?: ListOptions): Promise<KubeResult<List<T>>>;
  create<T extends KubeObject>(
    resource: Resource<T>,
    object: Draft<T>,
    options?: CreateOptions,
  ): Promise<KubeResult<T>>;
  /** Server-side apply. It creates a missing object, except through a subresource. */
  apply<T extends KubeObject>(resource: Resource<T>, object: Applied<T>, options: ApplyOptions): Promise<KubeResult<T>>;
  /** A merge patch (RFC 7386). */
  mergePatch<T extends KubeObject>(
    resource: Resource<T>,
    options: PatchOptions & { readonly patch: object },
  ): Promise<KubeResult<T>>;
  /** PUT. If metadata.resourceVersion is set, the request fails with Conflict unless it is the current version. */
  replace<T extends KubeObject>(resource: Resource<T>, object: T, options?: ReplaceOptions): Promise<KubeResult<T>>;
  remove(resource: Resource, options: RemoveOptions): Promise<KubeResult<undefined>>;
  /** Resolves when the server has accepted the watch. The stream ends when the server closes it or `signal` aborts. */
  watch<T extends KubeObject>(
    resource: Resource<T>,
    options: WatchOptions,
  ): Promise<KubeResult<AsyncIterable<WatchEvent<T>>>>;
  /** Sends a request to any path. Every status below 300 is a success. */
  raw(method: string, path: string, options?: RawOptions): Promise<KubeResult<RawAnswer>>;
}

/** The requests of the leader election and of the heartbeat. */
export type LeaseApi = Pick<KubeApi, 'get' | 'create' | 'replace' | 'apply'>;
