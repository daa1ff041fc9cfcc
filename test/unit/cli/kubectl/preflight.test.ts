/** Tests `kubectl stasis preflight` against a model of the cluster. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import { PODCAPTURES } from '../../../../src/api/kinds.js';
import { DAEMONSETS, NODES } from '../../../../src/cli/kubectl/resources.js';
import { LEASES } from '../../../../src/kube/lease.js';
import { PODS, type Pod } from '../../../../src/pod/pod.js';
import { forbidden, refusal, unknownKind } from './scripted-api.js';
import { HOME, putAgents, putDaemonSet, putPolicy } from './stasis-cluster.js';
import { FakePlugin } from './surroundings.js';

const AT = { uid: 'u', resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z' };

let plugin: FakePlugin;

beforeEach(() => {
  plugin = new FakePlugin();
  putAgents(plugin.model, ['node-1']);
  plugin.model.put(NODES, {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'node-1', ...AT },
    status: { conditions: [{ type: 'Ready', status: 'True' }] },
  });
  plugin.model.put(LEASES, {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: 'stasis-node-node-1', namespace: HOME, ...AT },
    spec: { holderIdentity: 'agent', renewTime: new Date(plugin.clock.wall()).toISOString() },
  });
  putPod('web-0');
  plugin.script.onCreated = ({ metadata: { name } }) => ends(name, 'True', 'DryRunPassed');
});

function putPod(name: string, spec: Partial<Pod['spec']> = {}, namespace = 'shop'): void {
  plugin.model.put(PODS, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, ...AT },
    spec: { nodeName: 'node-1', containers: [{ name: 'app' }], ...spec },
    status: {
      phase: 'Running',
      containerStatuses: [{ name: 'app', containerID: 'containerd://a1', started: true, state: { running: {} } }],
    },
  });
}

function ends(name: string, status: 'True' | 'False', reason: string, message = ''): void {
  plugin.later(500, () => {
    const row = {
      podName: 'web-0',
      podUID: 'u',
      nodeName: 'node-1',
      captureName: `${name}-c`,
      state: 'Failed',
    } as const;
    plugin.report(
      name,
      [
        ['Succeeded', status, reason, message],
        ['Finished', 'True', reason],
      ],
      { pods: [row] },
    );
  });
}

describe('kubectl stasis preflight', () => {
  test('reads, asks, and has the agent look', async () => {
    expect(await plugin.run(['preflight', 'pod/web-0', '-c', 'app'])).toBe(0);
    expect(plugin.stdout).toBe(`Pod web-0 on node node-1

  ok         pod        it runs, and container app would be held
  ok         rights     you may create Checkpoints here, and exec in the pod
  ok         admission  the API server would accept a Checkpoint: no policy excludes the namespace
  ok         quota      no ResourceQuota for Checkpoints is used up
  ok         others     no other Checkpoint of the pod waits or runs
  ok         node       node node-1 is Ready
  ok         agent      the agent of node node-1 lives
  ok         probes     no probe limits a hold; the longest is 1h
  ok         dry run    the agent looked at the pod on its node, and found nothing in the way

Nothing stands in the way of a capture. The longest hold is 1h.
`);
    const created = plugin.script.calls.filter(({ verb, plural }) => verb === 'create' && plural === 'checkpoints');
    expect(created.map(({ body, options }) => ({ ...body, dryRun: options['dryRun'] }))).toMatchObject([
      { spec: { podName: 'web-0', dryRun: true }, dryRun: true },
      {
        metadata: { annotations: { 'stasis.dev/reason': 'kubectl stasis preflight' } },
        spec: { podName: 'web-0', dryRun: true, ttlSecondsAfterFinished: 60, containers: ['app'] },
        dryRun: undefined,
      },
    ]);
  });

  test('stores nothing with --no-dry-run', async () => {
    expect(await plugin.run(['preflight', 'web-0', '--no-dry-run'])).toBe(0);
    expect(plugin.checkpoint('web-0-x7k1p')).toBeUndefined();
    expect(plugin.stdout).not.toContain('dry run');
  });

  test('tells what the dry run found, and which tasks would not stop', async () => {
    plugin.script.onCreated = ({ metadata: { name } }) => {
      ends(name, 'False', 'TaskAlreadyTraced', 'task 7 has a tracer');
      plugin.model.put(PODCAPTURES, {
        apiVersion: 'stasis.dev/v1alpha1',
        kind: 'PodCapture',
        metadata: { ...AT, name: `${name}-c`, namespace: 'shop' },
        spec: { nodeName: 'node-1' },
        status: {
          unfrozen: [{ tid: 7, comm: 'sleep', state: 'D', waitChannel: 'nfs_wait', cause: 'Uninterruptible' }],
        },
      });
    };
    expect(await plugin.run(['preflight', 'pod/web-0'])).toBe(1);
    expect(plugin.stdout).toContain(
      'obstacle   dry run    TaskAlreadyTraced: task 7 has a tracer; see: kubectl stasis explain TaskAlreadyTraced',
    );
    expect(plugin.stdout).toContain(
      'note       dry run    task 7 (sleep, state D in nfs_wait) waits in the kernel, for instance for a hung disk',
    );
    expect(plugin.stdout).toContain('One thing stands in the way.');
  });

  test('what may not be read is not known, unless the dry run has gone through it', async () => {
    plugin.script.fate = (call) =>
      ['nodes', 'leases', 'resourcequotas'].includes(call.plural) ? forbidden(call, '') : undefined;
    expect(await plugin.run(['preflight', 'pod/web-0', '--no-dry-run'])).toBe(1);
    expect(plugin.stdout).toContain('not known  node       not known: you may not get nodes\n');
    expect(plugin.stdout).toContain(
      'not known  agent      not known: you may not get leases.coordination.k8s.io in namespace stasis-system\n',
    );
    expect(plugin.stdout).toContain('Nothing that is known stands in the way; 3 things are not known.');
    plugin.stdout = '';
    expect(await plugin.run(['preflight', 'pod/web-0'])).toBe(0);
    expect(plugin.stdout).toContain('not known  node');
    expect(plugin.stdout).toContain('Nothing stands in the way of a capture.');
  });

  test('makes no dry run of what would be refused', async () => {
    plugin.script.allows = ({ resource }) => resource !== 'pods';
    expect(await plugin.run(['preflight', 'pod/web-0'])).toBe(1);
    expect(plugin.stdout).toContain('obstacle   rights  ');
    expect(plugin.stdout).toContain('note       dry run  not carried out, because of what stands in the way');
    expect(plugin.checkpoint('web-0-x7k1p')).toBeUndefined();
  });

  test("believes a dry run more than this machine's clock", async () => {
    await plugin.clock.advance(3_600_000);
    expect(await plugin.run(['preflight', 'pod/web-0', '--no-dry-run'])).toBe(1);
    expect(plugin.stdout).toContain('gave its last sign of life 1h ago');
    expect(await plugin.run(['preflight', 'pod/web-0'])).toBe(0);
  });

  test('passes on the words of a policy', async () => {
    plugin.script.fate = ({ options }) =>
      options['dryRun'] === true ? refusal(403, 'Forbidden', 'pods of namespace shop are never captured') : undefined;
    expect(await plugin.run(['preflight', 'pod/web-0'])).toBe(1);
    expect(plugin.stdout).toContain(
      'obstacle   admission  the API server at api.example.com:6443 forbids it: pods of namespace shop are never captured',
    );
  });

  test('gives up where no controller looks, and removes its Checkpoint', async () => {
    plugin.script.onCreated = () => undefined;
    expect(await plugin.run(['preflight', 'pod/web-0'])).toBe(1);
    expect(plugin.stdout).toContain('no result within 90 s: the controller of Stasis has not looked at it');
    expect(plugin.checkpoint('web-0-x7k1p')).toBeUndefined();
  });

  test('says when Stasis is not installed, and when there is no such pod', async () => {
    expect(await plugin.run(['preflight', 'pod/web-9'])).toBe(1);
    expect(plugin.stderr.pop()).toBe(
      'error: there is no pod "web-9" in namespace "shop"; to see those that there are: kubectl get pods -n shop',
    );
    plugin.script.fate = ({ plural }) => (plural === 'checkpoints' ? unknownKind() : undefined);
    expect(await plugin.run(['preflight', 'pod/web-0'])).toBe(1);
    expect(plugin.stderr.pop()).toContain('does not have the kinds of Stasis');
  });

  test('ends with the signal', async () => {
    plugin.script.onCreated = () => plugin.later(100, () => plugin.signal('SIGINT'));
    expect(await plugin.run(['preflight', 'pod/web-0'])).toBe(130);
    expect(plugin.stdout).toBe('');
  });
});

describe('kubectl stasis preflight --all', () => {
  test('is a table, four dry runs at a time', async () => {
    for (let index = 1; index < 9; index += 1) putPod(`web-${index}`);
    putPod('db-0', { hostNetwork: true });
    putPod('api-0', { containers: [{ name: 'app', livenessProbe: {} }] });
    let [open, most] = [0, 0];
    plugin.script.onCreated = ({ metadata: { name } }) => {
      open += 1;
      most = Math.max(most, open);
      plugin.later(499, () => (open -= 1));
      ends(name, 'True', 'DryRunPassed');
    };
    expect(await plugin.run(['preflight', '--all'])).toBe(1);
    expect(most).toBe(4);
    const lines = plugin.stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(12);
    expect(lines[0]).toBe('POD    NODE    VERDICT   LONGEST-HOLD  WHY');
    expect(lines).toContain('web-3  node-1  ok        1h            -');
    expect(lines).toContain('api-0  node-1  ok        20s           -');
    expect(lines).toContain(
      "db-0   node-1  obstacle  -             the node depends on pod db-0: it is in the node's network namespace (hostNetwork)",
    );
  });

  test('prints JSON, reads each node once, and takes no pod beside it', async () => {
    putPod('web-1');
    expect(await plugin.run(['preflight', '--all', '--no-dry-run', '-o', 'json'])).toBe(0);
    expect(JSON.parse(plugin.stdout)).toMatchObject({
      pods: [
        { pod: 'web-0', node: 'node-1', verdict: 'ok', longestHoldSeconds: 3600, dryRunPassed: false },
        { pod: 'web-1', verdict: 'ok' },
      ],
    });
    expect(plugin.script.log.filter((line) => line === 'get nodes node-1')).toHaveLength(1);
    expect(await plugin.run(['preflight', '--all', 'pod/web-0'])).toBe(2);
    expect(await plugin.run(['preflight'])).toBe(2);
  });

  test('takes all namespaces with -A, each with its own rights and Checkpoints', async () => {
    putPod('api-0', {}, 'pay');
    plugin.script.allows = ({ namespace, resource }) => namespace === 'shop' || resource !== 'checkpoints';
    expect(await plugin.run(['preflight', '-A', '--no-dry-run', '--stasis-namespace', HOME])).toBe(1);
    const lines = plugin.stdout.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^NAMESPACE +POD +NODE +VERDICT +LONGEST-HOLD +WHY$/);
    expect(lines.find((line) => line.includes('api-0'))).toMatch(
      /^pay +api-0 +node-1 +obstacle +1h +you may not create checkpoints.stasis.dev in namespace pay;/,
    );
    expect(lines.find((line) => line.includes('web-0'))).toMatch(/^shop +web-0 +node-1 +ok +1h +-$/);
  });
});

describe('kubectl stasis preflight beside DaemonSets that only have the labels', () => {
  test('takes the namespace that a policy names', async () => {
    putDaemonSet(plugin.model, ['node-1'], 'tenant');
    expect(await plugin.run(['preflight', 'pod/web-0', '--no-dry-run'])).toBe(0);
    expect(plugin.stdout).toContain('the agent of node node-1 lives');
  });

  test('does not know whether the agent lives where nothing is proved, and goes on', async () => {
    plugin.model.drop(LEASES, HOME, 'stasis-node-node-1');
    for (const namespace of ['ops', 'other']) putPolicy(plugin.model, namespace);
    expect(await plugin.run(['preflight', 'pod/web-0', '--no-dry-run', '--stasis-namespace', 'ops'])).toBe(1);
    plugin.stdout = '';
    plugin.model.drop(DAEMONSETS, HOME, 'stasis-node-agent');
    putDaemonSet(plugin.model, ['node-1'], 'ops');
    putDaemonSet(plugin.model, ['node-1'], 'other');
    expect(await plugin.run(['preflight', 'pod/web-0', '--no-dry-run'])).toBe(1);
    expect(plugin.stdout).toContain('not known: namespace stasis-system has no heartbeat of that node');
    expect(plugin.stderr).toEqual([]);
  });
});
