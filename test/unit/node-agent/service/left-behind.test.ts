/** Tests what an agent tells about a capture that an earlier agent began: it looks, and says what it could not see. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { PODCAPTURES, type PodCapture } from '../../../../src/api/kinds.js';
import { ENOENT } from '../../../../src/native/errno.js';
import type { ContainerTarget } from '../../../../src/node-agent/pure/container-target.js';
import { failure } from '../../../../src/node-agent/pure/failure.js';
import { artifactText } from '../../../../src/node-agent/service/artifact-text.js';
import { GuardKeeper } from '../../../../src/node-agent/service/guard-keeper.js';
import { fakeGuard } from '../../../fake/guard.js';
import { silentLogger } from '../../../fake/silent-logger.js';
import {
  fakeDoor,
  fastClock,
  goodReport,
  ME,
  podCapture,
  released,
  scriptedTracer,
  startAgent,
  succeeded,
  tracerScript,
  uid,
  type Agent,
  type AgentSetup,
} from './fixtures.js';

const CAPTURING = {
  type: 'Succeeded',
  status: 'Unknown' as const,
  reason: 'Capturing',
  message: '',
  lastTransitionTime: '2026-01-01T00:00:00Z',
};
const TIME = '2026-01-01T00:00:00.000Z';

function abandoned(number: number): PodCapture {
  return podCapture(number, {}, { status: { claimedBy: ME, conditions: [CAPTURING] } });
}

function noGuard(): GuardKeeper {
  return new GuardKeeper({ door: fakeDoor(() => -ENOENT), clock: fastClock(), log: silentLogger() });
}

const agents: Agent[] = [];
let base = '';
let target: ContainerTarget;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'stasis-left-'));
  const directory = join(base, 'cgroup');
  mkdirSync(directory);
  target = { directory, cgroupPath: '/app', cgroupVersion: 'v2', freezer: 'v2' };
  writeCgroup({ isFrozen: false, tids: [] });
});
afterEach(async () => {
  await Promise.all(agents.splice(0).map(async (agent) => await agent.remove()));
  rmSync(base, { recursive: true, force: true });
});

function start(setup: AgentSetup = {}): Agent {
  const agent = startAgent({
    proc: join(base, 'proc'),
    ...setup,
    parts: {
      resolve: async () => await Promise.resolve({ ok: true, containers: [target] }),
      ...setup.parts,
    },
  });
  agents.push(agent);
  return agent;
}

function writeCgroup({ isFrozen, tids }: { readonly isFrozen: boolean; readonly tids: readonly number[] }): void {
  const bit = isFrozen ? 1 : 0;
  writeFileSync(join(target.directory, 'cgroup.freeze'), `${bit}\n`);
  writeFileSync(join(target.directory, 'cgroup.events'), `populated 1\nfrozen ${bit}\n`);
  writeFileSync(join(target.directory, 'cgroup.threads'), tids.map((tid) => `${tid}\n`).join(''));
}

/** Writes /proc/TID/status of a task, in a folder of the test. */
function writeTask(tid: number, { tgid = tid, comm = 'nginx', tracer = 0 } = {}): void {
  mkdirSync(join(base, 'proc', String(tid)), { recursive: true });
  const ids = 'Uid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\nFDSize:\t64\nGroups:\t\n';
  const ns = `NStgid:\t${tgid}\nNSpid:\t${tid}\nNSpgid:\t${tgid}\nNSsid:\t${tgid}\n`;
  const signals = ['SigPnd', 'ShdPnd', 'SigBlk', 'SigIgn', 'SigCgt', 'CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb']
    .map((name) => `${name}:\t0000000000000000\n`)
    .join('');
  const text = `Name:\t${comm}\nUmask:\t0022\nState:\tt (tracing stop)\nTgid:\t${tgid}\nNgid:\t0\nPid:\t${tid}\nPPid:\t1\nTracerPid:\t${tracer}\n${ids}${ns}Threads:\t1\n${signals}NoNewPrivs:\t0\nSeccomp:\t0\n`;
  writeFileSync(join(base, 'proc', String(tid), 'status'), text);
}

