/** The metrics of src/kube, with the names that controller-runtime and client-go use. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { ReflectorMetrics } from './reflector.js';
import type { RequestFacts } from './transport.js';
import type { QueueMetrics, QueueSnapshot } from './work-queue.js';

export interface KubeMetrics {
  /** Pass it to connect(). */
  readonly onRequest: (facts: RequestFacts) => void;
  /** Pass it to a WorkQueue. Call it once per name. */
  queue(name: string): QueueMetrics;
  /** Pass it to a LeaderElector as onStatus. */
  leader(name: string): (isLeader: boolean) => void;
  /** Pass it to the reflector of this resource (its plural). */
  reflector(resource: string): ReflectorMetrics;
}

/** Bounds in seconds, from 10 ns to 1000 s; controller-runtime's for queues. */
const QUEUE_BUCKETS = [1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1, 10, 100, 1000];
/** Bounds in seconds; client-go's for requests. */
const REQUEST_BUCKETS = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60];
/** The state of a queue that nobody has made yet. */
const IDLE: QueueSnapshot = { depth: 0, unfinishedSeconds: 0, longestRunningSeconds: 0 };
const QUEUE_LABELS = ['name', 'controller'] as const;

/** Registers the metrics of requests and reflectors on `registry`, and the others when they are first asked for. Call it once per registry. */
export function kubeMetrics(registry: Registry): KubeMetrics {
  const registers = [registry];
  let queues: Pick<KubeMetrics, 'queue'> | undefined;
  let leaders: Pick<KubeMetrics, 'leader'> | undefined;
  return {
    ...requestMetrics(registers),
    ...reflectorMetrics(registers),
    queue: (name) => (queues ??= queueMetrics(registers)).queue(name),
    leader: (name) => (leaders ??= leaderMetrics(registers)).leader(name),
  };
}

function requestMetrics(registers: Registry[]): Pick<KubeMetrics, 'onRequest'> {
  const total = new Counter({
    name: 'rest_client_requests_total',
    help: 'Number of HTTP requests, partitioned by status code, method, and host.',
    labelNames: ['code', 'method', 'host'],
    registers,
  });
  const duration = new Histogram({
    name: 'rest_client_request_duration_seconds',
    help: 'Request latency in seconds. Broken down by verb, and host.',
    labelNames: ['verb', 'host'],
    buckets: REQUEST_BUCKETS,
    registers,
  });
  return {
    onRequest: ({ verb, code, host, seconds }) => {
      total.inc({ code, method: verb, host });
      duration.observe({ verb, host }, seconds);
    },
  };
}

function queueMetrics(registers: Registry[]): Pick<KubeMetrics, 'queue'> {
  const readers = new Map<string, () => QueueSnapshot>();
  /** The value is read at each scrape, because unfinished work grows without any event. */
  const gauge = (name: string, help: string, value: (snapshot: QueueSnapshot) => number): void => {
    void new Gauge({
      name,
      help,
      labelNames: QUEUE_LABELS,
      registers,
      collect() {
        for (const [queue, read] of readers) this.set({ name: queue, controller: queue }, value(read()));
      },
    });
  };
  const counter = (name: string, help: string) => new Counter({ name, help, labelNames: QUEUE_LABELS, registers });
  const histogram = (name: string, help: string) =>
    new Histogram({ name, help, labelNames: QUEUE_LABELS, buckets: QUEUE_BUCKETS, registers });
  gauge('workqueue_depth', 'Current depth of workqueue', (now) => now.depth);
  gauge(
    'workqueue_unfinished_work_seconds',
    'How many seconds of work has been done that is in progress and has not been observed by work_duration.',
    (now) => now.unfinishedSeconds,
  );
  gauge(
    'workqueue_longest_running_processor_seconds',
    'How many seconds has the longest running processor for workqueue been running.',
    (now) => now.longestRunningSeconds,
  );
  const adds = counter('workqueue_adds_total', 'Total number of adds handled by workqueue');
  const retries = counter('workqueue_retries_total', 'Total number of retries handled by workqueue');
  const waited = histogram(
    'workqueue_queue_duration_seconds',
    'How long in seconds an item stays in workqueue before being requested',
  );
  const worked = histogram(
    'workqueue_work_duration_seconds',
    'How long in seconds processing an item from workqueue takes.',
  );
  return {
    queue: (name) => {
      const labels = { name, controller: name };
      // Both counters start at 0, so that rates are right from the first increase on.
      adds.inc(labels, 0);
      retries.inc(labels, 0);
      readers.set(name, () => IDLE);
      waited.zero(labels);
      worked.zero(labels);
      return {
        added: () => adds.inc(labels),
        retried: () => retries.inc(labels),
        waited: (seconds) => waited.observe(labels, seconds),
        worked: (seconds) => worked.observe(labels, seconds),
        observe: (read) => void readers.set(name, read),
      };
    },
  };
}

function leaderMetrics(registers: Registry[]): Pick<KubeMetrics, 'leader'> {
  const status = new Gauge({
    name: 'leader_election_master_status',
    help: "Gauge of if the reporting system is master of the relevant lease, 0 indicates backup, 1 indicates master. 'name' is the string used to identify the lease.",
    labelNames: ['name'],
    registers,
  });
  return {
    leader: (name) => {
      status.set({ name }, 0);
      return (isLeader) => status.set({ name }, isLeader ? 1 : 0);
    },
  };
}

function reflectorMetrics(registers: Registry[]): Pick<KubeMetrics, 'reflector'> {
  const lists = new Counter({
    name: 'stasis_reflector_lists_total',
    help: 'Complete lists that were asked for, by how they ended: success, or the reason of the failure.',
    labelNames: ['resource', 'result'],
    registers,
  });
  const watches = new Counter({
    name: 'stasis_reflector_watches_total',
    help: 'Watches that have ended, by how: closed by the server, or the reason of the failure.',
    labelNames: ['resource', 'result'],
    registers,
  });
  const objects = new Gauge({
    name: 'stasis_reflector_objects',
    help: 'Objects held in memory.',
    labelNames: ['resource'],
    registers,
  });
  return {
    reflector: (resource) => {
      // The results of an untroubled life start at 0. The others are the reasons of the API server, an open list.
      lists.inc({ resource, result: 'success' }, 0);
      watches.inc({ resource, result: 'closed' }, 0);
      objects.set({ resource }, 0);
      return {
        listed: (result) => lists.inc({ resource, result }),
        watched: (result) => watches.inc({ resource, result }),
        held: (count) => objects.set({ resource }, count),
      };
    },
  };
}
