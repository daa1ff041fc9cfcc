/** The first row of the dashboard of the pause: what is frozen and held right now. */
import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import type { Panel } from '@grafana/grafana-foundation-sdk/dashboard';
import { runbook } from './links.js';
import { lines, NONE_IS_GOOD, PLAIN, stat } from './panels.js';
import { agents, BUDGET, known, top } from './queries.js';

export const FROZEN_NOW: readonly Builder<Panel>[] = [
  stat(
    {
      title: 'Pods held',
      description:
        'Pods that stand still now: during a capture for milliseconds, and with `hold.seconds` for as long as the Checkpoint asks.',
      unit: 'short',
      empty: 'No agent reports',
      width: 4,
      links: [runbook('StasisPodHeldTooLong')],
    },
    `sum(${agents('stasis_pods_held')})`,
    PLAIN,
  ),
  stat(
    {
      title: 'Longest overdue hold',
      description:
        'How long the most overdue hold has lasted beyond its end. 0 is right; anything else is a pod that nobody released.',
      unit: 's',
      empty: 'No agent reports',
      width: 4,
      links: [runbook('StasisPodHeldTooLong')],
    },
    `max(${agents('stasis_hold_overdue_seconds')})`,
    [['green'], ['orange', 1], ['red', 10]],
  ),
  stat(
    {
      title: 'Freezers closed',
      description:
        'Cgroups whose freezer an agent closed and the kernel reports as frozen now. A freezer is closed for milliseconds.',
      unit: 'short',
      empty: 'No agent reports',
      width: 4,
      links: [runbook('StasisFreezerClosedTooLong')],
    },
    `sum(${agents('stasis_cgroups_frozen')})`,
    PLAIN,
  ),
  stat(
    {
      title: 'Longest closed freezer',
      description:
        'For how long the longest of the closed freezers has been closed, at most. It is 0 when none is closed.',
      unit: 's',
      empty: 'No agent reports',
      width: 4,
      links: [runbook('StasisFreezerClosedTooLong')],
    },
    `max(${agents('stasis_cgroup_frozen_seconds')})`,
    [['green'], ['orange', 1], ['red', 5]],
  ),
  stat(
    {
      title: 'Thaws not verified',
      description: 'Cgroups whose thaw could not be verified at the end of a capture, in the time range. 0 is right.',
      unit: 'short',
      empty: 'No agent reports',
      width: 4,
      links: [runbook('StasisThawNotVerified')],
    },
    `sum(increase(${agents('stasis_cgroup_thaws_unverified_total')}[$__range]))`,
    NONE_IS_GOOD,
  ),
  stat(
    {
      title: 'Pause p99, of the budget',
      description:
        'The 99th percentile of the pause in the time range, divided by the budget. More than 100 % is over the budget.',
      unit: 'percentunit',
      empty: 'No capture in this time',
      width: 4,
      links: [runbook('StasisPauseOverBudget')],
    },
    known(
      `histogram_quantile(0.99, sum by (le) (increase(${agents('stasis_capture_pause_seconds_bucket')}[$__range]))) / ${BUDGET}`,
    ),
    [['green'], ['orange', 0.8], ['red', 1]],
  ),
  lines(
    {
      title: 'Held and frozen',
      description:
        'Pods that are held, and cgroups whose freezer is closed, by node. Most captures are shorter than the time between two scrapes, so that they do not show here.',
      unit: 'short',
      empty: 'No agent reports',
      width: 12,
      links: [runbook('StasisPodHeldTooLong')],
    },
    {
      'held, {{node}}': top(`sum by (node) (${agents('stasis_pods_held')})`),
      'frozen, {{node}}': top(`sum by (node) (${agents('stasis_cgroups_frozen')})`),
    },
  ),
  lines(
    {
      title: 'Captures in progress',
      description:
        'PodCaptures that wait for their agent, captures that run (held ones too), captures that have released their pod and whose end the API server does not know yet, and how many may run at one time.',
      unit: 'short',
      empty: 'No agent reports',
      width: 12,
      links: [runbook('StasisQueueStuck')],
    },
    {
      waiting: `sum(${agents('stasis_captures_waiting')})`,
      running: `sum(${agents('stasis_captures_running')})`,
      'not reported yet': `sum(${agents('stasis_captures_unreported')})`,
      'slots, on all nodes': `sum(${agents('stasis_capture_slots')})`,
    },
  ),
];
