/** The first rows of the dashboard of Stasis itself: Checkpoints, the agents on the nodes, and their guards. */
import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import type { Panel } from '@grafana/grafana-foundation-sdk/dashboard';
import { PROGRESS_REASONS, SUCCESS_REASONS } from '../../../src/api/reasons.js';
import type { Row } from './assemble.js';
import { reasons, runbook } from './links.js';
import { MACHINERY_ROWS } from './operator-machinery.js';
import { bars, lines, NONE_IS_BAD, NONE_IS_GOOD, paint, stacked, stat, table } from './panels.js';
import { agents, controllers, events, known, occurring, ofLeader, top } from './queries.js';

const NO_AGENT = 'No agent reports';
const NO_CONTROLLER = 'No controller reports';
/** In the order of PROGRESS_REASONS. */
const PROGRESS_COLORS = ['text', 'yellow', 'semi-dark-yellow', 'purple', 'blue', 'light-blue'];
const leader = (metric: string, ...by: string[]) => ofLeader(controllers(metric), ...by);
/** The same for each cluster by itself. */
const lead = (metric: string) => `max by (cluster, namespace) (${controllers(metric)})`;

const glance: Builder<Panel>[] = [
  stat(
    {
      title: 'Leaders',
      description:
        'Replicas of the controller that lead. It is 1 for each cluster; without a leader no Checkpoint makes progress.',
      unit: 'short',
      empty: NO_CONTROLLER,
      width: 4,
      links: [runbook('StasisNoLeader')],
    },
    `sum(${controllers('leader_election_master_status', 'name="stasis-controller"')})`,
    NONE_IS_BAD,
  ),
  stat(
    {
      title: 'Agents missing',
      description: 'Nodes that should have an agent, without those whose agent gives signs of life.',
      unit: 'short',
      empty: NO_CONTROLLER,
      width: 4,
      links: [runbook('StasisNodeAgentMissing')],
    },
    // Cluster by cluster: what one has too many does not make up for what another lacks.
    `sum (clamp_min(${lead('stasis_node_agents_expected')} - ${lead('stasis_node_agents_seen')}, 0))`,
    NONE_IS_GOOD,
  ),
  stat(
    {
      title: 'Guards down',
      description: 'Agents that have no guard. Such an agent refuses to freeze.',
      unit: 'short',
      empty: NO_AGENT,
      width: 4,
      links: [runbook('StasisGuardDown')],
    },
    `count(${agents('stasis_guard_up')}) - sum(${agents('stasis_guard_up')})`,
    NONE_IS_GOOD,
  ),
  stat(
    {
      title: 'Nodes that cannot capture',
      description: 'Nodes on which the rehearsal failed. The log of the agent and its /readyz name the obstacle.',
      unit: 'short',
      empty: NO_AGENT,
      width: 4,
      links: [runbook('StasisNodeUnfit'), reasons()],
    },
    `sum(${agents('stasis_rehearsal_state', 'state="Failed"')})`,
    NONE_IS_GOOD,
  ),
  stat(
    {
      title: 'Oldest waiting Checkpoint',
      description:
        'The age of the oldest Checkpoint that waits: for the controller, for another capture of its pod, or for the agent.',
      unit: 's',
      empty: NO_CONTROLLER,
      width: 4,
      links: [runbook('StasisQueueStuck')],
    },
    `max(${controllers('stasis_checkpoint_oldest_waiting_seconds')})`,
    [['green'], ['orange', 60], ['red', 300]],
  ),
  stat(
    {
      title: 'Fullest store of artifacts',
      description: 'The size of the artifacts on the fullest node, as a part of its limit. At 100 % no capture begins.',
      unit: 'percentunit',
      empty: NO_AGENT,
      width: 4,
      links: [runbook('StasisArtifactsNearLimit')],
    },
    `max(${known(`${agents('stasis_artifacts_size_bytes')} / ${agents('stasis_artifacts_size_limit_bytes')}`)})`,
    [['green'], ['orange', 0.8], ['red', 0.95]],
  ),
];

