/** The dashboard of the pause: how long pods stood still, in which phase, where, and what stands still right now. */
import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import type { Panel } from '@grafana/grafana-foundation-sdk/dashboard';
import type { Phase } from '../../../src/api/podcapture.js';
import { FROZEN_NOW } from './freeze-now.js';
import { reasons, runbook } from './links.js';
import {
  bars,
  barGauge,
  heatmap,
  lines,
  logLines,
  paint,
  PLAIN,
  QUANTILE_COLORS,
  stacked,
  table,
  withBudget,
} from './panels.js';
import { agents, BUDGET, controllers, events, known, occurring, quantile, top } from './queries.js';
import type { Row } from './assemble.js';

const PAUSE = agents('stasis_capture_pause_seconds_bucket');
const PHASE = agents('stasis_capture_phase_seconds_bucket');
/** The same in every panel. Red is left to the budget and to failures. */
const PHASE_COLORS: Readonly<Record<Exclude<Phase, 'hold'>, string>> = {
  resolve: 'light-blue',
  cgroupFreeze: 'blue',
  seize: 'purple',
  cgroupThaw: 'green',
  stop: 'yellow',
  collect: 'orange',
  release: 'super-light-green',
};
const NO_CAPTURE = 'No capture in this time';

const pause: Builder<Panel>[] = [
  heatmap(
    {
      title: 'Pause',
      description:
        'How long pods stood still, without the hold that was asked for: captures per interval, by the bucket of the histogram. The label of a row is its upper bound.',
      unit: 's',
      empty: NO_CAPTURE,
      width: 12,
      height: 9,
    },
    `sum by (le) (increase(${PAUSE}[$__rate_interval]))`,
  ),
  withBudget(
    paint(
      logLines(
        {
          title: 'Pause: p50, p90, p99',
          description:
            'Quantiles of the pause over the captures of each interval, estimated from the buckets of the histogram. The dashed line is the budget, the chart value `metrics.pauseBudgetSeconds`.',
          unit: 's',
          empty: NO_CAPTURE,
          width: 12,
          height: 9,
          links: [runbook('StasisPauseOverBudget')],
        },
        { p50: quantile(0.5, PAUSE), p90: quantile(0.9, PAUSE), p99: quantile(0.99, PAUSE), budget: BUDGET },
      ),
      QUANTILE_COLORS,
    ),
  ),
  withBudget(
    logLines(
      {
        title: 'Pause by node: p99',
        description:
          'The 99th percentile of the pause on each node: the slowest 20 nodes at each moment, and the budget.',
        unit: 's',
        empty: NO_CAPTURE,
        width: 12,
        links: [runbook('StasisPauseOverBudget')],
      },
      { '{{node}}': top(quantile(0.99, PAUSE, 'node')), budget: BUDGET },
    ),
  ),
  paint(
    logLines(
      {
        title: 'Pause by result: p90',
        description:
          'The 90th percentile of the pause of captures that succeeded and that failed. A capture that failed before it touched the pod has no pause.',
        unit: 's',
        empty: NO_CAPTURE,
        width: 12,
        links: [reasons()],
      },
      { '{{result}}': quantile(0.9, PAUSE, 'result') },
    ),
    { succeeded: 'green', failed: 'red' },
  ),
];

const phases: Builder<Panel>[] = [
  paint(
    stacked(
      {
        title: 'Phases of one capture: mean',
        description:
          'The mean time in each phase, one on top of the other: seconds spent in the phase, divided by the captures that touched their pod. In `resolve` the pod still runs; the other phases make up the pause.',
        unit: 's',
        empty: NO_CAPTURE,
        width: 24,
        height: 9,
      },
      {
        '{{phase}}': known(
          `sum by (phase) (rate(${agents('stasis_capture_phase_seconds_sum')}[$__rate_interval])) / on () group_left () sum(rate(${agents('stasis_capture_pause_seconds_count')}[$__rate_interval]))`,
        ),
      },
    ),
    PHASE_COLORS,
  ),
  ...[0.5, 0.9, 0.99].map((q) =>
    paint(
      logLines(
        {
          title: `Phases: p${q * 100}`,
          description: `The ${q * 100}th percentile of each phase, over the captures of each interval that went through the phase.`,
          unit: 's',
          empty: NO_CAPTURE,
          width: 8,
        },
        { '{{phase}}': quantile(q, PHASE, 'phase') },
      ),
      PHASE_COLORS,
    ),
  ),
];

