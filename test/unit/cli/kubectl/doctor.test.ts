/** Tests `kubectl stasis doctor` against a model of the cluster. */
import { describe, expect, test } from '@jest/globals';
import { CHECKPOINT_LABEL, POD_LABEL } from '../../../../src/api/capture-labels.js';
import { PODCAPTURES } from '../../../../src/api/kinds.js';
import { NODES } from '../../../../src/cli/kubectl/resources.js';
import { PODS } from '../../../../src/pod/pod.js';
import { podCapture } from '../../builders.js';
import { forbidden } from './scripted-api.js';
import { agentPod, answering, EXEC_FORBIDDEN, HOME, putAgents, putDaemonSet } from './stasis-cluster.js';
import { FakePlugin } from './surroundings.js';

const WELL = {
  at: '2026-01-01T00:00:00Z',
  well: true,
  cgroups: 7,
  frozen: [],
  traced: [],
  thawed: [],
  journals: [],
  node: [{ name: 'kernel', verdict: 'Fit', detail: '6.18.44' }],
  unseen: [],
};

const ILL = {
  ...WELL,
  well: false,
  frozen: [
    {
      directory: '/sys/fs/cgroup/kubepods/pod1/c1',
      version: 'v2',
      complete: true,
      tasks: 1,
      processes: [{ pid: 7, comm: 'sleep\u001b[31m' }],
      holder: { kind: 'Left', capture: 'uid-1', agentPid: 2, guardPid: 3, journal: 'j' },
      sinceMicroseconds: 5_000_000,
      thawable: true,
      wrong: true,
    },
  ],
};

