import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, expect, test } from '@jest/globals';

import { withChildren } from './harness/cgroup-trees.js';
import { attach, type Cluster } from './harness/cluster.js';
import { describeAsRoot } from './harness/requirement.js';
import { takeDown } from './harness/down.js';
import { knownClusters } from './harness/state.js';
import { compiled } from './harness/source-tree.js';
import { leftOf, machineFacts, processesOf } from './harness/traces.js';
import { up } from './harness/up.js';
import { eventually } from './harness/waiting.js';

const NAME = `lifecycle-${process.pid}`;
const GONE_BOUND_MS = 20_000;
const REAP_BOUND_MS = 5000;
const BOUND_MS = 180_000;

async function runPod(cluster: Cluster, name: string): Promise<void> {
  const made = await cluster.kubectl(['run', name, '--image=stasis.test/busybox:1', '--', 'sleep', '1000']);
  expect(made).toMatchObject({ status: 0 });
  expect(await cluster.kubectl(['wait', '--for=condition=Ready', `pod/${name}`, '--timeout=60s'])).toMatchObject({
    status: 0,
  });
}

/** Freezes every container of every pod, in both hierarchies, like a crash in the middle of a capture. */
function freezePods(cluster: Cluster): void {
  const groups = cluster.nodes.flatMap((node) => node.cgroups.flatMap(withChildren));
  for (const group of groups.filter((one) => /\/pod[0-9a-f-]+\/[0-9a-f]{64}$/.test(one))) {
    if (group.includes('/freezer/')) writeFileSync(join(group, 'freezer.state'), 'FROZEN');
    if (group.includes('/unified/')) writeFileSync(join(group, 'cgroup.freeze'), '1');
  }
}

/** Waits a little, because the orphan of a dead creator is a zombie until the machine's process 1 reaps it. */
async function gone(processes: readonly string[]): Promise<void> {
  const isGone = (): boolean => leftOf(NAME, processes).length === 0;
  await eventually('nothing is left', isGone, REAP_BOUND_MS).catch(() => undefined);
  expect(leftOf(NAME, processes)).toEqual([]);
}

/**
 * A separate process that brings a cluster up and then waits. It has its own session, so that it can be interrupted as
 * a group.
 */
