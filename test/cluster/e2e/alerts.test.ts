/**
 * Every alert is fired for real once, by a Prometheus that scrapes the pods. The rules are those that are shipped, except
 * that nobody waits for minutes: each `for` is 2 s, and hurried-rules.ts names the other changes.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { seeded } from '../../chaos/random.js';
import { REPOSITORY } from '../../kernel/harness/programs.js';
import { startPrometheus, type FiredAlert, type Prometheus } from '../../prometheus/prometheus.js';
import { readyAgent } from '../chaos/agent.js';
import { openGround } from '../chaos/ground.js';
import { killedAgent } from '../chaos/kills.js';
import type { Ground } from '../chaos/row.js';
import { read } from '../chaos/site.js';
import { startTarget, type Target } from '../chaos/target.js';
import { runTrial } from '../chaos/trial.js';
import { alertNames, hurriedRules } from './hurried-rules.js';
import { makeGhost, removeGhost, STASIS } from './monitored.js';
import { everythingRuns } from './node-view.js';
import { describeOnNamespaceNodes } from './requirement.js';
import { stopTracer, tasksIn } from './stopped-thread.js';
import { until } from './world.js';

const EVERY_MS = 200;
const FIRES_WITHIN_SECONDS = 90;
const HOUR_SECONDS = 3600;
/** A kill hits a closed freezer about every second time. */
const ATTEMPTS = 12;
/** More than four fifths of the smallest limit. */
const FILLING_BYTES = 14 << 20;

