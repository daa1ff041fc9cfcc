import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { systemClock } from '../../../../src/kube/clock.js';
import { PODCAPTURES } from '../../../../src/api/kinds.js';
import { failure } from '../../../../src/node-agent/pure/failure.js';
import { KubeModel } from '../../../fake/kube-model.js';
import {
  goodReport,
  ME,
  podCapture,
  startAgent,
  succeeded,
  released,
  tracerScript,
  uid,
  type Agent,
  type AgentSetup,
} from './fixtures.js';

const agents: Agent[] = [];
afterEach(async () => {
  await Promise.all(agents.splice(0).map(async (agent) => await agent.remove()));
});

function start(setup: AgentSetup = {}): Agent {
  const agent = startAgent(setup);
  agents.push(agent);
  return agent;
}

/** The reasons of Succeeded that the server ever showed for this capture, in order. */
function story(agent: Agent, number: number): string[] {
  const mine = agent.model.events.filter(({ object }) => object.metadata.name === `capture-${number}`);
  const reasons = mine.map(({ object }) => succeeded(object as never)?.reason ?? 'new');
  // On a busy machine the look at the disk may take long enough to be told.
  const isSlowDisk = (reason: string, index: number): boolean =>
    reason === 'ArtifactFailed' && succeeded(mine[index]?.object as never)?.status === 'Unknown';
  const told = reasons.filter((reason, index) => !isSlowDisk(reason, index));
  return told.filter((reason, index) => reason !== told[index - 1]);
}