describe('kubectl stasis doctor', () => {
  test('asks every agent, and prints one table', async () => {
    const plugin = new FakePlugin();
    putAgents(plugin.model, ['node-2', 'node-1']);
    const commands: string[] = [];
    plugin.exec = async (request) => {
      commands.push([request.namespace, request.pod, request.container, ...request.command].join(' '));
      return await answering(JSON.stringify(WELL))(request);
    };
    expect(await plugin.run(['doctor'])).toBe(0);
    expect(plugin.stdout).toBe(`NODE    VERDICT  FROZEN  TRACED  UNFIT  KERNEL
node-1  well     0       0       -      6.18.44
node-2  well     0       0       -      6.18.44

All is well on 2 nodes.
`);
    const command = 'node-agent stasis doctor -o json --cgroup-root /host/sys/fs/cgroup';
    expect(commands).toEqual([`${HOME} agent-node-1 ${command}`, `${HOME} agent-node-2 ${command}`]);
    expect(plugin.closed).toBe(1);
  });

  test('shows what a node found, with the names of processes escaped', async () => {
    const plugin = new FakePlugin();
    putAgents(plugin.model, ['node-1', 'node-2']);
    plugin.exec = answering(({ pod }) => JSON.stringify(pod === 'agent-node-2' ? ILL : WELL), { status: 1 });
    expect(await plugin.run(['doctor'])).toBe(1);
    expect(plugin.stdout).toContain('node-2  not well  1 (1 wrongly)  0       -      6.18.44');
    expect(plugin.stdout).toContain('\nNode node-2\n');
    expect(plugin.stdout).not.toContain('\nNode node-1\n');
    expect(plugin.stdout).toContain('holds   1 task: sleep\\x1b[31m (7)');
    expect(plugin.stdout).toContain('kubectl delete pod -n stasis-system -l app.kubernetes.io/component=node-agent');
    expect(plugin.stdout).toContain('1 node not well, 1 node well.');
  });

  test('names the Checkpoint of a capture where it can, and asks about nodes with a capture alone', async () => {
    const plugin = new FakePlugin();
    putAgents(plugin.model, ['node-1', 'node-2']);
    plugin.exec = answering(({ pod }) => JSON.stringify(pod === 'agent-node-2' ? ILL : WELL), { status: 1 });
    const { metadata, ...capture } = podCapture();
    const labels = { [CHECKPOINT_LABEL]: 'web-a', [POD_LABEL]: 'web' };
    const about = { ...metadata, name: 'capture-1', namespace: 'shop', uid: 'uid-1', labels };
    plugin.model.put(PODCAPTURES, { ...capture, spec: { nodeName: 'node-2' }, metadata: about });
    expect(await plugin.run(['doctor'])).toBe(1);
    expect(plugin.stdout).toContain('Stasis: capture uid-1 (Checkpoint shop/web-a of pod web); its agent (2)');
    expect(plugin.script.calls.filter(({ plural }) => plural === 'podcaptures').map(({ options }) => options)).toEqual([
      { metadataOnly: true, fieldSelector: 'spec.nodeName=node-2', limit: 500 },
    ]);

    plugin.stdout = '';
    plugin.script.fate = (call) => (call.plural === 'podcaptures' ? forbidden(call) : undefined);
    expect(await plugin.run(['doctor'])).toBe(1);
    expect(plugin.stdout).toContain('Stasis: capture uid-1; its agent (2)');
  });

  test('names the nodes that do not answer', async () => {
    const plugin = new FakePlugin();
    putAgents(plugin.model, ['hangs', 'odd', 'old']);
    plugin.model.put(PODS, agentPod('down', HOME, { phase: 'Pending' }));
    plugin.exec = async (request) => {
      if (request.pod === 'agent-odd') return await answering('{"well":true}')(request);
      if (request.pod === 'agent-old')
        return await answering('', { status: 2, errors: "stasis: unknown option '-o'\nmore" })(request);
      await plugin.clock.sleep(3_600_000, request.signal);
      return { kind: 'failed', message: 'interrupted' };
    };
    expect(await plugin.run(['doctor', 'hangs', 'odd', 'old', 'down', 'nodes/none', '-o', 'json'])).toBe(1);
    const { nodes } = JSON.parse(plugin.stdout) as { nodes: { node: string; message: string; answered: boolean }[] };
    expect(nodes.every(({ answered }) => !answered)).toBe(true);
    expect(Object.fromEntries(nodes.map(({ node, message }) => [node, message]))).toEqual({
      hangs: 'no answer within 30 s',
      odd: 'stasis doctor in pod agent-odd ended with status 0: its answer is in a form that this plugin does not know',
      old: "stasis doctor in pod agent-old ended with status 2: stasis: unknown option '-o'",
      down: "the agent's pod agent-down does not answer: it is in phase Pending; see: kubectl describe pod -n stasis-system agent-down",
      none: 'no agent of Stasis is on node none; see: kubectl get node none, and: kubectl describe daemonset -n stasis-system',
    });
  });

  test('tells a missing right once, in one line', async () => {
    const plugin = new FakePlugin();
    putAgents(plugin.model, ['node-1', 'node-2']);
    plugin.exec = async () => await Promise.resolve(EXEC_FORBIDDEN);
    expect(await plugin.run(['doctor'])).toBe(1);
    expect(plugin.stdout).toBe('');
    expect(plugin.stderr).toEqual([
      'error: you may not create pods/exec in namespace "stasis-system"; ask an administrator for that verb, and try it with: kubectl auth can-i create pods/exec -n stasis-system',
    ]);
  });

  test('asks at most eight nodes at a time', async () => {
    const plugin = new FakePlugin();
    putAgents(
      plugin.model,
      Array.from({ length: 20 }, (_, index) => `node-${index}`),
    );
    let [now, most] = [0, 0];
    plugin.exec = async (request) => {
      now += 1;
      most = Math.max(most, now);
      await plugin.clock.sleep(1_000);
      now -= 1;
      return await answering(JSON.stringify(WELL))(request);
    };
    expect(await plugin.run(['doctor'])).toBe(0);
    expect(most).toBe(8);
  });

  test('looks for the namespace, and takes the default where it may not', async () => {
    const elsewhere = new FakePlugin();
    putAgents(elsewhere.model, ['node-1'], 'ops');
    elsewhere.exec = answering(JSON.stringify(WELL));
    expect(await elsewhere.run(['doctor'])).toBe(0);

    const twice = new FakePlugin();
    putAgents(twice.model, ['node-1'], 'ops');
    putAgents(twice.model, ['node-1'], 'other');
    expect(await twice.run(['doctor'])).toBe(1);
    expect(twice.stderr[0]).toContain('in several namespaces (ops, other)');

    const blind = new FakePlugin();
    blind.script.fate = (call) => (call.plural === 'daemonsets' ? forbidden(call, 'apps') : undefined);
    expect(await blind.run(['doctor'])).toBe(1);
    expect(blind.stderr[0]).toContain('you may not look for them elsewhere; say where Stasis is installed');

    const none = new FakePlugin();
    expect(await none.run(['doctor'])).toBe(1);
    expect(none.stderr[0]).toContain('has no node agents of Stasis');
  });

  test('runs nothing in a namespace that only has the labels', async () => {
    const asked: string[] = [];
    const plugin = new FakePlugin();
    putAgents(plugin.model, ['node-1'], 'ops');
    putDaemonSet(plugin.model, ['node-1', 'node-2'], 'tenant');
    plugin.exec = async (request) => {
      asked.push(request.namespace);
      return await answering(JSON.stringify(WELL))(request);
    };
    expect(await plugin.run(['doctor'])).toBe(0);
    expect(asked).toEqual(['ops']);

    // Without the policies, only the namespace of the documents is trusted.
    plugin.script.fate = (call) =>
      call.plural === 'validatingadmissionpolicies' ? forbidden(call, 'admissionregistration.k8s.io') : undefined;
    expect(await plugin.run(['doctor'])).toBe(1);
    expect(asked).toEqual(['ops']);
    expect(plugin.stderr.at(-1)).toContain('are in namespaces ops, tenant, and no policy that you may read proves');
    expect(plugin.stderr.at(-1)).toContain('--stasis-namespace');
    expect(await plugin.run(['doctor', '--stasis-namespace', 'ops'])).toBe(0);
    expect(asked).toEqual(['ops', 'ops']);
    putDaemonSet(plugin.model, ['node-1'], HOME);
    expect(await plugin.run(['doctor'])).toBe(0);
    expect(asked).toEqual(['ops', 'ops', HOME]);

    const one = new FakePlugin();
    putDaemonSet(one.model, ['node-1'], 'tenant');
    expect(await one.run(['doctor'])).toBe(1);
    expect(one.stderr[0]).toContain('are in namespace tenant, and no policy that you may read proves');
  });

  test('names a node that should have an agent and has none', async () => {
    const plugin = new FakePlugin();
    putAgents(plugin.model, ['node-1']);
    putDaemonSet(plugin.model, ['node-1'], HOME, { desiredNumberScheduled: 2 });
    for (const name of ['node-1', 'node-2']) plugin.model.put(NODES, { metadata: { name } });
    plugin.exec = answering(JSON.stringify(WELL));
    expect(await plugin.run(['doctor'])).toBe(1);
    expect(plugin.stdout).toContain('node-2  no answer');
    expect(plugin.stdout).toContain('no agent of Stasis is on node node-2; see: kubectl get node node-2');
    expect(plugin.stdout).toContain('1 node without an answer, 1 node well.');
    // A node that is asked for by its name says nothing about the others.
    expect(await plugin.run(['doctor', 'node-1'])).toBe(0);
  });

  test('does not say that all is well where it may not look', async () => {
    const plugin = new FakePlugin();
    putAgents(plugin.model, ['node-1']);
    plugin.exec = answering(JSON.stringify(WELL));
    plugin.script.fate = (call) =>
      ['daemonsets', 'nodes'].includes(call.plural) ? forbidden(call, 'apps') : undefined;
    expect(await plugin.run(['doctor'])).toBe(1);
    expect(plugin.stdout).not.toContain('All is well');
    const gap =
      'It is not known whether other nodes should have an agent, and have none: you may not list daemonsets.apps in namespace stasis-system.';
    expect(plugin.stdout).toContain(`\n1 node well.\n${gap}\n`);
    plugin.stdout = '';
    expect(await plugin.run(['doctor', '-o', 'json'])).toBe(1);
    expect(JSON.parse(plugin.stdout)).toMatchObject({ gap, nodes: [{ node: 'node-1', well: true }] });
  });

  test('does not ask a pod that only has the labels of an agent', async () => {
    const plugin = new FakePlugin();
    putAgents(plugin.model, ['node-1']);
    const { ownerReferences: _, ...metadata } = agentPod('node-2').metadata;
    plugin.model.put(PODS, { ...agentPod('node-2'), metadata });
    plugin.exec = answering(JSON.stringify(WELL));
    expect(await plugin.run(['doctor'])).toBe(0);
    expect(plugin.stdout).not.toContain('node-2');
  });
});
