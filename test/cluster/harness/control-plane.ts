import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { API_ADDRESS, CONTROL_ADDRESS, SERVICES } from './addresses.js';
import { identity, tokenKey } from './certificates.js';
import { writeKubeconfig } from './kubeconfig.js';
import type { Place } from './place.js';
import { type Service, service } from './service.js';

export interface ControlPlane {
  readonly etcd: Service;
  readonly apiserver: Service;
  readonly controllerManager: Service;
  readonly scheduler: Service;
}

const ETCD = 'http://127.0.0.1:2379';
const SERVER = `https://${API_ADDRESS}:443`;

/**
 * Audits writes without their bodies, to count the API writes of a Checkpoint. Reads and node Leases would make up most
 * of the file. Nothing is batched, so a request is in the file once it has been answered.
 */
const AUDIT_POLICY = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [
    { level: 'None', verbs: ['get', 'list', 'watch'] },
    { level: 'None', userGroups: ['system:nodes'], resources: [{ group: 'coordination.k8s.io' }] },
    { level: 'Metadata' },
  ],
};

export function auditLogOf(control: Place): string {
  return join(control.state, 'audit.log');
}

/** Writes the settings of the four programs. The certificates must exist already. */
export function configureControlPlane(control: Place, certificates: string): void {
  mkdirSync(control.state, { recursive: true });
  writeFileSync(join(control.state, 'audit-policy.json'), JSON.stringify(AUDIT_POLICY));
  for (const name of ['controller-manager', 'scheduler']) {
    writeKubeconfig(join(control.state, `${name}.kubeconfig`), SERVER, certificates, name);
  }
}

/** The four programs of the control plane, not started. `controllers` are those of kube-controller-manager; default: its own. */
export function controlPlane(control: Place, certificates: string, controllers?: readonly string[]): ControlPlane {
  const user = (name: string): string => `--kubeconfig=${join(control.state, `${name}.kubeconfig`)}`;
  return {
    etcd: service(
      control,
      'etcd',
      [
        'etcd',
        `--data-dir=${join(control.state, 'etcd')}`,
        `--listen-client-urls=${ETCD}`,
        `--advertise-client-urls=${ETCD}`,
        // The data is deleted with the cluster; syncing it to a real disk would only cost time.
        '--unsafe-no-fsync',
        '--log-level=warn',
      ],
      2379,
    ),
    apiserver: service(control, 'kube-apiserver', apiserver(control, certificates), 443),
    controllerManager: service(
      control,
      'kube-controller-manager',
      [
        'kube-controller-manager',
        user('controller-manager'),
        // There is one replica, and waiting for a Lease would only delay the start.
        '--leader-elect=false',
        // A status of a node that was missed during the start is seen in the next round.
        '--node-monitor-period=1s',
        '--use-service-account-credentials=true',
        // Every controller creates an account and a token first, which takes seconds at the default of 20 requests/s.
        '--kube-api-qps=300',
        '--kube-api-burst=300',
        `--service-account-private-key-file=${tokenKey(certificates)}`,
        `--root-ca-file=${identity(certificates, 'ca').certificate}`,
        `--service-cluster-ip-range=${SERVICES}`,
        // Without this option the default folder, below the machine's /usr, would be created.
        `--flex-volume-plugin-dir=${join(control.state, 'volume-plugins')}`,
        ...(controllers === undefined ? [] : [`--controllers=${controllers.join(',')}`]),
      ],
      10_257,
    ),
    scheduler: service(
      control,
      'kube-scheduler',
      ['kube-scheduler', user('scheduler'), '--leader-elect=false'],
      10_259,
    ),
  };
}

function apiserver(control: Place, certificates: string): string[] {
  const own = identity(certificates, 'apiserver');
  const toKubelet = identity(certificates, 'apiserver-kubelet-client');
  return [
    'kube-apiserver',
    `--etcd-servers=${ETCD}`,
    '--bind-address=0.0.0.0',
    '--secure-port=443',
    `--advertise-address=${CONTROL_ADDRESS}`,
    `--service-cluster-ip-range=${SERVICES}`,
    `--client-ca-file=${identity(certificates, 'ca').certificate}`,
    `--tls-cert-file=${own.certificate}`,
    `--tls-private-key-file=${own.key}`,
    `--cert-dir=${control.state}`,
    `--kubelet-client-certificate=${toKubelet.certificate}`,
    `--kubelet-client-key=${toKubelet.key}`,
    // The names of nodes cannot be resolved, so exec and logs need the address.
    '--kubelet-preferred-address-types=InternalIP',
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${tokenKey(certificates)}`,
    `--service-account-signing-key-file=${tokenKey(certificates)}`,
    '--authorization-mode=Node,RBAC',
    '--enable-admission-plugins=NodeRestriction',
    '--allow-privileged=true',
    `--audit-policy-file=${join(control.state, 'audit-policy.json')}`,
    `--audit-log-path=${auditLogOf(control)}`,
    '--audit-log-mode=blocking',
    // In megabytes: one file for the whole life of the cluster. By default a new one begins after 100 MB.
    '--audit-log-maxsize=100000',
  ];
}
