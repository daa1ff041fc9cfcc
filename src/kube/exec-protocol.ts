/**
 * The texts and bytes of an exec over WebSocket: path, channels, and the Status at the end. Pure.
 * (k8s.io/apimachinery/pkg/util/remotecommand, and KEP-4006)
 */
import { asNumber, asObject, asText, parseObject } from './json.js';
import { resourcePath } from './resource-path.js';
import type { Resource } from './types.js';

/**
 * In the order of preference. In version 5 a client can close its side of a stream; a command that reads no input does not need
 * that, so that version 4, of API servers before Kubernetes 1.30, does as well.
 */
export const SUBPROTOCOLS: readonly string[] = ['v5.channel.k8s.io', 'v4.channel.k8s.io'];

/** The first byte of each message says which stream the rest belongs to. */
export const OUTPUT_CHANNEL = 1;
export const ERRORS_CHANNEL = 2;
export const STATUS_CHANNEL = 3;

const PODS: Resource = { group: '', version: 'v1', plural: 'pods', namespaced: true, kind: 'Pod' };

export interface ExecTarget {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly command: readonly string[];
}

/** Returns path and query, or undefined where a name cannot be a part of a path. */
export function execPath({ namespace, pod, container, command }: ExecTarget): string | undefined {
  const path = resourcePath(PODS, { namespace, name: pod, subresource: 'exec' });
  const words = command.map((word) => `command=${encodeURIComponent(word)}`);
  const query = [`container=${encodeURIComponent(container)}`, 'stdout=true', 'stderr=true', ...words].join('&');
  return path === undefined ? undefined : `${path}?${query}`;
}

/** How the command ended, or why it was not run. */
export type ExecEnd =
  | { readonly kind: 'exited'; readonly status: number }
  | { readonly kind: 'failed'; readonly code?: number; readonly message: string };

/** Reads the text of the status channel. Returns undefined while it is not whole. */
export function parseExecStatus(text: string): ExecEnd | undefined {
  const status = parseObject(text);
  if (status === undefined) return undefined;
  if (status['status'] === 'Success') return { kind: 'exited', status: 0 };
  const exit = exitCodeOf(status['details']);
  if (status['reason'] === 'NonZeroExitCode' && exit !== undefined) return { kind: 'exited', status: exit };
  const code = asNumber(status['code']);
  const message = oneLine(asText(status['message']) ?? 'the command failed, and the server does not say why');
  return { kind: 'failed', ...(code === undefined ? {} : { code }), message };
}

function exitCodeOf(details: unknown): number | undefined {
  const causes = asObject(details)?.['causes'];
  if (!Array.isArray(causes)) return undefined;
  const cause = causes.map((each: unknown) => asObject(each)).find((each) => each?.['reason'] === 'ExitCode');
  const code = Number(asText(cause?.['message']) ?? Number.NaN);
  return Number.isInteger(code) && code > 0 ? code : undefined;
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}
