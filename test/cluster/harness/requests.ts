import { readFileSync } from 'node:fs';
import { request } from 'node:https';

import { identity } from './certificates.js';

/** Returns a function that GETs a path of the API server as the administrator. Undefined unless the answer is 200. */
export function fetchFrom(server: string, certificates: string): (path: string) => Promise<string | undefined> {
  const admin = identity(certificates, 'admin');
  const ca = readFileSync(identity(certificates, 'ca').certificate);
  const cert = readFileSync(admin.certificate);
  const key = readFileSync(admin.key);
  return (path) =>
    new Promise((resolve) => {
      const asked = request(`${server}${path}`, { ca, cert, key, agent: false, timeout: 5000 }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.once('error', () => resolve(undefined));
        response.once('end', () =>
          resolve(response.statusCode === 200 ? Buffer.concat(chunks).toString('utf8') : undefined),
        );
      });
      asked.once('error', () => resolve(undefined));
      asked.once('timeout', () => asked.destroy());
      asked.end();
    });
}