describe('a capture', () => {
  test('runAgent() claims a capture, carries it out and reports it, in two writes', async () => {
    // By the real clock: half a second of the other one is over before a busy machine has looked at its disk.
    const agent = start({ parts: { clock: systemClock() } });
    agent.model.put(PODCAPTURES, podCapture(1, { maxPauseMilliseconds: 500 }));
    const before = agent.model.revision;
    expect(await agent.end(1)).toMatchObject({ status: 'True', reason: 'Captured', observedGeneration: 1 });
    expect(agent.model.revision - before).toBe(2);
    expect(agent.capture(1)?.status).toMatchObject({
      claimedBy: ME,
      processes: 1,
      threads: 1,
      freezeSkewMicroseconds: 0,
      timings: { pauseMicroseconds: 900 },
      containers: [{ name: 'app' }],
      tree: [{ pid: 4711 }],
    });
    expect(released(agent.capture(1))).toMatchObject({ status: 'True', reason: 'FreezersRestored' });
    expect(agent.script.requests).toMatchObject([
      { timeoutMicroseconds: 500_000, maxPauseMicroseconds: 500_000, holdMicroseconds: 0 },
    ]);
  });

  test('runAgent() reports Released as Unknown while a capture runs', async () => {
    const agent = start();
    agent.model.put(PODCAPTURES, podCapture(1, { hold: { seconds: 30 } }));
    await agent.until('held', () => succeeded(agent.capture(1))?.reason === 'Holding');
    expect(released(agent.capture(1))?.status).toBe('Unknown');
    expect(agent.capture(1)?.status).toMatchObject({ claimedBy: ME, startTime: expect.any(String) });
    expect((await agent.end(1)).reason).toBe('Captured');
    expect(story(agent, 1)).toEqual(['new', 'Capturing', 'Holding', 'Captured']);
  });

  test('runAgent() writes the whole tree into an artifact for root alone, and removes the artifact with the capture', async () => {
    const agent = start({
      parts: { readCmdlines: async () => await Promise.resolve(new Map([[4711, { cmdline: ['app', '--key=1'] }]])) },
    });
    agent.model.put(PODCAPTURES, podCapture(1, { include: ['Cmdline'] }));
    await agent.end(1);
    const { artifact, tree } = agent.capture(1)?.status ?? {};
    const path = join(agent.artifacts, `${uid(1)}.json`);
    expect(artifact).toMatchObject({ path, sizeBytes: statSync(path).size });
    expect([statSync(path).mode & 0o777, statSync(agent.artifacts).mode & 0o777]).toEqual([0o600, 0o700]);
    const whole = JSON.parse(readFileSync(path, 'utf8')) as { metadata: object; status: { tree: object[] } };
    expect(whole).toMatchObject({
      metadata: { uid: uid(1) },
      status: { tree: [{ pid: 4711, cmdline: ['app', '--key=1'] }] },
    });
    expect(JSON.stringify(tree)).not.toContain('--key');
    agent.model.drop(PODCAPTURES, 'default', 'capture-1');
    await agent.until('removed', () => !existsSync(path));
  });

  test('runAgent() touches nothing in a dry run', async () => {
    const agent = start();
    agent.model.put(PODCAPTURES, podCapture(1, { dryRun: true }));
    expect(await agent.end(1)).toMatchObject({ status: 'True', reason: 'DryRunPassed' });
    expect(existsSync(agent.artifacts)).toBe(false);
  });

  test('runAgent() reports a failure with its reason, and the cgroups that are not released', async () => {
    const script = tracerScript();
    script.report = () => goodReport({ failure: failure('FreezeTimeout', 'late'), tree: [], thawUnproved: ['/x'] });
    const agent = start({ script });
    agent.model.put(PODCAPTURES, podCapture(1));
    expect(await agent.end(1)).toMatchObject({ status: 'False', reason: 'FreezeTimeout', message: 'late' });
    expect(released(agent.capture(1))).toMatchObject({ status: 'False', reason: 'FreezerNotRestored' });
  });

  test('runAgent() fails a capture before anything is frozen when the artifact folder cannot be used', async () => {
    const agent = start({ artifacts: '/proc/no-such-folder' });
    agent.model.put(PODCAPTURES, podCapture(1));
    expect(await agent.end(1)).toMatchObject({ status: 'False', reason: 'ArtifactFailed' });
    expect(agent.script.requests).toEqual([]);
  });

  test('runAgent() fails captures with HostUnfit, and is not ready, when the rehearsal fails', async () => {
    const agent = start({ parts: { rehearse: async () => await Promise.resolve(failure('HostUnfit', 'no ptrace')) } });
    agent.model.put(PODCAPTURES, podCapture(1));
    expect(await agent.end(1)).toMatchObject({ status: 'False', reason: 'HostUnfit', message: 'no ptrace' });
    const ready = await fetch(`http://127.0.0.1:${agent.port()}/readyz`);
    expect([ready.status, await ready.text()]).toEqual([503, 'rehearsal: HostUnfit: no ptrace\n']);
    expect((await fetch(`http://127.0.0.1:${agent.port()}/healthz`)).status).toBe(200);
  });

  test('runAgent() looks at the freezers itself when a capture ended without a report', async () => {
    const script = tracerScript();
    script.report = () => {
      throw new Error('lost');
    };
    const folder = mkdtempSync(join(tmpdir(), 'stasis-frozen-'));
    writeFileSync(join(folder, 'cgroup.freeze'), '1\n');
    writeFileSync(join(folder, 'cgroup.events'), 'populated 1\nfrozen 1\n');
    const target = { directory: folder, cgroupPath: '/app', cgroupVersion: 'v2', freezer: 'v2' } as const;
    const resolve = async () => await Promise.resolve({ ok: true as const, containers: [target] });
    const agent = start({ script, parts: { resolve } });
    try {
      agent.model.put(PODCAPTURES, podCapture(1));
      expect(await agent.end(1)).toMatchObject({ status: 'False', reason: 'InternalError' });
      expect(released(agent.capture(1))).toMatchObject({ status: 'False', message: expect.stringContaining(folder) });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test('runAgent() reports before it kills its process, when nothing else frees the tasks', async () => {
    const script = tracerScript();
    script.report = () => goodReport({ processMustEnd: true });
    const agent = start({ script });
    agent.model.put(PODCAPTURES, podCapture(1));
    expect(await agent.end(1)).toMatchObject({ reason: 'InternalError' });
    await agent.until('died', agent.died);
    expect(released(agent.capture(1))?.status).toBe('False');
  });

  test('runAgent() leaves the captures of other nodes alone', async () => {
    const agent = start();
    agent.model.put(PODCAPTURES, podCapture(1, { nodeName: 'node-2' }));
    agent.model.put(PODCAPTURES, podCapture(2));
    await agent.end(2);
    expect(agent.capture(1)?.status).toBeUndefined();
  });
});

describe('several captures', () => {
  test('runAgent() never runs more captures at a time than allowed, and finishes all of them', async () => {
    const agent = start({ maxConcurrentCaptures: 3 });
    for (let number = 1; number <= 12; number++) agent.model.put(PODCAPTURES, podCapture(number));
    for (let number = 1; number <= 12; number++) expect((await agent.end(number)).reason).toBe('Captured');
    expect(agent.script.mostRunning).toBe(3);
    expect(agent.script.requests).toHaveLength(12);
  });

  test('runAgent() captures a pod once at a time, oldest capture first', async () => {
    const model = new KubeModel(() => Date.now());
    for (const number of [3, 2, 1]) {
      model.put(PODCAPTURES, podCapture(number, { podUID: uid(999), hold: { seconds: 1 } }));
    }
    const agent = start({ model });
    for (const number of [1, 2, 3]) await agent.end(number);
    expect(agent.script.mostRunning).toBe(1);
    const starts = [1, 2, 3].map((number) => agent.capture(number)?.status?.startTime ?? '');
    expect(starts).toEqual([...starts].sort());
  });
});
