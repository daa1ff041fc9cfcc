/**
 * A Prometheus in the network of a throw-away cluster. It discovers the pods through the API server with the job that
 * deploy/prometheus ships, as a service account of its own with the least rights.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse, stringify } from 'yaml';
import { REPOSITORY } from '../kernel/harness/programs.js';
import { API_ADDRESS } from '../cluster/harness/addresses.js';
import type { Cluster } from '../cluster/harness/cluster.js';
import { reservePort, startRelay } from '../cluster/harness/relay.js';
import { service, type Service } from '../cluster/harness/service.js';

export const MONITORING = 'monitoring';

export interface PrometheusOptions {
  /** Milliseconds between two scrapes, and between two evaluations of the rules. */
  readonly everyMilliseconds?: number;
  /** The groups of a rules file. */
  readonly rules?: string;
  /** Changes the shipped job, as somebody who follows the documents would. */
  readonly adapt?: (job: ScrapeJob) => ScrapeJob;
}

/** An element of scrape_configs (Prometheus documentation, "Configuration"). */
export interface ScrapeJob {
  readonly job_name: string;
  readonly [setting: string]: unknown;
}

export interface Target {
  readonly labels: Readonly<Record<string, string>>;
  readonly health: 'up' | 'down' | 'unknown';
  readonly lastError: string;
  readonly scrapeUrl: string;
}

export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

export interface FiredAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly state: 'pending' | 'firing';
}

export interface Prometheus {
  /** Reachable from the machine itself. */
  readonly url: string;
  query(expression: string): Promise<readonly Sample[]>;
  targets(): Promise<readonly Target[]>;
  alerts(): Promise<readonly FiredAlert[]>;
  logs(): string;
  stop(): Promise<void>;
}

const PORT = 9090;
const READER = { namespace: MONITORING, name: 'prometheus' };
const RIGHTS = `apiVersion: v1
kind: Namespace
metadata: { name: ${MONITORING} }
---
apiVersion: v1
kind: ServiceAccount
metadata: { name: ${READER.name}, namespace: ${MONITORING} }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: { name: prometheus-discovery }
rules:
  - { apiGroups: [''], resources: [pods], verbs: [get, list, watch] }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: { name: prometheus-discovery }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: prometheus-discovery }
subjects:
  - { kind: ServiceAccount, name: ${READER.name}, namespace: ${MONITORING} }
`;

/** Returns the path of promtool. */
export function promtool(): string {
  return printed('test/prometheus/promtool.sh');
}

function printed(script: string, ...operands: readonly string[]): string {
  const stdio = ['ignore', 'pipe', 'inherit'] as const;
  return execFileSync('sh', [join(REPOSITORY, script), ...operands], { encoding: 'utf8', stdio: [...stdio] }).trim();
}

/** Starts Prometheus, and returns when it answers. */
export async function startPrometheus(cluster: Cluster, options: PrometheusOptions = {}): Promise<Prometheus> {
  const applied = await cluster.kubectl(['apply', '-f', '-'], { input: RIGHTS });
  if (applied.status !== 0) throw new Error(`rights of Prometheus: ${applied.stderr}`);
  const token = await cluster.kubectl(['create', 'token', READER.name, '-n', MONITORING, '--duration=2h']);
  if (token.status !== 0) throw new Error(`token of Prometheus: ${token.stderr}`);
  const folder = join(cluster.control.state, 'prometheus');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'token'), token.stdout.trim(), { mode: 0o600 });
  writeFileSync(join(folder, 'prometheus.yml'), stringify(configuration(cluster, folder, options)));
  if (options.rules !== undefined) writeFileSync(join(folder, 'rules.yml'), options.rules);
  const program = printed('test/cluster/more.sh', 'prometheus');
  const running = service(
    cluster.control,
    'prometheus',
    [
      program,
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${PORT}`,
      '--log.level=warn',
    ],
    PORT,
  );
  const { port, server } = await reservePort();
  try {
    await running.start();
    await startRelay(cluster.control, server, { host: '127.0.0.1', port: PORT });
  } catch (error) {
    server.close();
    await running.stop();
    throw error;
  }
  return opened(running, `http://127.0.0.1:${port}`);
}

/** The token that Prometheus has for the API server, which it also shows to secured metrics. */
export function tokenFile(cluster: Cluster): string {
  return join(cluster.control.state, 'prometheus', 'token');
}

function configuration(cluster: Cluster, folder: string, options: PrometheusOptions): object {
  const { everyMilliseconds = 2000, rules, adapt = (job) => job } = options;
  const shipped = parse(readFileSync(join(REPOSITORY, 'deploy/prometheus/scrape-config.yaml'), 'utf8')) as {
    readonly scrape_configs: readonly ScrapeJob[];
  };
  const interval = `${everyMilliseconds}ms`;
  // In a pod, Prometheus would find the API server and its token by itself.
  const discovery = {
    role: 'pod',
    namespaces: { names: ['stasis-system'] },
    api_server: `https://${API_ADDRESS}:443`,
    authorization: { credentials_file: join(folder, 'token') },
    tls_config: { ca_file: cluster.authority },
  };
  return {
    global: { scrape_interval: interval, scrape_timeout: interval, evaluation_interval: interval },
    ...(rules === undefined ? {} : { rule_files: [join(folder, 'rules.yml')] }),
    scrape_configs: shipped.scrape_configs.map((job) =>
      adapt({ ...job, scrape_interval: interval, kubernetes_sd_configs: [discovery] }),
    ),
  };
}

function opened(running: Service, url: string): Prometheus {
  const get = async <T>(path: string): Promise<T> => {
    const answer = await fetch(`${url}/api/v1/${path}`);
    const body = (await answer.json()) as { readonly status: string; readonly error?: string; readonly data: T };
    if (body.status !== 'success') throw new Error(`Prometheus: ${path}: ${body.error ?? answer.status}`);
    return body.data;
  };
  return {
    url,
    query: async (expression) => {
      const { result } = await get<{ result: Sample[] }>(`query?query=${encodeURIComponent(expression)}`);
      return result;
    },
    targets: async () => (await get<{ activeTargets: Target[] }>('targets?state=active')).activeTargets,
    alerts: async () => (await get<{ alerts: FiredAlert[] }>('alerts')).alerts,
    logs: () => running.logs(),
    stop: () => running.stop(),
  };
}

/** Waits until every pod of the release is scraped well. Throws what is wrong after the time. */
export async function untilScraped(prometheus: Prometheus, targets: number, seconds = 60): Promise<readonly Target[]> {
  for (const until = Date.now() + 1000 * seconds; ;) {
    const found = await prometheus.targets();
    if (found.length === targets && found.every(({ health }) => health === 'up')) return found;
    if (Date.now() > until)
      throw new Error(`not ${targets} targets that are up: ${JSON.stringify(found)}\n${prometheus.logs()}`);
    await sleep(200);
  }
}
