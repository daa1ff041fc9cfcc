/** Tests which nodes should have an agent and have none. */
import { describe, expect, test } from '@jest/globals';
import { known, notKnown } from '../../../../src/cli/kubectl/known.js';
import { findMissing } from '../../../../src/cli/kubectl/missing-agents.js';
import type { DaemonSet, NodeObject, Taint, Toleration } from '../../../../src/cli/kubectl/resources.js';

const ABOUT = { uid: 'u', resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z' };

function node(name: string, taints: readonly Taint[] = [], os = 'linux'): NodeObject {
  const metadata = { name, ...ABOUT, labels: { 'kubernetes.io/os': os } };
  return { apiVersion: 'v1', kind: 'Node', metadata, spec: { taints } };
}

function daemonSet(desired: number, tolerations: readonly Toleration[] = [], astray = 0): readonly DaemonSet[] {
  const metadata = { name: 'stasis-node-agent', ...ABOUT };
  const template = { spec: { nodeSelector: { 'kubernetes.io/os': 'linux' }, tolerations } };
  const status = { desiredNumberScheduled: desired, numberMisscheduled: astray };
  return [{ apiVersion: 'apps/v1', kind: 'DaemonSet', metadata, spec: { template }, status }];
}

const TAINT: Taint = { key: 'gpu', value: 'yes', effect: 'NoSchedule' };
const NO_NODES = notKnown('you may not list nodes');
const NO_SETS = notKnown('you may not list daemonsets.apps in namespace stasis-system');

describe('findMissing()', () => {
  test('misses nothing where every node that should have an agent has one', () => {
    const nodes = known([node('a'), node('b', [TAINT]), node('c', [], 'windows')]);
    expect(findMissing(['a'], known(daemonSet(1)), nodes)).toEqual({ nodes: [] });
    expect(findMissing(['a'], known(daemonSet(1)), NO_NODES)).toEqual({ nodes: [] });
    expect(findMissing(['a', 'b', 'c'], NO_SETS, nodes)).toEqual({ nodes: [] });
  });

  test('names the nodes by labels, taints and tolerations', () => {
    const nodes = known([node('a'), node('b'), node('c', [TAINT]), node('d', [], 'windows')]);
    expect(findMissing(['a'], known(daemonSet(2)), nodes)).toEqual({ nodes: ['b'] });
    for (const toleration of [
      { operator: 'Exists' },
      { key: 'gpu', operator: 'Exists', effect: 'NoSchedule' },
      { key: 'gpu', value: 'yes' },
    ])
      expect(findMissing(['a'], known(daemonSet(3, [toleration])), nodes)).toEqual({ nodes: ['b', 'c'] });
    const cordoned = known([node('a'), node('b', [{ key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }])]);
    expect(findMissing(['a'], known(daemonSet(2)), cordoned)).toEqual({ nodes: ['b'] });
  });

  test('does not count an agent on a node that should have none', () => {
    const nodes = known([node('a', [TAINT]), node('b')]);
    expect(findMissing(['a'], known(daemonSet(1, [], 1)), nodes)).toEqual({ nodes: ['b'] });
  });

  test('says how many lack where it cannot say which', () => {
    expect(findMissing(['a'], known(daemonSet(2)), NO_NODES).gap).toBe(
      '1 more node should have an agent, and has none; which is not known: you may not list nodes.',
    );
    const nodes = known([node('a'), node('b'), node('c')]);
    expect(findMissing(['a'], known(daemonSet(2)), nodes)).toEqual({
      nodes: [],
      gap: '1 more node should have an agent, and has none; without an agent are b, c.',
    });
  });

  test('says what is not known', () => {
    expect(findMissing(['a'], NO_SETS, NO_NODES).gap).toBe(
      'It is not known whether other nodes should have an agent, and have none: you may not list daemonsets.apps in namespace stasis-system.',
    );
    expect(findMissing(['a'], NO_SETS, known([node('a'), node('b')])).gap).toBe(
      'It is not known whether node b, without an agent, should have one: you may not list daemonsets.apps in namespace stasis-system.',
    );
  });
});
