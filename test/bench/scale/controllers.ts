/** The two replicas of the controller: real processes of the real command, as the chart's Deployment would start them. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import type { Cluster } from '../../cluster/harness/cluster.js';
import { API_ADDRESS } from '../../cluster/harness/addresses.js';
import { execIn } from '../../cluster/harness/place.js';
import { service, type Service } from '../../cluster/harness/service.js';
import { eventually } from '../../cluster/harness/waiting.js';
import { STASIS_NAMESPACE } from '../../cluster/installed.js';
import { REPOSITORY } from '../../kernel/harness/programs.js';
import { identified, type Admin } from './admin.js';
import type { InstalledChart } from './chart.js';
import { hostPid } from './usage.js';

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** What a process had open, and its memory, at one moment. */
export interface Probe {
  readonly open: Readonly<Record<string, number>>;
  readonly heapUsed: number;
  readonly rss: number;
}

export const REPLICAS = ['stasis-controller-1', 'stasis-controller-2'] as const;
const ACCOUNT = 'stasis-controller';
const FIRST_PORT = 18_080;
const API_SERVER: Endpoint = { host: API_ADDRESS, port: 443 };
const PROBE = pathToFileURL(join(REPOSITORY, 'build/test/bench/scale/probe.js')).href;
/**
 * Becomes a process of a pod: the files of the service account in their place, and the memory limit of the chart, if the machine
 * has the memory controller of cgroup v1. Node chooses the size of its heap by that limit.
 */
export const AS_POD = `account=$1; limit=$2; name=$3; shift 3
group=/sys/fs/cgroup/memory/$name
if [ -e /sys/fs/cgroup/memory/memory.limit_in_bytes ]; then
  mkdir -p "$group"; echo "$limit" > "$group/memory.limit_in_bytes"; echo $$ > "$group/cgroup.procs"
fi
mkdir -p /run/secrets/kubernetes.io/serviceaccount
mount --bind "$account" /run/secrets/kubernetes.io/serviceaccount
exec "$@"`;

export class Controllers {
  readonly #cluster: Cluster;
  readonly #admin: Admin;
  readonly #chart: InstalledChart;
  #running: readonly Service[] = [];

  constructor(cluster: Cluster, admin: Admin, chart: InstalledChart) {
    this.#cluster = cluster;
    this.#admin = admin;
    this.#chart = chart;
  }

  /** Starts both replicas, which reach the API server at `endpoint`. Returns when one of them leads. */
  async start(endpoint: Endpoint = API_SERVER): Promise<void> {
    const running = await Promise.all(REPLICAS.map(async (name, index) => await this.#replica(name, index, endpoint)));
    this.#running = running;
    await Promise.all(running.map(async (one) => await one.start()));
    await eventually('a controller leads', async () => (await this.leader()) !== undefined, 60_000, 200);
  }

  /** Ends both as kubelet does, and removes their pods. */
  async stop(): Promise<void> {
    await Promise.all(this.#running.map(async (one) => await one.stop()));
    this.#running = [];
    for (const name of REPLICAS) await this.#admin.remove(`/api/v1/namespaces/${STASIS_NAMESPACE}/pods/${name}`);
  }

  async restart(endpoint?: Endpoint): Promise<void> {
    await this.stop();
    await this.start(endpoint);
  }

  /** Whether both still run. A process that was killed for its memory does not. */
  async allRun(): Promise<boolean> {
    const running = await Promise.all(this.#running.map(async (one) => await one.running()));
    return running.every(Boolean);
  }

  /** The name of the replica that leads. */
  async leader(): Promise<string | undefined> {
    const metrics = await Promise.all(REPLICAS.map(async (_, index) => await this.metrics(index)));
    return REPLICAS.find((_, index) => /^leader_election_master_status\{.*\} 1$/m.test(metrics[index] ?? ''));
  }

  /** What replica `index` serves at /metrics; empty when it does not answer. */
  async metrics(index: number): Promise<string> {
    const get =
      'fetch(process.argv[1]).then(async (answer) => process.stdout.write(await answer.text()), () => undefined)';
    const url = `http://127.0.0.1:${FIRST_PORT + index}/metrics`;
    return (await execIn(this.#cluster.control, [process.execPath, '-e', get, url])).stdout;
  }

  /** Asks a replica what it has open. */
  async probe(name: string): Promise<Probe> {
    const file = this.#probeFile(name);
    rmSync(file, { force: true });
    const pid = hostPid(this.#cluster.control, name);
    if (pid === undefined) throw new Error(`${name} does not run`);
    process.kill(pid, 'SIGUSR2');
    await eventually(`${name} answers the probe`, () => existsSync(file), 10_000, 50);
    await sleep(50);
    return JSON.parse(readFileSync(file, 'utf8')) as Probe;
  }

  async #replica(name: string, index: number, { host, port }: Endpoint): Promise<Service> {
    const { control, authority } = this.#cluster;
    const pods = `/api/v1/namespaces/${STASIS_NAMESPACE}/pods`;
    const labels = this.#chart.controllerLabels;
    const made = await this.#admin.post(pods, {
      metadata: { name, labels },
      spec: {
        serviceAccountName: ACCOUNT,
        automountServiceAccountToken: false,
        schedulerName: 'none',
        containers: [{ name: 'controller', image: 'example.test/stasis:1' }],
      },
    });
    const token = await this.#admin.token(STASIS_NAMESPACE, ACCOUNT, identified(made));
    const account = accountFolder(join(control.state, `${name}-account`), token, authority);
    const listens = FIRST_PORT + index;
    const environment = [
      `POD_NAME=${name}`,
      `POD_NAMESPACE=${STASIS_NAMESPACE}`,
      `KUBERNETES_SERVICE_HOST=${host}`,
      `KUBERNETES_SERVICE_PORT=${port}`,
      `NODE_OPTIONS=--import=${PROBE}`,
      `STASIS_PROBE=${this.#probeFile(name)}`,
      ...(process.env['PROFILE'] === undefined ? [] : ['STASIS_PROFILE=1']),
    ];
    const command = [join(REPOSITORY, 'bin/stasis'), ...this.#chart.controllerArguments, `--port=${listens}`];
    const argv = [AS_POD, 'sh', account, String(this.#chart.memoryLimit), name, 'env', ...environment, ...command];
    return service(control, name, ['unshare', '--mount', 'sh', '-c', ...argv], listens);
  }

  #probeFile(name: string): string {
    return join(this.#cluster.control.state, `${name}.probe.json`);
  }
}

/** Writes the files that kubelet mounts into a pod. Returns the folder. */
export function accountFolder(folder: string, token: string, authority: string): string {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'token'), token);
  writeFileSync(join(folder, 'namespace'), STASIS_NAMESPACE);
  writeFileSync(join(folder, 'ca.crt'), readFileSync(authority));
  return folder;
}
