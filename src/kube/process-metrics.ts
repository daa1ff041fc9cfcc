/** The metrics of the process itself and of Node, and the version. */
import { collectDefaultMetrics, Counter, Gauge, type Registry } from 'prom-client';

/**
 * The default metrics of prom-client that a panel of deploy/dashboards shows. The others repeat these in more
 * detail, and three of them break Prometheus's naming rules (gauges that end in `_total`).
 */
const KEPT: ReadonlySet<string> = new Set([
  'process_start_time_seconds',
  'process_resident_memory_bytes',
  'process_open_fds',
  'process_max_fds',
  'nodejs_eventloop_lag_seconds',
  'nodejs_eventloop_lag_p99_seconds',
  'nodejs_heap_size_total_bytes',
  'nodejs_heap_size_used_bytes',
  'nodejs_external_memory_bytes',
  'nodejs_gc_duration_seconds',
  'nodejs_version_info',
]);

const MICROSECONDS = 1_000_000;

/** Registers the metrics; call it once per registry. */
export function processMetrics(registry: Registry): void {
  const before = new Set(registry.getMetricsAsArray().map(({ name }) => name));
  collectDefaultMetrics({ register: registry });
  for (const { name } of registry.getMetricsAsArray())
    if (!before.has(name) && !KEPT.has(name)) registry.removeSingleMetric(name);
  // prom-client counts it only together with two counters that are not kept.
  void new Counter({
    name: 'process_cpu_seconds_total',
    help: 'Total user and system CPU time spent in seconds.',
    registers: [registry],
    collect() {
      const { user, system } = process.cpuUsage();
      this.reset();
      this.inc((user + system) / MICROSECONDS);
    },
  });
}

/** Registers `stasis_build_info`. */
export function buildInfo(
  registry: Registry,
  labels: { readonly version: string; readonly component: 'controller' | 'node-agent' },
): void {
  new Gauge({
    name: 'stasis_build_info',
    help: 'Always 1; the labels say which build of which component this is.',
    labelNames: ['version', 'component'],
    registers: [registry],
  }).set(labels, 1);
}