describe('a capture of an earlier agent', () => {
  test('is not told as restored while its freezer is closed, also without a guard and without a rehearsed thread', async () => {
    writeCgroup({ isFrozen: true, tids: [] });
    const agent = start({
      guard: noGuard(),
      parts: { rehearse: async () => await Promise.resolve(failure('GuardUnavailable', 'no guard answers')) },
    });
    agent.model.put(PODCAPTURES, abandoned(1));
    await agent.end(1);
    expect(released(agent.capture(1))).toMatchObject({
      status: 'False',
      reason: 'FreezerNotRestored',
      message: expect.stringContaining(`not proved to be thawed: ${target.directory}`),
    });
  });

  test('is told as restored when its freezer is open and no task is traced', async () => {
    writeCgroup({ isFrozen: false, tids: [4711, 4712] });
    writeTask(4711);
    const agent = start({ guard: noGuard() });
    agent.model.put(PODCAPTURES, abandoned(1));
    await agent.end(1);
    expect(released(agent.capture(1))).toMatchObject({ status: 'True', reason: 'FreezersRestored' });
  });

  test.each([
    [
      'the search fails',
      () => ({ ok: false as const, failure: failure('HostUnfit', 'cannot list it: EIO') }),
      'cannot list it: EIO',
    ],
    ['no thread can be started', () => Promise.reject(new Error('EAGAIN')), 'EAGAIN'],
  ])('is not told as restored when %s', async (_, resolve, why) => {
    const agent = start({ parts: { resolve: async () => await Promise.resolve(resolve()) } });
    agent.model.put(PODCAPTURES, abandoned(1));
    expect(await agent.end(1)).toMatchObject({ reason: 'NodeAgentRestarted' });
    expect(released(agent.capture(1))).toMatchObject({
      status: 'False',
      reason: 'FreezerNotRestored',
      message: expect.stringContaining(`could not be looked at: ${why}`),
    });
  });

  test('is not told as restored when the files of its freezer cannot be read', async () => {
    rmSync(join(target.directory, 'cgroup.freeze'));
    const agent = start();
    agent.model.put(PODCAPTURES, abandoned(1));
    await agent.end(1);
    expect(released(agent.capture(1))?.message).toContain(`could not be looked at: the freezer of ${target.directory}`);
  });

  test('is told as restored when nothing is left of its cgroup', async () => {
    const agent = start({
      parts: { resolve: async () => await Promise.resolve({ ok: false, failure: failure('CgroupGone', 'gone') }) },
    });
    agent.model.put(PODCAPTURES, abandoned(1));
    await agent.end(1);
    expect(released(agent.capture(1))?.status).toBe('True');
  });

  test('is looked at container by container: one that is gone hides no other', async () => {
    writeCgroup({ isFrozen: true, tids: [] });
    const agent = start({
      parts: {
        resolve: async (_, { containers }) =>
          await Promise.resolve(
            containers.some(({ name }) => name === 'gone')
              ? { ok: false as const, failure: failure('CgroupGone', 'gone') }
              : { ok: true as const, containers: [target] },
          ),
      },
    });
    const containers = ['gone', 'app'].map((name) => ({ name, containerID: 'a'.repeat(64) }));
    const object = abandoned(1);
    agent.model.put(PODCAPTURES, { ...object, spec: { ...object.spec, containers } });
    await agent.end(1);
    expect(released(agent.capture(1))?.message).toContain(target.directory);
  });

  test('is not told as released while another agent still traces its tasks, which are named', async () => {
    writeCgroup({ isFrozen: false, tids: [4711] });
    writeTask(4711, { tracer: 99 });
    writeTask(99, { tgid: 90, comm: 'node' });
    const agent = start({ guard: noGuard() });
    agent.model.put(PODCAPTURES, abandoned(1));
    await agent.end(1);
    expect(released(agent.capture(1))).toMatchObject({
      status: 'False',
      reason: 'FreezerNotRestored',
      message: expect.stringContaining('not let go: task 4711 (nginx), which process 90 traces'),
    });
  });

  test('is told as released when the other agent lets go within a few seconds', async () => {
    writeCgroup({ isFrozen: false, tids: [4711] });
    writeTask(4711, { tracer: 99 });
    const agent = start();
    agent.model.put(PODCAPTURES, abandoned(1));
    // A second and a half of the agent's clock.
    setTimeout(() => writeTask(4711), 30);
    await agent.end(1);
    expect(released(agent.capture(1))?.status).toBe('True');
  });

  test('is looked at by a thread on which no capture ever runs, unless it has passed the rehearsal', async () => {
    const script = tracerScript();
    let [started, unfit] = [0, true];
    const agent = start({
      script,
      parts: {
        start: async () => {
          started += 1;
          return await Promise.resolve(scriptedTracer(script));
        },
        rehearse: async () => await Promise.resolve(unfit ? failure('HostUnfit', 'no') : undefined),
      },
    });
    agent.model.put(PODCAPTURES, abandoned(1));
    await agent.end(1);
    agent.model.put(PODCAPTURES, podCapture(2));
    expect((await agent.end(2)).reason).toBe('HostUnfit');
    expect(script.closed).toBe(started);
    unfit = false;
    agent.model.put(PODCAPTURES, podCapture(3));
    expect((await agent.end(3)).reason).toBe('Captured');
  });
});

