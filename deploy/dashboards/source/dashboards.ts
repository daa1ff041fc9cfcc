/** The dashboards and the files that they are rendered to. */
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { assemble } from './assemble.js';
import { FREEZE_TIMINGS_ROWS } from './freeze-timings.js';
import { FREEZE_TIMINGS, OPERATOR_HEALTH } from './links.js';
import { OPERATOR_HEALTH_ROWS } from './operator-health.js';

/** By the path of the file from the root of the repository. */
export const DASHBOARDS: Readonly<Record<string, Dashboard>> = {
  'deploy/dashboards/freeze-timings.json': assemble(
    {
      ...FREEZE_TIMINGS,
      description: 'How long Stasis holds pods still: the pause, its phases, by node, by result and by size.',
      other: OPERATOR_HEALTH,
    },
    FREEZE_TIMINGS_ROWS,
  ),
  'deploy/dashboards/operator-health.json': assemble(
    {
      ...OPERATOR_HEALTH,
      description:
        'Whether Stasis itself is well: Checkpoints, agents, guards, the queue, the API server, the processes.',
      other: FREEZE_TIMINGS,
    },
    OPERATOR_HEALTH_ROWS,
  ),
};

export function render(dashboard: Dashboard): string {
  return `${JSON.stringify(dashboard, null, 2)}\n`;
}
