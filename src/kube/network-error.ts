/** Turns an error of undici into a KubeError. Pure. */
import type { KubeError } from './result.js';
import type { Asked } from './status-error.js';

/**
 * The codes of timeouts. Errors are recognised by code, because instanceof would require the same copy of the package.
 */
const TIMEOUTS: ReadonlySet<string> = new Set([
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'UND_ERR_CONNECT_TIMEOUT',
  'ETIMEDOUT',
]);

/** undici stopped reading an answer that is larger than it accepts. */
const TOO_LONG = 'UND_ERR_RES_EXCEEDED_MAX_SIZE';

export function networkError(asked: Asked, error: unknown): KubeError {
  const code = codeOf(error);
  const text = messageOf(error);
  return {
    method: asked.method,
    path: asked.path,
    reason: reasonOf(code),
    message: code === undefined || text.includes(code) ? text : `${code}: ${text}`,
  };
}

function reasonOf(code: string | undefined): string {
  if (code === TOO_LONG) return 'TooLong';
  return code !== undefined && TIMEOUTS.has(code) ? 'Timeout' : 'Unreachable';
}

function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if ('code' in error && typeof error.code === 'string') return error.code;
  return codeOf(first(error));
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown failure';
  const inner = first(error);
  // An AggregateError, which arises when every address of a name failed, has an empty message of its own.
  if (error.message === '') return inner === undefined ? error.name : messageOf(inner);
  return error.message.slice(0, 500);
}

function first(error: Error): unknown {
  return error instanceof AggregateError ? error.errors[0] : error.cause;
}
