import { readFileSync, writeFileSync } from 'node:fs';

import { identity } from './certificates.js';

/** Writes a self-contained kubeconfig for the user whose certificate is named `user`. JSON is valid YAML. */
export function writeKubeconfig(path: string, server: string, certificates: string, user: string): void {
  const own = identity(certificates, user);
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'stasis-test',
        cluster: { server, 'certificate-authority-data': encoded(identity(certificates, 'ca').certificate) },
      },
    ],
    users: [
      {
        name: user,
        user: { 'client-certificate-data': encoded(own.certificate), 'client-key-data': encoded(own.key) },
      },
    ],
    contexts: [{ name: user, context: { cluster: 'stasis-test', user } }],
    'current-context': user,
  };
  writeFileSync(path, JSON.stringify(config, undefined, 2), { mode: 0o600 });
}

function encoded(file: string): string {
  return readFileSync(file).toString('base64');
}