function maker(script: string): ReturnType<typeof spawn> {
  return spawn(process.execPath, ['--input-type=module', '-e', script], {
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

const OWNED = `const { up } = await import(${JSON.stringify(compiled('up.js'))});
await up({ name: '${NAME}', nodes: 1 });
console.log('up');
setInterval(() => undefined, 1000);`;

describeAsRoot('a throw-away cluster', () => {
  afterEach(() => takeDown(NAME));

  test(
    'up() launches a part of the control plane again that gave up before the API server was ready',
    async () => {
      let ended: Promise<void> | undefined;
      const cluster = await up({
        name: NAME,
        nodes: 1,
        onStep: (step) => {
          if (step === 'kubelets') ended = attach(NAME)?.controllerManager.kill();
        },
      });
      await ended;
      expect(ended).toBeDefined();
      expect(await cluster.controllerManager.running()).toBe(true);
      await cluster.down();
    },
    BOUND_MS,
  );

  test(
    'down() leaves the machine as it was, also with frozen pods',
    async () => {
      const before = machineFacts(NAME);
      const cluster = await up({ name: NAME, nodes: 2 });
      await runPod(cluster, 'frozen');
      const processes = processesOf(NAME);
      expect(processes.length).toBeGreaterThan(10);
      freezePods(cluster);
      const began = performance.now();
      await cluster.down();
      expect(performance.now() - began).toBeLessThan(10_000);
      await gone(processes);
      expect(machineFacts(NAME)).toEqual(before);
    },
    BOUND_MS,
  );

  test(
    'leaves the machine as it was when its creator is killed by SIGKILL',
    async () => {
      const before = machineFacts(NAME);
      const child = maker(OWNED);
      await once(child.stdout as NodeJS.ReadableStream, 'data');
      const processes = processesOf(NAME);
      child.kill('SIGKILL');
      await eventually('the keeper takes the cluster down', () => !knownClusters().includes(NAME), GONE_BOUND_MS);
      await gone(processes);
      expect(machineFacts(NAME)).toEqual(before);
    },
    BOUND_MS,
  );

  test(
    'takeDown() removes a cluster whose creator and keeper were killed, even one that was not up yet',
    async () => {
      const before = machineFacts(NAME);
      const child = maker(OWNED);
      await eventually(
        'the cluster begins to come up',
        () => knownClusters().includes(NAME) && processesOf(NAME).length > 3,
        BOUND_MS,
      );
      const processes = processesOf(NAME);
      const keepers = leftOf(NAME, []).filter((one) => one.includes('read -r done'));
      expect(keepers).toHaveLength(1);
      for (const keeper of keepers) process.kill(Number.parseInt(keeper, 10), 'SIGKILL');
      child.kill('SIGKILL');
      await once(child, 'exit');
      await takeDown(NAME);
      await gone(processes);
      expect(machineFacts(NAME)).toEqual(before);
    },
    BOUND_MS,
  );

  test(
    'leaves the machine as it was after Ctrl-C while it comes up',
    async () => {
      const before = machineFacts(NAME);
      const main = [compiled('../main.js'), 'up', '--name', NAME, '--nodes', '1'];
      const child = spawn(process.execPath, main, { detached: true, stdio: ['ignore', 'ignore', 'pipe'] });
      const exit = once(child, 'exit') as Promise<[number | null]>;
      await eventually(
        'the cluster begins to come up',
        () => knownClusters().includes(NAME) && processesOf(NAME).length > 3,
        BOUND_MS,
      );
      const processes = processesOf(NAME);
      process.kill(-(child.pid ?? 0), 'SIGINT');
      expect((await exit)[0]).toBe(130);
      await gone(processes);
      expect(machineFacts(NAME)).toEqual(before);
    },
    BOUND_MS,
  );

  test(
    'runs pods with and without limits on a node that sees only cgroup v2',
    async () => {
      const cluster = await up({ name: NAME, nodes: 1, views: { 'node-1': 'v2' } });
      const limits = { resources: { limits: { cpu: '500m', memory: '64Mi' } } };
      const container = { name: 'limited', image: 'stasis.test/busybox:1', command: ['sleep', '1000'], ...limits };
      const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'limited' }, spec: { containers: [container] } };
      expect(await cluster.kubectl(['apply', '-f', '-'], { input: JSON.stringify(pod) })).toMatchObject({ status: 0 });
      await runPod(cluster, 'free');
      await cluster.kubectl(['wait', '--for=condition=Ready', 'pod/limited', '--timeout=60s']);
      for (const name of ['free', 'limited']) {
        const mounts = await cluster.kubectl(['exec', name, '--', 'sh', '-c', 'mount | grep cgroup']);
        expect(mounts.stdout).toMatch(/^cgroup on \/sys\/fs\/cgroup type cgroup2 [^\n]*\n$/);
      }
      const frozen = await cluster.nodes[0]?.exec([
        'sh',
        '-c',
        'ls /sys/fs/cgroup/kubepods/besteffort/pod*/*/cgroup.freeze',
      ]);
      expect(frozen?.stdout.split('\n').filter(Boolean)).toHaveLength(2);
    },
    BOUND_MS,
  );

  test(
    'comes back when any of its parts is restarted or killed',
    async () => {
      const cluster = await up({ name: NAME, nodes: 2 });
      expect(attach(NAME)?.server).toBe(cluster.server);
      await runPod(cluster, 'first');
      const where = await cluster.kubectl(['get', 'pod', 'first', '-o', 'jsonpath={.spec.nodeName}']);
      const node = cluster.node(where.stdout);
      const echo = async () => await cluster.kubectl(['exec', 'first', '--', 'echo', 'here']);
      expect(await echo()).toMatchObject({ status: 0, stdout: 'here\n' });

      await node.restart('kubelet');
      await node.restart('containerd');
      await cluster.etcd.restart();
      await cluster.apiserver.kill();
      expect(await cluster.apiserver.running()).toBe(false);
      expect(await cluster.kubectl(['get', 'nodes'])).not.toMatchObject({ status: 0 });
      await cluster.apiserver.start();
      await cluster.ready();
      // The nodes may be Ready by what etcd has kept, while the kubelet still connects again.
      let answer: Awaited<ReturnType<typeof echo>> | undefined;
      const answers = async (): Promise<boolean> => (answer = await echo()).status === 0;
      await eventually('exec to answer', answers, 30_000, 500).catch(() => undefined);
      expect(answer).toMatchObject({ status: 0, stdout: 'here\n' });

      await node.exec(['sh', '-c', 'echo kept > /var/lib/stasis/kept']);
      await node.stop();
      await node.start();
      expect(await node.exec(['cat', '/var/lib/stasis/kept'])).toMatchObject({ stdout: 'kept\n' });
      const restarted = async (): Promise<boolean> =>
        (await cluster.kubectl(['get', 'pod', 'first', '-o', 'jsonpath={.status.containerStatuses[0].restartCount}']))
          .stdout === '1';
      await eventually('the pod runs again', restarted, 60_000, 200);
      await cluster.kubectl(['wait', '--for=condition=Ready', 'pod/first', '--timeout=60s']);
      expect(await echo()).toMatchObject({ status: 0, stdout: 'here\n' });
      expect(cluster.auditEvents().length).toBeGreaterThan(0);
      await cluster.down();
      expect(attach(NAME)).toBeUndefined();
    },
    BOUND_MS,
  );
});
