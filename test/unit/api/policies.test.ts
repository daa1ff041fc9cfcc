/** Checks the chart's admission policies without a cluster. test/cluster/permissions*.test.ts does so on a real API server. */
import { describe, expect, test } from '@jest/globals';
import { faultsIn, policiesOf, refusals, RENDERINGS, type Allows, type Asked } from './policies.js';

const SYSTEM = 'system:serviceaccount:stasis-system';
const policies = policiesOf('default.yaml');
const team = { metadata: { name: 'team' } };
const CAPTURE = { spec: { nodeName: 'node-1', hold: { seconds: 60 } } };

function user(username: string, node?: string): object {
  const extra: Readonly<Record<string, readonly string[]>> =
    node === undefined
      ? {}
      : { 'authentication.kubernetes.io/node-name': [node], 'authentication.kubernetes.io/pod-name': ['agent'] };
  return { username, uid: 'u', extra };
}

function capture(operation: string, userInfo: object, more: Partial<Asked> = {}, subResource?: string): Asked {
  return {
    group: 'stasis.dev',
    resource: subResource === undefined ? 'podcaptures' : `podcaptures/${subResource}`,
    request: {
      name: 'c',
      namespace: 'team',
      operation,
      userInfo,
      ...(subResource === undefined ? {} : { subResource }),
    },
    namespaceObject: team,
    object: CAPTURE,
    ...(operation === 'CREATE' ? {} : { oldObject: CAPTURE }),
    ...more,
  };
}

function lease(name: string, userInfo: object, namespace = 'stasis-system'): Asked {
  return {
    group: 'coordination.k8s.io',
    resource: 'leases',
    request: { name, namespace, operation: 'UPDATE', userInfo },
    namespaceObject: { metadata: { name: namespace } },
  };
}

function creation(namespace: string, allows: Allows, spec: object = { podName: 'web' }): Asked {
  return {
    group: 'stasis.dev',
    resource: 'checkpoints',
    request: { name: 'c', namespace, operation: 'CREATE', userInfo: user('jane') },
    namespaceObject: { metadata: { name: namespace } },
    object: { metadata: { name: 'c', namespace }, spec },
    allows,
  };
}

/** An authorizer that allows `pods/exec` of pod web in namespace team, and nothing else. */
function mayExec(asked: Readonly<Record<string, string>>): boolean {
  const wanted = { check: 'create', group: '', name: 'web', namespace: 'team', resource: 'pods', subresource: 'exec' };
  return Object.entries({ ...asked, ...wanted }).every(([step, one]) => asked[step] === one && step in wanted);
}

function removal(name: string, metadata: object, mayWork = true): Asked {
  return {
    group: '',
    resource: 'namespaces',
    request: { name, namespace: name, operation: 'DELETE', userInfo: user('jane') },
    namespaceObject: { metadata: { name } },
    oldObject: { metadata: { name, ...metadata } },
    allows: ({ serviceAccount }) => mayWork && serviceAccount === 'stasis-system/stasis-controller',
  };
}

/** The faults of a policy with this expression. */
function faults(expression: string): readonly string[] {
  return policies.slice(0, 1).flatMap(({ spec, ...rest }) => {
    return faultsIn({ ...rest, spec: { ...spec, validations: [{ expression, message: 'm' }] } });
  });
}

describe.each(RENDERINGS)('the policies of %s', (rendering) => {
  test('faultsIn() finds nothing: every expression compiles', () => {
    expect(policiesOf(rendering).length).toBeGreaterThan(3);
    expect(policiesOf(rendering).flatMap(faultsIn)).toEqual([]);
  });
});

describe('faultsIn()', () => {
  test.each([
    ['request.nam == "x"', /No such key: nam/],
    ['variables.unknown == "x"', /No such key: unknown/],
    ['request.name', /is of type string, not bool/],
  ])('faultsIn() refuses %s', (expression, message) => {
    expect(faults(expression)).toEqual([expect.stringMatching(message)]);
  });

  test('faultsIn() refuses no path of an object, which has no type in a policy', () => {
    expect(faults('object.spec.podName == "web"')).toEqual([]);
  });
});

