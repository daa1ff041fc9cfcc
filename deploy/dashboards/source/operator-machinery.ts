/** The further rows of the dashboard of Stasis itself: the queue, the API server, and the processes. */
import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import type { Panel } from '@grafana/grafana-foundation-sdk/dashboard';
import type { Row } from './assemble.js';
import { PROCESSES } from './processes.js';
import { bars, lines, logLines, paint, QUANTILE_COLORS } from './panels.js';
import { runbook } from './links.js';
import { controllers, events, ofLeader, perSecond, quantile, release } from './queries.js';

const NO_CONTROLLER = 'No controller reports';
const NO_PROCESS = 'No process reports';

const queue: Builder<Panel>[] = [
  lines(
    {
      title: 'Queue: depth',
      description:
        'Objects that wait in the queue of the controller. A depth that only grows means that the controller cannot keep up.',
      unit: 'short',
      empty: NO_CONTROLLER,
      width: 8,
      links: [runbook('StasisQueueStuck')],
    },
    { '{{name}}': ofLeader(controllers('workqueue_depth'), 'name') },
  ),
  lines(
    {
      title: 'Queue: added and retried',
      description: 'Objects that enter the queue per second, and those of them that enter again after an error.',
      unit: 'ops',
      empty: NO_CONTROLLER,
      width: 8,
    },
    {
      'added to {{name}}': perSecond(controllers('workqueue_adds_total'), 'name'),
      'retried in {{name}}': perSecond(controllers('workqueue_retries_total'), 'name'),
    },
  ),
  logLines(
    {
      title: 'Queue: waiting and working',
      description:
        'The 99th percentile of the time that an object waits in the queue, and of the time that the work on it takes.',
      unit: 's',
      empty: 'Nothing went through the queue',
      width: 8,
    },
    {
      'waiting, p99': quantile(0.99, controllers('workqueue_queue_duration_seconds_bucket')),
      'working, p99': quantile(0.99, controllers('workqueue_work_duration_seconds_bucket')),
    },
  ),
  lines(
    {
      title: 'Queue: work in progress',
      description:
        'Seconds of work that is not finished, in sum, and the work that has lasted longest. A large figure is a worker that hangs.',
      unit: 's',
      empty: NO_CONTROLLER,
      width: 8,
      links: [runbook('StasisQueueStuck')],
    },
    {
      unfinished: ofLeader(controllers('workqueue_unfinished_work_seconds')),
      longest: `max(${controllers('workqueue_longest_running_processor_seconds')})`,
    },
  ),
  paint(
    bars(
      {
        title: 'Reconciles by result',
        description:
          'Visits of the controller to an object, in each interval. `requeue_after` is a visit that has to wait for something.',
        unit: 'short',
        empty: NO_CONTROLLER,
        width: 8,
      },
      { '{{result}}': events(controllers('controller_runtime_reconcile_total'), 'result') },
    ),
    { success: 'green', error: 'red' },
  ),
  bars(
    {
      title: 'Reconcile errors',
      description: 'Visits that failed, in each interval; `for good` are those that a repetition would not help.',
      unit: 'short',
      empty: NO_CONTROLLER,
      width: 8,
    },
    {
      errors: events(controllers('controller_runtime_reconcile_errors_total')),
      'for good': events(controllers('controller_runtime_terminal_reconcile_errors_total')),
    },
  ),
  paint(
    logLines(
      {
        title: 'Reconciles: duration',
        description: 'Quantiles of the duration of a visit.',
        unit: 's',
        empty: 'No reconcile in this time',
        width: 12,
      },
      Object.fromEntries(
        [0.5, 0.9, 0.99].map((q) => [
          `p${q * 100}`,
          quantile(q, controllers('controller_runtime_reconcile_time_seconds_bucket')),
        ]),
      ),
    ),
    QUANTILE_COLORS,
  ),
  lines(
    {
      title: 'Workers',
      description: 'Workers of the controller that are busy, and how many there are. Only the leader works.',
      unit: 'short',
      empty: NO_CONTROLLER,
      width: 12,
    },
    {
      busy: ofLeader(controllers('controller_runtime_active_workers'), 'controller'),
      most: ofLeader(controllers('controller_runtime_max_concurrent_reconciles'), 'controller'),
    },
  ),
];

const api: Builder<Panel>[] = [
  lines(
    {
      title: 'API requests by code',
      description:
        'Requests to the API server per second, by the status code of the answer. Codes 409 and 404 are part of normal work, 429 and 5xx are not.',
      unit: 'reqps',
      empty: NO_PROCESS,
      width: 8,
    },
    { '{{code}}': perSecond(release('rest_client_requests_total'), 'code') },
  ),
  lines(
    {
      title: 'API requests by sender',
      description: 'Requests to the API server per second, by component and method.',
      unit: 'reqps',
      empty: NO_PROCESS,
      width: 8,
    },
    { '{{container}} {{method}}': perSecond(release('rest_client_requests_total'), 'container', 'method') },
  ),
  logLines(
    {
      title: 'API requests: duration, p99',
      description:
        'The 99th percentile of the duration of requests to the API server, by verb. Watches are not counted here.',
      unit: 's',
      empty: 'No request in this time',
      width: 8,
    },
    { '{{verb}}': quantile(0.99, release('rest_client_request_duration_seconds_bucket'), 'verb') },
  ),
  bars(
    {
      title: 'Watches',
      description:
        'Watches that ended in each interval, by resource and result. A watch ends every few minutes; many errors are a sign of a broken network or of missing permissions.',
      unit: 'short',
      empty: NO_PROCESS,
      width: 8,
    },
    { '{{resource}}: {{result}}': events(release('stasis_reflector_watches_total'), 'resource', 'result') },
  ),
  bars(
    {
      title: 'Lists',
      description:
        'Lists in each interval, by resource and result. A list happens at the start and after a watch that could not be continued.',
      unit: 'short',
      empty: NO_PROCESS,
      width: 8,
    },
    { '{{resource}}: {{result}}': events(release('stasis_reflector_lists_total'), 'resource', 'result') },
  ),
  lines(
    {
      title: 'Objects in memory',
      description:
        'Objects that a process keeps a copy of, by component and resource: the largest number among its pods.',
      unit: 'short',
      empty: NO_PROCESS,
      width: 8,
    },
    { '{{container}}: {{resource}}': `max by (container, resource) (${release('stasis_reflector_objects')})` },
  ),
];

export const MACHINERY_ROWS: readonly Row[] = [
  { title: 'Queue and reconciles', panels: queue },
  { title: 'API server', panels: api },
  { title: 'Processes', panels: PROCESSES },
];
