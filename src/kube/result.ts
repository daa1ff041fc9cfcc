/** How a request to the API server ended: a value, or the facts of its failure. Pure. */

export type KubeResult<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: KubeError };

/** One of metav1.StatusDetails.causes. */
export interface KubeCause {
  readonly field?: string;
  readonly reason?: string;
  readonly message?: string;
}

/** Facts of a failed request. Never a header, never a token, never a body of ours. */
export interface KubeError {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  /** HTTP status; absent when there was no answer. */
  readonly code?: number;
  /**
   * metav1.Status.reason (NotFound, AlreadyExists, Conflict, Invalid, Forbidden, Expired, TooManyRequests, …), or ours:
   * Unreachable (no or half an answer), Timeout, Aborted (by our signal), Malformed (an answer that is no JSON object),
   * TooLong (a watch event past its bound), Credentials (they could not be loaded).
   */
  readonly reason: string;
  /** Of the Status, or of the network's error. At most 2 KiB. */
  readonly message: string;
  readonly retryAfterSeconds?: number;
  readonly causes?: readonly KubeCause[];
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

/** A lost race for resourceVersion or field ownership; AlreadyExists has code 409 too, and is none. */
export function isConflict(error: KubeError): boolean {
  return error.code === 409 && error.reason !== 'AlreadyExists';
}

export function isAlreadyExists(error: KubeError): boolean {
  return error.code === 409 && error.reason === 'AlreadyExists';
}

/** 410: the resourceVersion or the continue token is no longer in etcd; only a new list helps. */
export function isExpired(error: KubeError): boolean {
  return error.code === 410 || error.reason === 'Expired' || error.reason === 'Gone';
}

/**
 * Whether the very same request may succeed later: no answer, an overloaded or restarting server, a lost race inside it.
 * What the server understood and refused (400, 403, 404, 409, 422) is not.
 */
export function isTransient(error: KubeError): boolean {
  if (error.code === undefined) return error.reason !== 'Aborted';
  return error.code === 429 || error.code >= 500 || error.code === 401;
}

/** 'PATCH /apis/…: 409 Conflict: the object has been modified', for a log line or a condition. */
export function describeError(error: KubeError): string {
  const code = error.code === undefined ? '' : `${error.code} `;
  return `${error.method} ${error.path}: ${code}${error.reason}: ${error.message}`;
}