describe('the policy of who writes PodCaptures', () => {
  const release = { object: { spec: { ...CAPTURE.spec, hold: { seconds: 60, releaseReason: 'ReleaseRequested' } } } };

  test.each([
    ['the controller creates', capture('CREATE', user(`${SYSTEM}:stasis-controller`)), []],
    ['a user creates', capture('CREATE', user('jane')), [/only Stasis's controller creates PodCaptures/]],
    ['the controller releases', capture('UPDATE', user(`${SYSTEM}:stasis-controller`), release), []],
    ['the uninstall Job releases', capture('UPDATE', user(`${SYSTEM}:stasis-uninstall`), release), []],
    ['a user releases', capture('UPDATE', user('jane'), release), [/only Stasis's controller changes the spec/]],
    ['a user changes metadata', capture('UPDATE', user('jane')), []],
    ['a user writes the status', capture('UPDATE', user('jane'), {}, 'status'), [/only the node's agent/]],
    ['the agent writes the status', capture('UPDATE', user(`${SYSTEM}:stasis-node-agent`, 'node-1'), {}, 'status'), []],
  ])('refusals() when %s', (_, asked, said) => {
    expect(refusals(policies, asked)).toEqual(said.map((one) => expect.stringMatching(one)));
  });

  test.each([
    ['the controller', `${SYSTEM}:stasis-controller`, []],
    ['the uninstall Job', `${SYSTEM}:stasis-uninstall`, []],
    ['the agent', `${SYSTEM}:stasis-node-agent`, [/only Stasis's controller writes the status of a Checkpoint$/]],
    ['a user', 'jane', [/only Stasis's controller writes the status of a Checkpoint$/]],
  ])('refusals() when %s writes the status of a Checkpoint', (_, username, said) => {
    const object = { spec: { podName: 'web' } };
    const asked = capture(
      'UPDATE',
      user(username),
      { object, oldObject: object, resource: 'checkpoints/status' },
      'status',
    );
    expect(refusals(policies, asked)).toEqual(said.map((one) => expect.stringMatching(one)));
    // The Checkpoint itself is its author's.
    expect(
      refusals(policies, capture('UPDATE', user('jane'), { object, oldObject: object, resource: 'checkpoints' })),
    ).toEqual([]);
  });

  test('refusals() points to what a user sets today, and to no field of an older version', () => {
    const [said = ''] = refusals(policies, capture('UPDATE', user('jane'), release));
    expect(said).toContain('hold.release');
    expect(JSON.stringify(policies)).not.toContain('holdSeconds');
  });
});

describe('the policies of a node agent', () => {
  const agent = (node?: string): object => user(`${SYSTEM}:stasis-node-agent`, node);

  test.each([
    ['its own capture', capture('UPDATE', agent('node-1'), {}, 'status'), []],
    [
      'the capture of another node',
      capture('UPDATE', agent('node-2'), {}, 'status'),
      [/may not write a PodCapture of node-1/],
    ],
    ['its own lease', lease('stasis-node-node-1', agent('node-1')), []],
    [
      'the lease of another node',
      lease('stasis-node-node-2', agent('node-1')),
      [/the lease stasis-node-node-1, and no other/],
    ],
    ['the lease of the leader', lease('stasis-controller', agent('node-1')), [/and no other/]],
    ['a lease of another namespace', lease('any', agent('node-1'), 'kube-node-lease'), []],
    ['as a kubelet, its own lease', lease('node-1', user('system:node:node-1'), 'kube-node-lease'), []],
  ])('refusals() of %s', (_, asked, said) => {
    expect(refusals(policies, asked)).toEqual(said.map((one) => expect.stringMatching(one)));
  });

  test('refusals() of a token that is bound to no pod', () => {
    const said = refusals(policies, lease('stasis-node-', agent()));
    expect(said).toContainEqual(expect.stringMatching(/a token that is bound to its pod/));
  });
});

describe('the policies of a Checkpoint', () => {
  test('refusals() of who may not exec in that pod, and of nobody else', () => {
    expect(refusals(policies, creation('team', mayExec))).toEqual([]);
    const said = 'to hold pod web, jane needs the verb create on pods/exec of that pod in namespace team';
    expect(
      refusals(
        policies,
        creation('team', () => false),
      ),
    ).toEqual([expect.stringContaining(said)]);
    expect(refusals(policies, creation('team', mayExec, { podName: 'db' }))).toHaveLength(1);
  });

  test('refusals() of a namespace that is never captured, at `kubectl apply`', () => {
    expect(
      refusals(
        policies,
        creation('kube-system', () => true),
      ),
    ).toEqual([expect.stringContaining('kube-system')]);
    expect(
      refusals(
        policies,
        creation('team', () => true),
      ),
    ).toEqual([]);
  });

  // The values of that rendering have patterns and two labels.
  test.each([
    ['kube-system', {}, 1],
    ['openshift-etcd', {}, 1],
    ['openshift', {}, 0],
    ['not-openshift-etcd', {}, 0],
    ['team', { 'example.com/captures': 'never', 'example.com/tier': '0' }, 1],
    ['team', { 'example.com/captures': 'never' }, 0],
    ['team', { 'example.com/captures': 'never', 'example.com/tier': '1' }, 0],
  ])(
    'refusals() of namespace %s with the labels %j, where names, patterns and labels exclude',
    (name, labels, count) => {
      const asked = { ...creation(name, () => true), namespaceObject: { metadata: { name, labels } } };
      expect(refusals(policiesOf('secure.yaml'), asked)).toHaveLength(count);
    },
  );
});

describe("the policy of Stasis's own namespace", () => {
  test('refusals() of its deletion while Stasis is installed, unless an annotation allows it', () => {
    expect(refusals(policies, removal('stasis-system', {}))).toEqual([
      expect.stringContaining('helm uninstall stasis'),
    ]);
    expect(
      refusals(policies, removal('stasis-system', { annotations: { 'stasis.dev/allow-deletion': 'false' } })),
    ).toHaveLength(1);
    expect(
      refusals(policies, removal('stasis-system', { annotations: { 'stasis.dev/allow-deletion': 'true' } })),
    ).toEqual([]);
    expect(refusals(policies, removal('stasis-system', { deletionTimestamp: '2026-01-01T00:00:00Z' }))).toEqual([]);
    expect(refusals(policies, removal('stasis-system', {}, false))).toEqual([]);
    expect(refusals(policies, removal('team', {}))).toEqual([]);
  });
});
