/** The metric families that Stasis exports, by name, as the tables of docs/metrics.md have them. Each has to be in a panel. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { REPOSITORY } from '../../kernel/harness/programs.js';
import { tableIn, type TableName } from '../../metrics/table.js';

export interface Family {
  readonly type: string;
  readonly labels: readonly string[];
}

/** The labels that the monitors of the chart, or the Prometheus of a fleet, add to each target. */
export const TARGET_LABELS = ['cluster', 'namespace', 'node', 'pod', 'container', 'job', 'instance', 'service'];

const DOCUMENT = readFileSync(join(REPOSITORY, 'docs/metrics.md'), 'utf8');
/** A row: the name, the type with or without bounds, the labels with or without their values. */
const ROW = /^\| `(\w+)` \| (\w+)[^|]* \| ([^|]*) \|/;

function familiesIn(name: TableName): Readonly<Record<string, Family>> {
  const rows = tableIn(DOCUMENT, name)
    .split('\n')
    .flatMap((line) => {
      const [, family, type, labels] = ROW.exec(line) ?? [];
      if (family === undefined || type === undefined || labels === undefined) return [];
      return [[family, { type, labels: [...labels.matchAll(/`(\w+)`/g)].map(([, label = '']) => label) }] as const];
    });
  return Object.fromEntries(rows);
}

export const AGENT = familiesIn('node-agent');
export const CONTROLLER = familiesIn('controller');
export const BOTH = familiesIn('both');

/** The controller's families that only the leader has. While the lead changes hands, two replicas have them. */
export const OF_LEADER = [
  'stasis_checkpoints',
  'stasis_checkpoint_oldest_waiting_seconds',
  'stasis_node_agents_expected',
  'stasis_node_agents_seen',
  'stasis_node_agent_missing_seconds',
  'stasis_slowest_pause_seconds',
];

export const FAMILIES: Readonly<Record<string, Family>> = { ...AGENT, ...CONTROLLER, ...BOTH };

/** The family that a series belongs to: buckets, sums and counts have names of their own. */
export function familyOf(series: string): string | undefined {
  if (series in FAMILIES) return series;
  const base = series.replace(/_(bucket|sum|count)$/, '');
  return base in FAMILIES ? base : undefined;
}
