/** Tests what counts as the drain of a node, which ends a hold. */
import { describe, expect, test } from '@jest/globals';
import { decide } from '../../../src/controller/decide.js';
import type { KubeNode, Taint, Toleration } from '../../../src/controller/resources.js';
import { capture, checkpoint, node, pod, settled, under } from './builders.js';

const CREATED = '2026-01-01T00:02:00Z';

function ruleWith(object: KubeNode, tolerations: readonly Toleration[], nodeWasSchedulable: boolean): string {
  const hold = { seconds: 3600 };
  const observation = settled({
    checkpoint: checkpoint({ spec: { hold } }),
    capture: capture({ metadata: { creationTimestamp: CREATED }, spec: { hold }, status: under('Holding') }),
    pod: { known: true, object: pod({ spec: { tolerations } }) },
    node: { known: true, object },
    nodeWasSchedulable,
  });
  return decide(observation).rule;
}

function cordoned(timeAdded: string | undefined): KubeNode {
  const taint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };
  return node({ unschedulable: true, taints: [timeAdded === undefined ? taint : { ...taint, timeAdded }] });
}

function sla(value: string): Taint {
  return { key: 'sla', value, effect: 'NoExecute' };
}

function compare(operator: string, value: string): Toleration {
  return { key: 'sla', operator, value };
}

describe('decide(), on a node that is cordoned during the hold', () => {
  test.each([
    ['seen to become so', true, '2026-01-01T00:02:05Z', 'NodeDrained'],
    ['seen to become so, dated by a clock that is late', true, '2026-01-01T00:01:20Z', 'NodeDrained'],
    ['seen to become so, by a taint without date', true, undefined, 'NodeDrained'],
    ['seen to become so by a watch that was late by minutes', true, '2026-01-01T00:00:50Z', 'progress'],
    ['so at the first look, since long before', false, '2026-01-01T00:00:50Z', 'progress'],
    // Cordoned 20 s before, by a controller manager whose clock is 30 s ahead.
    ['so at the first look, since before, by a clock that is ahead', false, '2026-01-01T00:02:10Z', 'progress'],
    ['so at the first look, for as long as clocks may differ', false, '2026-01-01T00:03:00Z', 'progress'],
    ['so at the first look, certainly since the hold began', false, '2026-01-01T00:03:01Z', 'NodeDrained'],
    ['so at the first look, by a taint without date', false, undefined, 'progress'],
  ])('decides about a node that is unschedulable: %s', (_, wasSchedulable, timeAdded, rule) => {
    expect(ruleWith(cordoned(timeAdded), [], wasSchedulable)).toBe(rule);
  });

  test.each([
    [true, 'NodeDrained'],
    [false, 'progress'],
  ])('decides about a cordon without taint (seen to begin: %p)', (wasSchedulable, rule) => {
    expect(ruleWith(node({ unschedulable: true }), [], wasSchedulable)).toBe(rule);
    expect(ruleWith(node({}), [], wasSchedulable)).toBe('progress');
  });
});

describe('decide(), on a node with a NoExecute taint', () => {
  const dedicated = { key: 'dedicated', value: 'x', effect: 'NoExecute' };

  test.each<[string, Taint, readonly Toleration[], boolean]>([
    ['nothing', { key: 'mine', effect: 'NoExecute' }, [], false],
    ['its key and value', dedicated, [{ key: 'dedicated', value: 'x' }], true],
    ['another value', dedicated, [{ key: 'dedicated', value: 'y' }], false],
    ['another effect', dedicated, [{ key: 'dedicated', value: 'x', effect: 'NoSchedule' }], false],
    ['its key', dedicated, [{ key: 'dedicated', operator: 'Exists' }], true],
    ['everything', dedicated, [{ operator: 'Exists' }], true],
    ['greater numbers', sla('950'), [compare('Gt', '900')], true],
    ['greater numbers than this one', sla('900'), [compare('Gt', '900')], false],
    ['greater numbers, not by their text', sla('1000'), [compare('Gt', '900')], true],
    ['less', sla('-5'), [compare('Lt', '0')], true],
    ['less than that', sla('5'), [compare('Lt', '5')], false],
    ['greater numbers, and the taint has none', sla('high'), [compare('Gt', '900')], false],
    ['greater numbers, and the taint has no plain one', sla('0950'), [compare('Gt', '900')], false],
    [
      'greater numbers, and the taint has none that fits 64 bits',
      sla('9223372036854775808'),
      [compare('Gt', '9')],
      false,
    ],
    [
      'greater than the largest number but one',
      sla('9223372036854775807'),
      [compare('Gt', '9223372036854775806')],
      true,
    ],
    ['no number', sla('950'), [compare('Gt', '')], false],
    ['by an operator of a later version', sla('950'), [compare('Ge', '900')], false],
    ['greater numbers of another key', sla('950'), [{ operator: 'Gt', value: '900' }], false],
  ])('lets a hold go on only when the pod tolerates it: tolerates %s', (_, taint, tolerations, tolerated) => {
    expect(ruleWith(node({ taints: [taint] }), tolerations, false)).toBe(tolerated ? 'progress' : 'NodeDrained');
  });
});