const checkpoints: Builder<Panel>[] = [
  paint(
    stacked(
      {
        title: 'Checkpoints by state',
        description:
          'The Checkpoints that exist, by the reason of their condition `Succeeded`; `Pending` before the controller has looked at them.',
        unit: 'short',
        empty: 'No Checkpoint exists',
        width: 12,
        links: [reasons()],
      },
      { '{{state}}': leader('stasis_checkpoints', 'state') },
    ),
    {
      ...Object.fromEntries(
        SUCCESS_REASONS.map((reason, index) => [reason, ['green', 'super-light-green'][index] ?? 'green']),
      ),
      ...Object.fromEntries(PROGRESS_REASONS.map((reason, index) => [reason, PROGRESS_COLORS[index] ?? 'blue'])),
    },
  ),
  bars(
    {
      title: 'Failures by reason',
      description:
        'Checkpoints that failed in each interval, by reason. The page behind the link says what to do about each.',
      unit: 'short',
      empty: 'No Checkpoint failed',
      width: 12,
      links: [runbook('StasisCapturesFailing'), reasons()],
    },
    { '{{reason}}': occurring(controllers('stasis_checkpoints_total', 'result="failed"'), 'reason') },
  ),
  paint(
    bars(
      {
        title: 'Checkpoints that ended',
        description: 'Checkpoints that ended in each interval, by result.',
        unit: 'short',
        empty: NO_CONTROLLER,
        width: 8,
      },
      { '{{result}}': events(controllers('stasis_checkpoints_total'), 'result') },
    ),
    { succeeded: 'green', failed: 'red' },
  ),
  lines(
    {
      title: 'Oldest waiting Checkpoint, by reason',
      description:
        '`Pending`: the controller has not looked at it. `PodBusy`: another capture of the pod comes first. `NodeBusy`: the node carries out or holds as many as it may. `NodeAgentUnavailable`: no agent is known to be alive on the node. `DispatchForbidden`: a quota or a policy denies it. `Dispatched`: the agent has not begun.',
      unit: 's',
      empty: NO_CONTROLLER,
      width: 8,
      links: [runbook('StasisQueueStuck')],
    },
    { '{{reason}}': `max by (reason) (${controllers('stasis_checkpoint_oldest_waiting_seconds')})` },
  ),
  bars(
    {
      title: 'Failed captures by node',
      description:
        'Captures that failed in each interval, by node and reason: the 20 most frequent ones at each moment. One node alone points to the node.',
      unit: 'short',
      empty: 'No capture failed',
      width: 8,
      links: [runbook('StasisCapturesFailing'), reasons()],
    },
    { '{{node}}: {{reason}}': top(occurring(agents('stasis_captures_total', 'result="failed"'), 'node', 'reason')) },
  ),
];

const nodes: Builder<Panel>[] = [
  lines(
    {
      title: 'Agents',
      description: 'Nodes that should have an agent, and agents that give signs of life.',
      unit: 'short',
      empty: NO_CONTROLLER,
      width: 8,
      links: [runbook('StasisNodeAgentMissing')],
    },
    { expected: leader('stasis_node_agents_expected'), seen: leader('stasis_node_agents_seen') },
  ),
  table(
    {
      title: 'Missing agents',
      description: 'Nodes whose agent has a pod and gives no sign of life, and since when. An empty table is right.',
      unit: 's',
      empty: 'Every agent gives signs of life',
      width: 8,
      links: [runbook('StasisNodeAgentMissing')],
    },
    `sort_desc(max by (node_name) (${controllers('stasis_node_agent_missing_seconds')}))`,
    { node_name: 'Node', Value: 'Missing for' },
  ),
  paint(
    stacked(
      {
        title: 'Rehearsals',
        description:
          'Nodes by the result of the rehearsal: each agent captures a process of its own before it says that it is ready.',
        unit: 'short',
        empty: NO_AGENT,
        width: 8,
        links: [runbook('StasisNodeUnfit')],
      },
      { '{{state}}': `sum by (state) (${agents('stasis_rehearsal_state')})` },
    ),
    { Passed: 'green', Failed: 'red', Pending: 'yellow' },
  ),
  lines(
    {
      title: 'Guards',
      description: 'Guards that answer their agent, and agents.',
      unit: 'short',
      empty: NO_AGENT,
      width: 8,
      links: [runbook('StasisGuardDown')],
    },
    { answering: `sum(${agents('stasis_guard_up')})`, agents: `count(${agents('stasis_guard_up')})` },
  ),
  bars(
    {
      title: 'Guards that acted',
      description:
        'Freezers that a guard handled in place of its agent, by outcome, and guards that were lost and replaced, in each interval. `Thawed`: the guard opened a freezer that its agent had left closed.',
      unit: 'short',
      empty: NO_AGENT,
      width: 8,
      links: [runbook('StasisGuardActed')],
    },
    {
      '{{outcome}}': events(agents('stasis_guard_recoveries_total'), 'outcome'),
      replaced: events(agents('stasis_guard_restarts_total')),
    },
  ),
  bars(
    {
      title: 'Thaws not verified, by node',
      description: 'Cgroups whose thaw could not be verified at the end of a capture, in each interval. 0 is right.',
      unit: 'short',
      empty: NO_AGENT,
      width: 8,
      links: [runbook('StasisThawNotVerified')],
    },
    { '{{node}}': top(events(agents('stasis_cgroup_thaws_unverified_total'), 'node')) },
  ),
  lines(
    {
      title: 'Artifacts: size',
      description:
        'The size of the artifacts on the 20 fullest nodes, and the smallest limit. At its limit a node begins no capture.',
      unit: 'bytes',
      empty: NO_AGENT,
      width: 12,
      links: [runbook('StasisArtifactsNearLimit')],
    },
    {
      '{{node}}': top(`max by (node) (${agents('stasis_artifacts_size_bytes')})`),
      limit: `min(${agents('stasis_artifacts_size_limit_bytes')})`,
    },
  ),
  lines(
    {
      title: 'Artifacts: files',
      description: 'Files of artifacts on the 20 nodes that have most.',
      unit: 'short',
      empty: NO_AGENT,
      width: 12,
    },
    { '{{node}}': top(`sum by (node) (${agents('stasis_artifacts')})`) },
  ),
];

export const OPERATOR_HEALTH_ROWS: readonly Row[] = [
  { title: 'At a glance', panels: glance },
  { title: 'Checkpoints', panels: checkpoints },
  { title: 'Nodes: agents, guards, artifacts', panels: nodes },
  ...MACHINERY_ROWS,
];
