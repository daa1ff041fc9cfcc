/** Reads a certificate and its key from the folder where a Secret of type kubernetes.io/tls is mounted. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';

/** Both in PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

export type CertificateRead =
  | { readonly ok: true; readonly certificate: Certificate }
  /** `message` names the folder and what is wrong, and nothing of the key. */
  | { readonly ok: false; readonly message: string };

/** Reads `tls.crt` and `tls.key`. A pair that does not belong together, as during a rotation, is a failure. */
export async function readCertificate(folder: string): Promise<CertificateRead> {
  try {
    const [cert, key] = await Promise.all([
      readFile(join(folder, 'tls.crt'), 'utf8'),
      readFile(join(folder, 'tls.key'), 'utf8'),
    ]);
    createSecureContext({ cert, key });
    return { ok: true, certificate: { cert, key } };
  } catch (error) {
    const why = error instanceof Error ? ((error as NodeJS.ErrnoException).code ?? error.message) : String(error);
    return { ok: false, message: `${folder}: no usable tls.crt and tls.key: ${why}` };
  }
}