function textOf(number: number): string {
  const object = podCapture(number);
  const facts = { object, report: goodReport(), startTime: TIME, completionTime: TIME, cmdlines: undefined };
  return [...artifactText(facts)].join('');
}

describe('an artifact that an earlier agent stored, and did not report', () => {
  function store(folder: string, text = textOf(1)): void {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `${uid(1)}.json`), text, { mode: 0o600 });
  }

  test('is named in the end of the capture, with its counts', async () => {
    const artifacts = join(base, 'artifacts');
    store(artifacts);
    const agent = start({ artifacts });
    agent.model.put(PODCAPTURES, abandoned(1));
    await agent.end(1);
    expect(agent.capture(1)?.status).toMatchObject({
      artifact: {
        path: join(artifacts, `${uid(1)}.json`),
        sizeBytes: Buffer.byteLength(textOf(1)),
        sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
        command: expect.stringContaining(uid(1)),
      },
      processes: 1,
      threads: 1,
    });
    expect(succeeded(agent.capture(1))?.reason).toBe('NodeAgentRestarted');
  });

  test.each([
    ['not whole', textOf(1).slice(0, -2)],
    ['of another capture', textOf(2)],
    ['no artifact', 'x,"tree":[]}}\n'],
  ])('is not named when it is %s', async (_, text) => {
    const artifacts = join(base, 'artifacts');
    store(artifacts, text);
    const agent = start({ artifacts });
    agent.model.put(PODCAPTURES, abandoned(1));
    await agent.end(1);
    expect(agent.capture(1)?.status).not.toHaveProperty('artifact');
  });
});

describe('a defect', () => {
  test('is tried again after a pause that grows, and gives its tracing thread back', async () => {
    let [attempts, broken] = [0, true];
    const door = fakeDoor(() => fakeGuard());
    const guard = new GuardKeeper({ door, clock: fastClock(), log: silentLogger() });
    guard.recovered = () => {
      attempts += 1;
      if (broken) throw new Error('a defect');
      return [];
    };
    const agent = start({ guard });
    agent.model.put(PODCAPTURES, abandoned(1));
    await agent.until('tried', () => attempts >= 2);
    await new Promise((resolve) => setTimeout(resolve, 500)); // 25 s of the agent's clock
    const seen = attempts;
    broken = false;
    expect((await agent.end(1)).reason).toBe('NodeAgentRestarted');
    expect(seen).toBeLessThan(10);
  });
});
