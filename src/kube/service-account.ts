/**
 * Reads the access data of a pod (Kubernetes documentation, "Accessing the Kubernetes API from a Pod"). The Kubernetes
 * client library is not used for this: it costs a process 90 MB of memory, for kubeconfigs that no pod has.
 */
import { existsSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fingerprint, type AccessSource } from './access.js';

export const SERVICE_ACCOUNT_FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount';

/** Returns undefined when this process is not in a pod with the token of a service account. */
export function serviceAccountAccess(
  environment: Readonly<Record<string, string | undefined>>,
  folder = SERVICE_ACCOUNT_FOLDER,
): AccessSource | undefined {
  const host = environment['KUBERNETES_SERVICE_HOST'];
  const port = environment['KUBERNETES_SERVICE_PORT'];
  if (!host || !port || !existsSync(join(folder, 'token'))) return undefined;
  const serverName = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  const origin = `https://${serverName}`;
  return {
    serverName,
    namespace: readNamespace(folder),
    async read() {
      const [token, ca] = await Promise.all([
        readFile(join(folder, 'token'), 'utf8'),
        readFile(join(folder, 'ca.crt'), 'utf8'),
      ]);
      const tls = { ca };
      return {
        origin,
        basePath: '',
        proxy: undefined,
        headers: { authorization: `Bearer ${token.trim()}` },
        tls,
        fingerprint: fingerprint(origin, undefined, tls),
      };
    },
  };
}

function readNamespace(folder: string): string | undefined {
  try {
    return readFileSync(join(folder, 'namespace'), 'utf8').trim();
  } catch {
    return undefined;
  }
}