/** The mean pause by the class of the size. */
function meanBySize(range: string): string {
  const of = (part: string) =>
    `sum by (max_tasks) (increase(${agents(`stasis_capture_size_pause_seconds_${part}`)}${range}))`;
  return known(`${of('sum')} / ${of('count')}`);
}

/** The same with the label `size`, for people. */
function withSize(query: string): string {
  const most = `label_replace(${query}, "size", "≤ $1", "max_tasks", "([0-9]+)")`;
  return `label_replace(${most}, "size", "> 10000", "max_tasks", "[+]Inf")`;
}

const size: Builder<Panel>[] = [
  barGauge(
    {
      title: 'Pause by number of threads: mean',
      description:
        'The mean pause in the time range, by the number of threads that the capture stopped. Each capture counts in the smallest class that fits. The slowest class stands last.',
      unit: 's',
      empty: NO_CAPTURE,
      width: 8,
    },
    { '{{size}}': `sort(${withSize(meanBySize('[$__range]'))})` },
    PLAIN,
  ),
  logLines(
    {
      title: 'Pause by number of threads, over time: mean',
      description:
        'The mean pause of the captures of each interval, by the class of their size: `≤ 1000` are captures of 101 to 1,000 threads.',
      unit: 's',
      empty: NO_CAPTURE,
      width: 8,
    },
    { '{{size}}': withSize(meanBySize('[$__rate_interval]')) },
  ),
  heatmap(
    {
      title: 'Threads per capture',
      description:
        'How many threads captures stopped: captures per interval, by the bucket of the histogram. The label of a row is its upper bound.',
      unit: 'short',
      empty: NO_CAPTURE,
      width: 8,
    },
    `sum by (le) (increase(${agents('stasis_capture_tasks_bucket')}[$__rate_interval]))`,
  ),
  table(
    {
      title: 'Slowest captures',
      description:
        'The longest pauses among the Checkpoints that exist, without their holds. `kubectl describe checkpoint` shows the phases of each.',
      unit: 's',
      empty: 'No Checkpoint has ended',
      width: 12,
      height: 10,
    },
    `sort_desc(topk(10, max by (checkpoint_namespace, checkpoint, pod_name, node_name) (${controllers('stasis_slowest_pause_seconds', 'node_name=~"$node"')})))`,
    { checkpoint_namespace: 'Namespace', checkpoint: 'Checkpoint', pod_name: 'Pod', node_name: 'Node', Value: 'Pause' },
  ),
  paint(
    lines(
      {
        title: 'Holds: p50, p90, p99',
        description: 'How long pods were held on request, without the pause that the capture itself needs.',
        unit: 's',
        empty: 'No hold in this time',
        width: 12,
        height: 10,
      },
      Object.fromEntries(
        [0.5, 0.9, 0.99].map((q) => [`p${q * 100}`, quantile(q, agents('stasis_capture_hold_seconds_bucket'))]),
      ),
    ),
    QUANTILE_COLORS,
  ),
];

const captures: Builder<Panel>[] = [
  paint(
    bars(
      {
        title: 'Captures by result',
        description: 'Captures that ended in each interval.',
        unit: 'short',
        empty: NO_CAPTURE,
        width: 8,
        links: [runbook('StasisCapturesFailing'), reasons()],
      },
      { '{{result}}': events(agents('stasis_captures_total'), 'result') },
    ),
    { succeeded: 'green', failed: 'red' },
  ),
  bars(
    {
      title: 'Captures by node',
      description: 'Captures that ended in each interval: the 20 busiest nodes at each moment.',
      unit: 'short',
      empty: NO_CAPTURE,
      width: 8,
    },
    { '{{node}}': top(events(agents('stasis_captures_total'), 'node')) },
  ),
  bars(
    {
      title: 'Captures by reason',
      description: 'Captures that ended in each interval, by the reason that stands in the status.',
      unit: 'short',
      empty: NO_CAPTURE,
      width: 8,
      links: [runbook('StasisCapturesFailing'), reasons()],
    },
    { '{{reason}}': occurring(agents('stasis_captures_total'), 'reason') },
  ),
];

export const FREEZE_TIMINGS_ROWS: readonly Row[] = [
  { title: 'Now', panels: FROZEN_NOW },
  { title: 'Pause', panels: pause },
  { title: 'Phases', panels: phases },
  { title: 'Size, slowest captures and holds', panels: size },
  { title: 'Captures', panels: captures },
];
