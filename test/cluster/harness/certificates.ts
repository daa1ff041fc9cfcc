import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { must } from './run.js';
import { API_ADDRESS, CONTROL_ADDRESS } from './addresses.js';

/** The files with the certificate and the key of one user. */
export interface Identity {
  readonly certificate: string;
  readonly key: string;
}

/**
 * The settings contain no section of the machine's openssl.cnf, whose defaults would make every certificate an
 * authority.
 */
const SETTINGS = '[req]\ndistinguished_name=dn\n[dn]\n';
const NAMES = ['localhost', 'kubernetes', 'kubernetes.default', 'kubernetes.default.svc'];

/**
 * The subjects by which the API server recognises each component (Kubernetes documentation, "PKI certificates and
 * requirements").
 */
function subjects(nodes: readonly string[]): Record<string, string> {
  return {
    apiserver: '/CN=kube-apiserver',
    'apiserver-kubelet-client': '/O=system:masters/CN=kube-apiserver-kubelet-client',
    admin: '/O=system:masters/CN=admin',
    'controller-manager': '/CN=system:kube-controller-manager',
    scheduler: '/CN=system:kube-scheduler',
    ...Object.fromEntries(nodes.map((node) => [node, `/O=system:nodes/CN=system:node:${node}`])),
  };
}

/** Creates an authority, a certificate for each component, and the key for service account tokens, in `folder`. */
export async function makeCertificates(folder: string, nodes: readonly string[]): Promise<void> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const settings = join(folder, 'openssl.cnf');
  writeFileSync(settings, SETTINGS);
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '3650'];
  const request = ['openssl', 'req', '-x509', '-config', settings, ...curve];
  const ca = identity(folder, 'ca');
  const authority = ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign,digitalSignature'];
  await must([...request, '-subj', '/CN=stasis-test', ...files(ca), ...extensions(authority)]);
  const alternatives = [
    ...NAMES.map((name) => `DNS:${name}`),
    ...['127.0.0.1', API_ADDRESS, CONTROL_ADDRESS].map((address) => `IP:${address}`),
  ];
  const leaf = ['basicConstraints=critical,CA:FALSE', 'extendedKeyUsage=clientAuth,serverAuth'];
  // genpkey is not used: kube-apiserver reads the public half of a private key only in SEC 1 form.
  const key = must(['openssl', 'ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', tokenKey(folder)]);
  const made = Object.entries(subjects(nodes)).map(([name, subject]) => {
    const extra = name === 'apiserver' ? [...leaf, `subjectAltName=${alternatives.join(',')}`] : leaf;
    const signed = ['-CA', ca.certificate, '-CAkey', ca.key, '-subj', subject];
    return must([...request, ...signed, ...files(identity(folder, name)), ...extensions(extra)]);
  });
  await Promise.all([key, ...made]);
}

export function identity(folder: string, name: string): Identity {
  return { certificate: join(folder, `${name}.crt`), key: join(folder, `${name}.key`) };
}

export function tokenKey(folder: string): string {
  return join(folder, 'service-accounts.key');
}

function files(one: Identity): string[] {
  return ['-out', one.certificate, '-keyout', one.key];
}

function extensions(list: readonly string[]): string[] {
  return list.flatMap((one) => ['-addext', one]);
}
