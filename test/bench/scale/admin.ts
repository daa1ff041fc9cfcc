/** Requests of the bench itself, as the administrator. A refused request ends the bench. */
import { asObject, parseObject, type JsonObject } from '../../../src/kube/json.js';
import { connect, type KubeConnection } from '../../../src/kube/connect.js';
import { describeError, isNotFound } from '../../../src/kube/result.js';
import { readFileSync } from 'node:fs';
import { apiClient, MERGE_PATCH } from '../../cluster/api-client.js';

export type Admin = Awaited<ReturnType<typeof openAdmin>>;

export interface Identified {
  readonly name: string;
  readonly uid: string;
}

/** Only the controller may create PodCaptures. */
const CONTROLLER = { 'impersonate-user': 'system:serviceaccount:stasis-system:stasis-controller' };
const TOKEN_SECONDS = 86_400;

export async function openAdmin(kubeconfig: string) {
  const api = await connect({ kubeconfig, userAgent: 'stasis-bench-scale', requestTimeoutMs: 120_000 });
  const send = async (method: string, path: string, body?: object, contentType?: string): Promise<JsonObject> => {
    const answer = await api.raw(method, path, {
      ...(body === undefined ? {} : { body }),
      ...(contentType === undefined ? {} : { contentType }),
    });
    if (answer.ok) return parseObject(answer.value.text) ?? {};
    if (method === 'DELETE' && isNotFound(answer.error)) return {};
    throw new Error(describeError(answer.error));
  };
  const client = apiClient(readFileSync(kubeconfig, 'utf8'));
  return {
    api,
    /** Sends a request with the permissions of the controller. A PATCH is a merge patch. */
    asController: async (method: 'POST' | 'PATCH', path: string, body: object) =>
      await client.must(method, path, {
        body,
        headers: CONTROLLER,
        ...(method === 'PATCH' ? { contentType: MERGE_PATCH } : {}),
      }),
    close: async () => {
      client.close();
      await api.close();
    },
    post: async (path: string, body: object) => await send('POST', path, body),
    merge: async (path: string, body: object) => await send('PATCH', path, body, MERGE_PATCH),
    get: async (path: string) => await send('GET', path),
    text: async (path: string) => await rawText(api, path),
    /** Deletes at once, without a grace period. A missing object is as good. */
    remove: async (path: string) => await send('DELETE', path, { gracePeriodSeconds: 0 }),
    /** Requests a token as kubelet does for its pods: bound to the pod, and so to the node of the pod. */
    token: async (namespace: string, account: string, pod: Identified): Promise<string> => {
      const boundObjectRef = { apiVersion: 'v1', kind: 'Pod', ...pod };
      const body = {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenRequest',
        spec: { boundObjectRef, expirationSeconds: TOKEN_SECONDS },
      };
      const made = await send('POST', `/api/v1/namespaces/${namespace}/serviceaccounts/${account}/token`, body);
      return String(asObject(made['status'])?.['token']);
    },
  };
}

/** The name and UID of an object that the server returned. */
export function identified(object: JsonObject): Identified {
  const metadata = asObject(object['metadata']);
  return { name: String(metadata?.['name']), uid: String(metadata?.['uid']) };
}

async function rawText(api: KubeConnection, path: string): Promise<string> {
  const answer = await api.raw('GET', path, { accept: 'text/plain' });
  if (!answer.ok) throw new Error(describeError(answer.error));
  return answer.value.text;
}
