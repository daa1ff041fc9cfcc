/** The metric families that Stasis exports, by name: type and labels. Each has to be in a panel. */

export interface Family {
  readonly type: 'counter' | 'gauge' | 'histogram' | 'summary';
  readonly labels: readonly string[];
}

const of =
  (type: Family['type']) =>
  (...labels: string[]): Family => ({ type, labels });
const counter = of('counter');
const gauge = of('gauge');
const histogram = of('histogram');
const summary = of('summary');

/** The labels that the monitors of the chart, or the Prometheus of a fleet, add to each target. */
export const TARGET_LABELS = ['cluster', 'namespace', 'node', 'pod', 'container', 'job', 'instance', 'service'];

/** Only a node agent has these. */
export const AGENT: Readonly<Record<string, Family>> = {
  stasis_capture_pause_seconds: histogram('result'),
  stasis_capture_hold_seconds: histogram(),
  stasis_capture_phase_seconds: histogram('phase'),
  stasis_capture_tasks: histogram(),
  stasis_capture_size_pause_seconds: summary('max_tasks'),
  stasis_captures_total: counter('result', 'reason'),
  stasis_captures_waiting: gauge(),
  stasis_captures_running: gauge(),
  stasis_captures_unreported: gauge(),
  stasis_capture_slots: gauge(),
  stasis_pods_held: gauge(),
  stasis_hold_overdue_seconds: gauge(),
  stasis_cgroups_frozen: gauge(),
  stasis_cgroup_frozen_seconds: gauge(),
  stasis_cgroup_thaws_unverified_total: counter(),
  stasis_guard_up: gauge(),
  stasis_guard_restarts_total: counter(),
  stasis_guard_recoveries_total: counter('outcome'),
  stasis_rehearsal_state: gauge('state'),
  stasis_artifacts: gauge(),
  stasis_artifacts_size_bytes: gauge(),
  stasis_artifacts_size_limit_bytes: gauge(),
  stasis_pause_budget_seconds: gauge(),
};

/** Only the controller has these. */
export const CONTROLLER: Readonly<Record<string, Family>> = {
  stasis_checkpoints_total: counter('result', 'reason'),
  stasis_checkpoints: gauge('state'),
  stasis_checkpoint_oldest_waiting_seconds: gauge('reason'),
  stasis_node_agents_expected: gauge(),
  stasis_node_agents_seen: gauge(),
  stasis_node_agent_missing_seconds: gauge('node_name'),
  stasis_slowest_pause_seconds: gauge('checkpoint_namespace', 'checkpoint', 'pod_name', 'node_name'),
  leader_election_master_status: gauge('name'),
  controller_runtime_reconcile_total: counter('controller', 'result'),
  controller_runtime_reconcile_errors_total: counter('controller'),
  controller_runtime_terminal_reconcile_errors_total: counter('controller'),
  controller_runtime_reconcile_time_seconds: histogram('controller'),
  controller_runtime_active_workers: gauge('controller'),
  controller_runtime_max_concurrent_reconciles: gauge('controller'),
  workqueue_depth: gauge('name', 'controller'),
  workqueue_adds_total: counter('name', 'controller'),
  workqueue_retries_total: counter('name', 'controller'),
  workqueue_queue_duration_seconds: histogram('name', 'controller'),
  workqueue_work_duration_seconds: histogram('name', 'controller'),
  workqueue_unfinished_work_seconds: gauge('name', 'controller'),
  workqueue_longest_running_processor_seconds: gauge('name', 'controller'),
};

/** Of the families of the controller: figures that only the leader has. While the lead changes hands two replicas have them. */
export const OF_LEADER = [
  'stasis_checkpoints',
  'stasis_checkpoint_oldest_waiting_seconds',
  'stasis_node_agents_expected',
  'stasis_node_agents_seen',
  'stasis_node_agent_missing_seconds',
  'stasis_slowest_pause_seconds',
];

export const BOTH: Readonly<Record<string, Family>> = {
  stasis_build_info: gauge('version', 'component'),
  stasis_reflector_lists_total: counter('resource', 'result'),
  stasis_reflector_watches_total: counter('resource', 'result'),
  stasis_reflector_objects: gauge('resource'),
  rest_client_requests_total: counter('code', 'method', 'host'),
  rest_client_request_duration_seconds: histogram('verb', 'host'),
  process_cpu_seconds_total: counter(),
  process_start_time_seconds: gauge(),
  process_resident_memory_bytes: gauge(),
  process_open_fds: gauge(),
  process_max_fds: gauge(),
  nodejs_eventloop_lag_p99_seconds: gauge(),
  nodejs_heap_size_total_bytes: gauge(),
  nodejs_heap_size_used_bytes: gauge(),
  nodejs_external_memory_bytes: gauge(),
  nodejs_gc_duration_seconds: histogram('kind'),
  nodejs_version_info: gauge('version', 'major', 'minor', 'patch'),
};

export const FAMILIES: Readonly<Record<string, Family>> = { ...AGENT, ...CONTROLLER, ...BOTH };

/** The family that a series belongs to: buckets, sums and counts have names of their own. */
export function familyOf(series: string): string | undefined {
  if (series in FAMILIES) return series;
  const base = series.replace(/_(bucket|sum|count)$/, '');
  return base in FAMILIES ? base : undefined;
}
