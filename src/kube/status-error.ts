/** Turns a failed answer of the API server into a KubeError. Pure. */
import { asNumber, asObject, asText, parseObject, type JsonObject } from './json.js';
import type { KubeCause, KubeDetails, KubeError } from './result.js';

export interface Asked {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
}

export interface RefusedAnswer {
  readonly code: number;
  /** The body: a metav1.Status, or the text of a proxy. */
  readonly text: string;
  /** The header Retry-After, if present. */
  readonly retryAfter?: string | undefined;
}

/** The longest message that is kept, in characters. */
const LONGEST_MESSAGE = 2048;
/** Most causes that are kept. The validation of a CRD can name every element of a list. */
const MOST_CAUSES = 32;

/** The reason for each code, for answers that are no Status (apimachinery, meta/v1, StatusReason). */
const REASONS: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  409: 'Conflict',
  410: 'Gone',
  413: 'RequestEntityTooLarge',
  415: 'UnsupportedMediaType',
  422: 'Invalid',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'ServiceUnavailable',
  504: 'Timeout',
};

export function refusalError(asked: Asked, refusal: RefusedAnswer): KubeError {
  const body = parseObject(refusal.text);
  const status = body?.['kind'] === 'Status' ? body : undefined;
  const error = statusError(asked, status ?? {}, refusal.code);
  const fromHeader = seconds(refusal.retryAfter);
  return {
    ...error,
    ...(status === undefined && refusal.text !== '' ? { message: cut(refusal.text) } : {}),
    ...(status === undefined ? { foreign: true } : {}),
    ...(fromHeader === undefined ? {} : { retryAfterSeconds: fromHeader }),
  };
}

/** Reads a Status, which a watch sends as an event of its own. `code` is used when the Status has no code. */
export function statusError(asked: Asked, status: JsonObject, code?: number): KubeError {
  const details = asObject(status['details']);
  const causes = parseCauses(details?.['causes']);
  const about = parseDetails(details ?? {});
  const settled = code ?? asNumber(status['code']);
  const retryAfterSeconds = asNumber(details?.['retryAfterSeconds']);
  return {
    method: asked.method,
    path: asked.path,
    ...(settled === undefined ? {} : { code: settled }),
    // A Status may have an empty reason, for instance when a webhook or a policy refused the request.
    reason: nonEmpty(status['reason']) ?? REASONS[settled ?? 0] ?? `HTTP${settled ?? ''}`,
    message: cut(nonEmpty(status['message']) ?? 'no message'),
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
    ...(causes.length === 0 ? {} : { causes }),
    ...(Object.keys(about).length === 0 ? {} : { details: about }),
  };
}

function parseDetails(details: JsonObject): KubeDetails {
  const group = nonEmpty(details['group']);
  const kind = nonEmpty(details['kind']);
  const name = nonEmpty(details['name']);
  return {
    ...(group === undefined ? {} : { group }),
    ...(kind === undefined ? {} : { kind }),
    ...(name === undefined ? {} : { name }),
  };
}

function parseCauses(value: unknown): KubeCause[] {
  if (!Array.isArray(value)) return [];
  return value.slice(0, MOST_CAUSES).map((each: unknown) => {
    const cause = asObject(each) ?? {};
    const field = asText(cause['field']);
    const reason = asText(cause['reason']);
    const message = asText(cause['message']);
    return {
      ...(field === undefined ? {} : { field }),
      ...(reason === undefined ? {} : { reason }),
      ...(message === undefined ? {} : { message: cut(message) }),
    };
  });
}

/** The API server only sends whole seconds. A date (RFC 9110) can only come from a proxy, and is ignored. */
function seconds(header: string | undefined): number | undefined {
  return header !== undefined && /^[0-9]{1,6}$/.test(header) ? Number(header) : undefined;
}

function nonEmpty(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function cut(text: string): string {
  return text.length <= LONGEST_MESSAGE ? text : `${text.slice(0, LONGEST_MESSAGE)}…`;
}
