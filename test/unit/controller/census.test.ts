import { describe, expect, test } from '@jest/globals';
import { AgentCensus, projectAgentPod } from '../../../src/controller/agent-census.js';
import type { AgentPod } from '../../../src/controller/resources.js';
import { ManualClock } from '../kube/fixtures.js';

const CREATED = { resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z', namespace: 'stasis-system' };

/** A pod of the DaemonSet with UID `ds`, or of another owner. */
function agentPod(nodeName: string, more: { readonly scheduled?: boolean; readonly owner?: string } = {}): AgentPod {
  const { scheduled = true, owner = 'ds' } = more;
  const terms = [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: [nodeName] }] }];
  const required = { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms } };
  const ownerReferences = [{ apiVersion: 'apps/v1', kind: 'DaemonSet', name: 'agents', uid: owner, controller: true }];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...CREATED, name: `agent-${nodeName}`, uid: `uid-${nodeName}`, ownerReferences },
    spec: { ...(scheduled ? { nodeName } : {}), affinity: { nodeAffinity: required } },
  };
}

function census(alive: () => ReadonlySet<string> | undefined): {
  readonly clock: ManualClock;
  readonly taken: AgentCensus;
} {
  const clock = new ManualClock();
  const taken = new AgentCensus(clock);
  const metadata = { ...CREATED, name: 'agents', uid: 'ds' };
  taken.daemonSets.upsert({
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata,
    status: { desiredNumberScheduled: 3 },
  });
  taken.begin({
    look: (nodeName) => {
      if (alive() === undefined) return 'Unknown';
      return alive()?.has(nodeName) === true ? 'Alive' : 'Away';
    },
    get alive() {
      return alive()?.size ?? 0;
    },
  });
  return { clock, taken };
}

describe('AgentCensus', () => {
  test('knows nothing before this process leads', () => {
    const taken = new AgentCensus(new ManualClock());
    taken.tick();
    expect([taken.expected, taken.seen, taken.missing]).toEqual([0, 0, []]);
  });

  test('names the nodes whose agent is missing, also while its pod is not scheduled, and since when', async () => {
    let alive = new Set(['a', 'b']);
    const { clock, taken } = census(() => alive);
    for (const pod of [agentPod('a'), agentPod('b'), agentPod('c', { scheduled: false })])
      taken.pods.upsert(projectAgentPod(pod));
    taken.tick();
    await clock.advance(5000);
    alive = new Set(['a']);
    taken.tick();
    expect([taken.expected, taken.seen]).toEqual([3, 1]);
    expect(taken.missing).toEqual([
      { nodeName: 'b', seconds: 0 },
      { nodeName: 'c', seconds: 5 },
    ]);
    alive = new Set(['a', 'b', 'c']);
    taken.tick();
    expect(taken.missing).toEqual([]);
  });

  test('misses nobody on a node for which no agent was made, and judges nothing while it cannot know', () => {
    let alive: ReadonlySet<string> | undefined = new Set();
    const { taken } = census(() => alive);
    taken.pods.upsert(agentPod('x', { owner: 'another' }));
    taken.tick();
    expect(taken.missing).toEqual([]);
    taken.pods.upsert(agentPod('a'));
    alive = undefined;
    taken.tick();
    expect([taken.missing, taken.seen]).toEqual([[], 0]);
  });

  test('goes on to miss a missing agent while nobody can know', async () => {
    let alive: ReadonlySet<string> | undefined = new Set();
    const { clock, taken } = census(() => alive);
    taken.pods.upsert(agentPod('a'));
    taken.tick();
    alive = undefined;
    await clock.advance(5000);
    taken.tick();
    expect(taken.missing).toEqual([{ nodeName: 'a', seconds: 5 }]);
  });
});
