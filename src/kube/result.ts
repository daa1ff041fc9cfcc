/** The result of a request to the API server: a value, or the facts of a failure. Pure. */

export type KubeResult<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: KubeError };

/** An element of metav1.StatusDetails.causes. */
export interface KubeCause {
  readonly field?: string;
  readonly reason?: string;
  readonly message?: string;
}

/** The object that a Status is about, in metav1.StatusDetails. `kind` is the plural, as in the path. */
export interface KubeDetails {
  readonly group?: string;
  readonly kind?: string;
  readonly name?: string;
}

/** The facts of a failed request. They never contain a header, a token, or the body of a request. */
export interface KubeError {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  /** The HTTP status. Absent when there was no answer. */
  readonly code?: number;
  /**
   * The reason in metav1.Status (NotFound, AlreadyExists, Conflict, Invalid, Forbidden, Expired, TooManyRequests, …),
   * or a reason of this client: Unreachable (no answer, or only a part of it), Timeout, Aborted (by the caller's
   * signal), Malformed (the answer is no JSON object), TooLong (an answer or a
   * watch event exceeds its bound), Credentials (they
   * could not be loaded).
   */
  readonly reason: string;
  /** The message of the Status or of the network error. At most 2 KiB. */
  readonly message: string;
  readonly retryAfterSeconds?: number;
  readonly causes?: readonly KubeCause[];
  readonly details?: KubeDetails;
  /** The answer is no metav1.Status. So a proxy or a firewall may have given it, and not the API server. */
  readonly foreign?: true;
}

export function success<T>(value: T): KubeResult<T> {
  return { ok: true, value };
}

export function failure<T = never>(error: KubeError): KubeResult<T> {
  return { ok: false, error };
}

export function isNotFound(error: KubeError): boolean {
  return error.code === 404;
}

/**
 * Whether the API server itself says that there is no such object. A proxy whose backend is away answers 404 as well, and so does a
 * server that does not serve the kind at the moment; neither names the object.
 */
export function isObjectGone(
  { code, reason, details, foreign }: KubeError,
  { group, plural }: { readonly group: string; readonly plural: string },
  name: string,
): boolean {
  if (code !== 404 || reason !== 'NotFound' || foreign === true) return false;
  return details?.name === name && details.kind === plural && (details.group ?? '') === group;
}

/**
 * The caller lost a race for a resourceVersion or for field ownership. AlreadyExists also has code 409, but is no
 * conflict.
 */
export function isConflict(error: KubeError): boolean {
  return error.code === 409 && error.reason !== 'AlreadyExists';
}

export function isAlreadyExists(error: KubeError): boolean {
  return error.code === 409 && error.reason === 'AlreadyExists';
}

/** 410: etcd no longer has the revision of the resourceVersion or of the continue token. Only a new list helps. */
export function isExpired(error: KubeError): boolean {
  return error.code === 410 || error.reason === 'Expired' || error.reason === 'Gone';
}

/**
 * Whether the same request may succeed later: there was no answer, the server is overloaded or restarting, or the
 * request lost a race inside the server. A request that the server understood and refused (400, 403, 404, 409, 422) is
 * not transient.
 */
export function isTransient(error: KubeError): boolean {
  if (error.code === undefined) return error.reason !== 'Aborted';
  return error.code === 429 || error.code >= 500 || error.code === 401;
}

/** For a log line or a condition, for instance 'PATCH /apis/…: 409 Conflict: the object has been modified'. */
export function describeError(error: KubeError): string {
  const code = error.code === undefined ? '' : `${error.code} `;
  return `${error.method} ${error.path}: ${code}${error.reason}: ${error.message}`;
}
