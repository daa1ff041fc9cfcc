/**
 * Sends raw requests to an API server, as the administrator of a kubeconfig or with any token. kubectl is unsuitable
 * for tests of permissions: it reads an object before it writes it, and so fails for another reason than the one under
 * test.
 */
import { Agent, request as httpsRequest } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from 'yaml';

export interface Asking {
  /** Used instead of the administrator's certificate. */
  readonly token?: string;
  readonly body?: unknown;
  /** Content type of the body. Default: application/json. */
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Answer {
  readonly code: number;
  /** The parsed body. `message` holds the message of a Status. */
  readonly json: Readonly<Record<string, unknown>>;
  readonly text: string;
  readonly message: string;
}

export interface ApiClient {
  request(method: string, path: string, asking?: Asking): Promise<Answer>;
  /** Like request(), but throws when the code is 400 or more. */
  must(method: string, path: string, asking?: Asking): Promise<Answer>;
  close(): void;
}

export const MERGE_PATCH = 'application/merge-patch+json';
export const APPLY_PATCH = 'application/apply-patch+yaml';

interface Kubeconfig {
  readonly clusters: readonly { readonly cluster: Readonly<Record<string, string>> }[];
  readonly users: readonly { readonly user: Readonly<Record<string, string>> }[];
}

/** @param text A kubeconfig of one cluster and one user, with a token or with embedded certificates. */
export function apiClient(text: string): ApiClient {
  const { clusters, users } = parse(text) as Kubeconfig;
  const cluster = clusters[0]?.cluster ?? {};
  const user = users[0]?.user ?? {};
  const ca = decoded(cluster['certificate-authority-data']);
  const trust = ca === undefined ? { rejectUnauthorized: false } : { ca };
  const cert = decoded(user['client-certificate-data']);
  const key = decoded(user['client-key-data']);
  const server = new URL(cluster['server'] ?? '');
  const admin = new Agent({ keepAlive: true, ...trust, ...(cert === undefined ? {} : { cert, key }) });
  const bearer = new Agent({ keepAlive: true, ...trust });

  const once = (method: string, path: string, asking: Asking): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const token = asking.token ?? user['token'];
      const headers = {
        accept: 'application/json',
        ...(asking.body === undefined ? {} : { 'content-type': asking.contentType ?? 'application/json' }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...asking.headers,
      };
      const agent = asking.token === undefined ? admin : bearer;
      const sent = httpsRequest(new URL(path, server), { method, agent, headers, timeout: 30_000 }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.once('error', reject);
        response.once('end', () => resolve(answer(response.statusCode ?? 0, Buffer.concat(chunks).toString('utf8'))));
      });
      sent.once('error', reject);
      sent.once('timeout', () => sent.destroy(new Error(`${method} ${path}: no answer in 30 s`)));
      sent.end(asking.body === undefined ? undefined : JSON.stringify(asking.body));
    });

  // A server that has just started, or that has just learnt of a kind, asks clients to retry.
  const request = async (method: string, path: string, asking: Asking = {}): Promise<Answer> => {
    for (let tries = 1; ; tries += 1) {
      const answered = await once(method, path, asking);
      if (answered.code !== 429 || tries === 20) return answered;
      await sleep(500);
    }
  };

  return {
    request,
    must: async (method, path, asking) => {
      const answered = await request(method, path, asking);
      if (answered.code < 400) return answered;
      throw new Error(`${method} ${path}: ${answered.code} ${answered.message}`);
    },
    close: () => {
      admin.destroy();
      bearer.destroy();
    },
  };
}

/** Polls until `look` returns a value. */
export async function until<T>(what: string, look: () => Promise<T | undefined>, seconds = 60): Promise<T> {
  const deadline = performance.now() + seconds * 1000;
  for (;;) {
    const seen = await look();
    if (seen !== undefined) return seen;
    if (performance.now() > deadline) throw new Error(`waited ${seconds} s for ${what}`);
    await sleep(50);
  }
}

function answer(code: number, text: string): Answer {
  const json = asObject(text);
  const message = json['message'];
  return { code, json, text, message: typeof message === 'string' ? message : text.slice(0, 500) };
}

/** Some answers (of /healthz, of logs) are not JSON. */
function asObject(text: string): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(text);
    return parsed !== null && typeof parsed === 'object' ? (parsed as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function decoded(base64: string | undefined): string | undefined {
  return base64 === undefined ? undefined : Buffer.from(base64, 'base64').toString('utf8');
}