describeOnNamespaceNodes('every alert fires', ({ freezer, nodeName }) => {
  if (freezer !== 'v1') {
    test.todo(`on a node with the freezer of v1 alone, not on ${nodeName}`);
    return;
  }
  let ground: Ground;
  let target: Target;
  let prometheus: Prometheus | undefined;
  let names = 0;

  const firing = async (alert: string, labels: Readonly<Record<string, string>> = {}): Promise<FiredAlert> => {
    const wanted = { alertname: alert, ...labels };
    return await until(
      `${alert} to fire`,
      async () => {
        const alerts = (await prometheus?.alerts()) ?? [];
        return alerts.find(
          (one) =>
            one.state === 'firing' && Object.entries(wanted).every(([label, text]) => one.labels[label] === text),
        );
      },
      async () => JSON.stringify(await prometheus?.alerts()),
      FIRES_WITHIN_SECONDS,
    );
  };
  const hasFired = async (alert: string): Promise<boolean> =>
    ((await prometheus?.alerts()) ?? []).some(({ labels }) => labels['alertname'] === alert);
  const kubectl = async (...args: readonly string[]): Promise<string> => {
    const ran = await ground.cluster.kubectl(args);
    if (ran.status !== 0) throw new Error(ran.stderr);
    return ran.stdout;
  };
  const helm = async (...args: readonly string[]): Promise<void> => {
    const ran = await ground.cluster.helm(args);
    if (ran.status !== 0) throw new Error(ran.stderr);
  };
  const helmUpgrade = async (...settings: readonly string[]): Promise<void> => {
    const sets = settings.flatMap((setting) => ['--set', setting]);
    await helm('upgrade', 'stasis', 'deploy/helm', '-n', STASIS, '--reuse-values', ...sets);
  };
  const rolledOut = async (): Promise<void> => {
    await kubectl('rollout', 'status', '-n', STASIS, 'daemonset/stasis-node-agent', '--timeout=120s');
  };
  const patchAgents = async (operation: object): Promise<void> => {
    const patch = JSON.stringify([operation]);
    await kubectl('patch', '-n', STASIS, 'daemonset/stasis-node-agent', '--type=json', '-p', patch);
  };
  /** Captures the target, and returns the Checkpoint's name once the pod is held or, without a hold, has been captured. */
  const capture = async (holdSeconds = 0): Promise<string> => {
    names += 1;
    const name = `alert-${names}`;
    await ground.world.create(name, {
      podName: 'target',
      ...(holdSeconds === 0 ? {} : { hold: { seconds: holdSeconds } }),
    });
    if (holdSeconds === 0) await ground.world.ended(name);
    else await ground.world.reached(name, 'Holding');
    return name;
  };
  const release = async (name: string): Promise<void> => {
    await ground.world.removeCheckpoint(name);
    await ground.world.expectGone(name);
  };
  /** Closes the freezers of the target's containers as somebody else would, and returns what opens them. */
  const freezeTarget = (): (() => void) => {
    const states = target.closable
      .filter((directory) => tasksIn(directory).length > 0)
      .map((directory) => join(directory, 'freezer.state'));
    for (const path of states) writeFileSync(path, 'FROZEN');
    return () => {
      for (const path of states) if (read(path) !== '') writeFileSync(path, 'THAWED');
    };
  };

  beforeAll(async () => {
    ground = await openGround('v1');
    target = await startTarget(ground.world, ground.site);
    const rules = hurriedRules();
    prometheus = await startPrometheus(ground.cluster, { everyMilliseconds: EVERY_MS, rules });
  }, 180_000);
  afterAll(async () => {
    await prometheus?.stop();
    await everythingRuns(ground.cluster);
    await ground.world.close();
  }, 180_000);

  test('StasisNodeAgentMissing: a node whose agent cannot start', async () => {
    await makeGhost(ground.cluster);
    try {
      expect((await firing('StasisNodeAgentMissing')).annotations['description']).toContain('e2e-ghost');
    } finally {
      await removeGhost(ground.cluster, ground.world);
    }
  });

  test('StasisPauseOverBudget and StasisArtifactsNearLimit: a small budget, and a large artifact', async () => {
    await release(await capture());
    const name = await capture();
    const [found] = await ground.world.captures(await ground.world.getCheckpoint(name));
    const artifact = ground.site.node.file(`/var/lib/stasis/${found?.metadata.uid}.json`);
    writeFileSync(artifact, Buffer.alloc(FILLING_BYTES));
    await helmUpgrade('metrics.pauseBudgetSeconds=0.000001', 'nodeAgent.artifacts.limit=16Mi');
    try {
      await rolledOut();
      await readyAgent(ground.world, ground.site);
      expect(await firing('StasisArtifactsNearLimit', { node: nodeName })).toBeDefined();
      for (let count = 0; count < 15; count += 1) await release(await capture());
      expect(await firing('StasisPauseOverBudget', { node: nodeName })).toBeDefined();
    } finally {
      await release(name);
      await helmUpgrade('metrics.pauseBudgetSeconds=0.1', 'nodeAgent.artifacts.limit=1Gi');
      await rolledOut();
      await readyAgent(ground.world, ground.site);
    }
  }, 300_000);

  test('StasisFreezerClosedTooLong: a freezer that stays closed', async () => {
    const name = await capture(HOUR_SECONDS);
    const thaw = freezeTarget();
    try {
      expect(await firing('StasisFreezerClosedTooLong', { node: nodeName })).toBeDefined();
    } finally {
      thaw();
      await release(name);
    }
  });

  test('StasisThawNotVerified and StasisCapturesFailing: an agent dies, and a freezer is closed', async () => {
    const { agent } = await readyAgent(ground.world, ground.site);
    const name = await capture(HOUR_SECONDS);
    process.kill(agent.pid, 'SIGKILL');
    const thaw = freezeTarget();
    try {
      expect(await firing('StasisThawNotVerified', { node: nodeName })).toBeDefined();
      expect(await firing('StasisCapturesFailing', { node: nodeName, reason: 'NodeAgentRestarted' })).toBeDefined();
    } finally {
      thaw();
      await release(name);
      await readyAgent(ground.world, ground.site);
    }
  });

  test('StasisGuardActed: an agent is killed while it has a freezer closed', async () => {
    const random = seeded(1);
    for (let attempt = 1; attempt <= ATTEMPTS && !(await hasFired('StasisGuardActed')); attempt += 1) {
      const plan = { row: killedAgent, ground, target, random, moment: 'frozen', name: `acted-${attempt}` } as const;
      expect((await runTrial(plan)).left).toEqual([]);
      await sleep(10 * EVERY_MS);
    }
    expect(await firing('StasisGuardActed', { node: nodeName })).toBeDefined();
  }, 300_000);

  test('StasisGuardDown: a guard that does not answer', async () => {
    const { guard } = await readyAgent(ground.world, ground.site);
    process.kill(guard.pid, 'SIGSTOP');
    try {
      expect(await firing('StasisGuardDown', { node: nodeName })).toBeDefined();
    } finally {
      process.kill(guard.pid, 'SIGCONT');
      await readyAgent(ground.world, ground.site);
    }
  });

  test('StasisQueueStuck: an agent that does not begin what was dispatched to it', async () => {
    const { agent } = await readyAgent(ground.world, ground.site);
    process.kill(agent.pid, 'SIGSTOP');
    const name = 'stuck';
    try {
      await ground.world.create(name, { podName: 'target' });
      expect(await firing('StasisQueueStuck', { reason: 'Dispatched' })).toBeDefined();
    } finally {
      process.kill(agent.pid, 'SIGCONT');
      await ground.world.ended(name);
      await release(name);
    }
  });

  test('StasisPodHeldTooLong: the thread that holds a pod does not let go', async () => {
    const { agent } = await readyAgent(ground.world, ground.site);
    const name = await capture(2);
    const stopped = await stopTracer(ground.site, target, agent);
    try {
      expect(await firing('StasisPodHeldTooLong', { node: nodeName })).toBeDefined();
    } finally {
      await stopped.release();
      await ground.world.ended(name);
      await release(name);
      await readyAgent(ground.world, ground.site);
    }
  });

  test('StasisNodeUnfit: an agent without the capability that it needs', async () => {
    const before = await readyAgent(ground.world, ground.site);
    const path = '/spec/template/spec/containers/0/securityContext/capabilities/add';
    await patchAgents({ op: 'remove', path });
    try {
      await kubectl('delete', 'pod', '-n', STASIS, before.pod.metadata.name, '--wait=false');
      expect(await firing('StasisNodeUnfit')).toBeDefined();
    } finally {
      await patchAgents({ op: 'add', path, value: ['SYS_PTRACE'] });
      await kubectl('delete', 'pods', '-n', STASIS, '-l', 'app.kubernetes.io/component=node-agent');
      await rolledOut();
      await readyAgent(ground.world, ground.site);
    }
  }, 300_000);

  test('StasisNoLeader: no replica of the controller', async () => {
    await kubectl('scale', '-n', STASIS, 'deployment/stasis-controller', '--replicas=0');
    try {
      expect(await firing('StasisNoLeader')).toBeDefined();
    } finally {
      await kubectl('scale', '-n', STASIS, 'deployment/stasis-controller', '--replicas=2');
      await kubectl('rollout', 'status', '-n', STASIS, 'deployment/stasis-controller', '--timeout=120s');
    }
  });

  test('each alert of the file was fired by a test above', () => {
    const source = readFileSync(join(REPOSITORY, 'test/cluster/e2e/alerts.test.ts'), 'utf8');
    const fired = new Set([...source.matchAll(/firing\('(\w+)'/g)].map(([, alert]) => alert));
    expect(alertNames().filter((alert) => !fired.has(alert))).toEqual([]);
  });
});
