/** The row of the processes of controllers and agents: memory, processors, the event loop, versions. */
import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import type { Panel } from '@grafana/grafana-foundation-sdk/dashboard';
import { lines, table } from './panels.js';
import { perSecond, processes, release, top } from './queries.js';

const NO_PROCESS = 'No process reports';
const EVERY_PROCESS = 'The 20 largest pods at each moment.';

export const PROCESSES: readonly Builder<Panel>[] = [
  lines(
    {
      title: 'Memory',
      description: `The resident memory of each process. ${EVERY_PROCESS}`,
      unit: 'bytes',
      empty: NO_PROCESS,
      width: 8,
    },
    { '{{pod}}': top(`sum by (pod) (${processes('process_resident_memory_bytes')})`) },
  ),
  lines(
    {
      title: 'JavaScript memory',
      description:
        'The heap of V8 that is used and that is reserved, and memory outside of the heap: the largest process of each component.',
      unit: 'bytes',
      empty: NO_PROCESS,
      width: 8,
    },
    {
      '{{container}}: heap used': `max by (container) (${processes('nodejs_heap_size_used_bytes')})`,
      '{{container}}: heap reserved': `max by (container) (${processes('nodejs_heap_size_total_bytes')})`,
      '{{container}}: external': `max by (container) (${processes('nodejs_external_memory_bytes')})`,
    },
  ),
  lines(
    {
      title: 'Processors',
      description: `Processors in use. ${EVERY_PROCESS}`,
      unit: 'short',
      empty: NO_PROCESS,
      width: 8,
    },
    { '{{pod}}': top(perSecond(processes('process_cpu_seconds_total'), 'pod')) },
  ),
  lines(
    {
      title: 'Event loop: lag',
      description: `By how much timers are late: p99 since the last scrape, and now. Heartbeats and the lease need less than some seconds. ${EVERY_PROCESS}`,
      unit: 's',
      empty: NO_PROCESS,
      width: 8,
    },
    {
      'p99, {{pod}}': top(`max by (pod) (${processes('nodejs_eventloop_lag_p99_seconds')})`),
      'now, {{pod}}': top(`max by (pod) (${processes('nodejs_eventloop_lag_seconds')})`),
    },
  ),
  lines(
    {
      title: 'Garbage collection',
      description: 'The part of the time that is spent in garbage collection, by component and kind.',
      unit: 'percentunit',
      empty: NO_PROCESS,
      width: 8,
    },
    {
      '{{container}}: {{kind}}': `avg by (container, kind) (rate(${processes('nodejs_gc_duration_seconds_sum')}[$__rate_interval]))`,
    },
  ),
  lines(
    {
      title: 'File descriptors',
      description: 'Open file descriptors of the process of each component that has most, and the lowest limit.',
      unit: 'short',
      empty: NO_PROCESS,
      width: 8,
    },
    {
      '{{container}}: open': `max by (container) (${processes('process_open_fds')})`,
      '{{container}}: limit': `min by (container) (${processes('process_max_fds')})`,
    },
  ),
  lines(
    {
      title: 'Time since the start',
      description: 'How long the youngest process of each component has run. A drop is a restart.',
      unit: 's',
      empty: NO_PROCESS,
      width: 8,
    },
    { '{{container}}': `time() - max by (container) (${processes('process_start_time_seconds')})` },
  ),
  table(
    {
      title: 'Versions of Stasis',
      description: 'Processes by component and version. Two versions of a component are a rollout that has not ended.',
      unit: 'short',
      empty: NO_PROCESS,
      width: 8,
    },
    `sort_desc(count by (component, version) (${release('stasis_build_info')}))`,
    { component: 'Component', version: 'Version', Value: 'Processes' },
  ),
  table(
    {
      title: 'Versions of Node',
      description: 'Processes by component and version of Node.',
      unit: 'short',
      empty: NO_PROCESS,
      width: 8,
    },
    `sort_desc(count by (container, version) (${release('nodejs_version_info')}))`,
    { container: 'Component', version: 'Version', Value: 'Processes' },
  ),
];
