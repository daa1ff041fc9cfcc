/** Runs the node agent as a service on the real kernel, with cgroups laid out as by kubelet and an API server in memory. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from '@jest/globals';
import { PODCAPTURES } from '../../src/api/kinds.js';
import { systemClock } from '../../src/kube/clock.js';
import { openLibc } from '../../src/native/libc.js';
import { rehearse } from '../../src/node-agent/tracer/rehearsal.js';
import type { ResolveRoots } from '../../src/node-agent/resolve/request.js';
import { guardDoor } from '../../src/node-agent/service/guard-door.js';
import { GuardKeeper } from '../../src/node-agent/service/guard-keeper.js';
import { startTracer } from '../../src/node-agent/tracer/tracer.js';
import {
  held as heldOf,
  podCapture,
  released,
  startAgent,
  succeeded,
  type Agent,
} from '../unit/node-agent/service/fixtures.js';
import { ascending, FREEZER_NAMES, undisturbed } from './harness/capturing.js';
import type { Cgroup } from './harness/cgroup.js';
import { cleanupAll, onCleanup } from './harness/cleanup.js';
import { startGuard, type GuardOptions, type RunningGuard } from './harness/guard.js';
import { journalFolder } from './harness/own-guard.js';
import { describeOn } from './harness/requirements.js';
import { scratchDirectory } from './harness/scratch.js';
import { assertUntouched, descendantsOf, stateOf } from './harness/tasks.js';
import { startWorkload } from './harness/workload.js';
import { silentLogger } from '../fake/silent-logger.js';

const LONG = 60_000;
const CONTAINERS = [
  { name: 'app', containerID: 'a'.repeat(64) },
  { name: 'sidecar', containerID: 'b'.repeat(64) },
];
/** The hold of the captures, in seconds: longer than any test. */
const HOLD_SECONDS = 600;

const agents: Agent[] = [];
afterEach(async () => {
  await Promise.all(agents.splice(0).map(async (agent) => await agent.remove()));
  cleanupAll();
});

/** Returns the connection of the agent to a guard that runs as in the agent's pod. */
function keeperOf({ socket }: RunningGuard): GuardKeeper {
  return new GuardKeeper({ door: guardDoor(openLibc(), socket, undefined), clock: systemClock(), log: silentLogger() });
}

function isHeld(members: readonly number[]): boolean {
  return members.every((member) => stateOf(member) === 't');
}

async function nothingIsLeft(members: readonly number[], cgroups: readonly Cgroup[]): Promise<void> {
  await assertUntouched(members);
  expect(cgroups.map((cgroup) => cgroup.freezeState())).toEqual(cgroups.map(() => 'THAWED'));
}

async function held(agent: Agent, members: readonly number[]): Promise<void> {
  agent.model.put(PODCAPTURES, podCapture(1, { containers: CONTAINERS, hold: { seconds: HOLD_SECONDS } }));
  await agent.until('held', () => succeeded(agent.capture(1))?.reason === 'Holding', 10_000);
  expect(isHeld(members)).toBe(true);
}

for (const version of ['v1', 'v2'] as const) {
  describeOn(version, 'the node agent', (make) => {
    /** Makes a pod of two containers, and an agent whose host is the cgroup above the pod. */
    async function pod(
      options: Partial<GuardOptions> = {},
    ): Promise<{ agent: Agent; guard: RunningGuard; members: number[]; cgroups: Cgroup[] }> {
      const root = make('host');
      const { podUID } = podCapture(1).spec;
      const directory = root.child('kubepods').child('burstable').child(`pod${podUID}`);
      // No request names the sandbox container.
      const sandbox = directory.child('f'.repeat(64));
      const cgroups = CONTAINERS.map(({ containerID }) => directory.child(containerID));
      const pause = await startWorkload(sandbox, 'sleeper');
      const members: number[] = [];
      for (const cgroup of cgroups) {
        const { pid } = await startWorkload(cgroup, 'tree', [2, 2]);
        members.push(pid, ...descendantsOf(pid));
      }
      const roots: ResolveRoots = { proc: '/proc', self: process.pid };
      const libc = openLibc();
      const state = journalFolder();
      onCleanup({ what: state, undo: () => rmSync(state, { recursive: true, force: true }) });
      const running = await startGuard({ state, ...options });
      const guard = keeperOf(running);
      const agent = startAgent({
        guard,
        parts: {
          // The clock is real, because the bounds of the agent are for a real machine.
          clock: systemClock(),
          start: async () => await startTracer(libc, guard),
          rehearse: async (tracer) =>
            await rehearse(tracer, roots, [
              { directory: '/', cgroupPath: '/', cgroupVersion: version, freezer: version },
            ]),
          resolve: async (tracer, request) => await tracer.resolve(request, roots),
        },
      });
      agents.push(agent);
      expect(stateOf(pause.pid)).toBe('S');
      return { agent, guard: running, members, cgroups: [sandbox, ...cgroups] };
    }

    test(
      'captures the requested containers, and names them',
      async () => {
        const { agent, members, cgroups } = await pod();
        let number = 0;
        const capture = await undisturbed(
          FREEZER_NAMES[version],
          async () => {
            number += 1;
            agent.model.put(PODCAPTURES, podCapture(number, { containers: CONTAINERS }));
            await agent.until('ended', () => succeeded(agent.capture(number))?.status === 'True', 10_000);
            return agent.capture(number);
          },
          (made) => made?.status?.containers?.map(({ freezer }) => freezer) ?? [],
        );
        expect(succeeded(capture)?.reason).toBe('Captured');
        const { containers, processes, tree, freezeSkewMicroseconds } = capture?.status ?? {};
        expect(containers).toMatchObject([
          { ...CONTAINERS[0], processes: 3, cgroupVersion: FREEZER_NAMES[version], freezer: FREEZER_NAMES[version] },
          { ...CONTAINERS[1], processes: 3, cgroupVersion: FREEZER_NAMES[version], freezer: FREEZER_NAMES[version] },
        ]);
        expect([processes, tree?.length]).toEqual([6, 6]);
        expect(tree?.map(({ pid }) => pid).sort(ascending)).toEqual([...members].sort(ascending));
        for (const { cgroup } of tree ?? [])
          expect(cgroup).toMatch(/^\/.*\/kubepods\/burstable\/pod[0-9a-f-]+\/(a|b)+$/);
        expect(freezeSkewMicroseconds).toBeGreaterThanOrEqual(0);
        expect(freezeSkewMicroseconds).toBeLessThan(1_000_000);
        await nothingIsLeft(members, cgroups);
      },
      LONG,
    );

    test(
      'ends a hold when its release is requested, and tells from when until when the pod was held',
      async () => {
        const { agent, members, cgroups } = await pod();
        await held(agent, members);
        const { heldFrom = '', holdUntil = '' } = agent.capture(1)?.status ?? {};
        expect(Math.abs(Date.parse(holdUntil) - Date.parse(heldFrom) - 1000 * HOLD_SECONDS)).toBeLessThan(1000);
        const patch = { spec: { hold: { releaseReason: 'ReleaseRequested' } } };
        const asked = Date.now();
        await agent.model.api().mergePatch(PODCAPTURES, { namespace: 'default', name: 'capture-1', patch });
        expect(await agent.end(1)).toMatchObject({ reason: 'Captured' });
        const { status } = agent.capture(1) ?? {};
        expect(status).toMatchObject({ heldFrom });
        expect(Date.parse(heldFrom)).toBeLessThanOrEqual(asked);
        expect(Date.parse(status?.heldUntil ?? '')).toBeGreaterThanOrEqual(asked);
        expect(Date.parse(status?.heldUntil ?? '') - asked).toBeLessThan(1000);
        await nothingIsLeft(members, cgroups);
      },
      LONG,
    );

    test(
      'ends a hold when the capture is deleted, and when it vanishes',
      async () => {
        const { agent, members, cgroups } = await pod();
        await held(agent, members);
        agent.model.drop(PODCAPTURES, 'default', 'capture-1');
        await agent.until('let go', () => !isHeld(members));
        expect(agent.capture(1)).toBeUndefined();
        await nothingIsLeft(members, cgroups);
      },
      LONG,
    );

    test(
      'ends a hold on SIGTERM, and reports it',
      async () => {
        const { agent, members, cgroups } = await pod();
        await held(agent, members);
        await agent.stop();
        expect(succeeded(agent.capture(1))).toMatchObject({ status: 'False', reason: 'HoldCutShort' });
        expect(heldOf(agent.capture(1))).toMatchObject({ status: 'False', reason: 'NodeAgentStopped' });
        expect(released(agent.capture(1))).toMatchObject({ status: 'True' });
        await nothingIsLeft(members, cgroups);
      },
      LONG,
    );

    test(
      'ends a hold when the guard is killed, and captures again when there is another guard',
      async () => {
        const { agent, guard, members, cgroups } = await pod();
        await held(agent, members);
        await guard.end('SIGKILL');
        await agent.until('let go', () => !isHeld(members), 1000);
        expect(await agent.end(1)).toMatchObject({ status: 'False', reason: 'GuardUnavailable' });
        expect(heldOf(agent.capture(1))).toMatchObject({ status: 'False', reason: 'GuardUnavailable' });
        expect(released(agent.capture(1))).toMatchObject({ status: 'True' });
        await nothingIsLeft(members, cgroups);
        agent.model.put(PODCAPTURES, podCapture(2, { containers: CONTAINERS, podUID: podCapture(1).spec.podUID }));
        await agent.until('claimed', () => succeeded(agent.capture(2)) !== undefined);
        await startGuard({ state: guard.state, socket: guard.socket });
        await agent.until('ended', () => succeeded(agent.capture(2))?.status !== 'Unknown', 10_000);
        expect(succeeded(agent.capture(2))).toMatchObject({ status: 'True', reason: 'Captured' });
        await nothingIsLeft(members, cgroups);
      },
      LONG,
    );

    test(
      'counts held pods and frozen cgroups by asking the kernel, also during a hold',
      async () => {
        const { agent, members, cgroups } = await pod();
        await held(agent, members);
        const metrics = await (await fetch(`http://127.0.0.1:${agent.port()}/metrics`)).text();
        expect(metrics).toMatch(/^stasis_pods_held 1$/m);
        expect(metrics).toMatch(/^stasis_cgroups_frozen 0$/m);
        await agent.stop();
        await nothingIsLeft(members, cgroups);
      },
      LONG,
    );

    test(
      'refuses captures when the state folder of its guard is read-only, and runs',
      async () => {
        const [state, folder] = [scratchDirectory(), scratchDirectory()];
        const mount = 'mount -t tmpfs -o ro,mode=0700 none "$1" && shift && exec "$@"';
        const before = ['unshare', '--mount', 'sh', '-c', mount, 'sh', state];
        const socket = join(folder, 'own', 'guard.sock');
        const { agent, members, cgroups } = await pod({ state, socket, before, exclusive: true });
        agent.model.put(PODCAPTURES, podCapture(1, { containers: CONTAINERS }));
        await agent.until('ended', () => succeeded(agent.capture(1))?.status === 'False', 10_000);
        expect(succeeded(agent.capture(1))).toMatchObject({
          reason: 'GuardUnavailable',
          message: expect.stringContaining('EROFS'),
        });
        await nothingIsLeft(members, cgroups);
      },
      LONG,
    );

    test(
      'names the container whose cgroup is gone, and touches nothing',
      async () => {
        const { agent, members, cgroups } = await pod();
        const missing = { name: 'gone', containerID: 'c'.repeat(64) };
        agent.model.put(PODCAPTURES, podCapture(1, { containers: [...CONTAINERS, missing] }));
        await agent.until('ended', () => succeeded(agent.capture(1))?.status === 'False', 10_000);
        expect(succeeded(agent.capture(1))).toMatchObject({
          reason: 'CgroupGone',
          message: expect.stringContaining('gone'),
        });
        await nothingIsLeft(members, cgroups);
      },
      LONG,
    );

    test(
      'names a cgroup that an earlier process left frozen, and does not open it',
      async () => {
        const { agent, members, cgroups } = await pod();
        const [, app] = cgroups;
        app?.freeze();
        await agent.until('frozen', () => app?.freezeState() === 'FROZEN');
        const condition = {
          type: 'Succeeded',
          status: 'Unknown' as const,
          reason: 'Capturing',
          message: '',
          lastTransitionTime: '2026-01-01T00:00:00Z',
        };
        const status = { claimedBy: 'another', conditions: [condition] };
        agent.model.put(PODCAPTURES, podCapture(1, { containers: CONTAINERS }, { status }));
        await agent.until('ended', () => succeeded(agent.capture(1))?.status === 'False', 10_000);
        expect(succeeded(agent.capture(1))?.reason).toBe('NodeAgentRestarted');
        expect(released(agent.capture(1))).toMatchObject({
          status: 'False',
          message: expect.stringContaining(join('/', 'a'.repeat(64))),
        });
        expect(app?.freezeState()).toBe('FROZEN');
        app?.thaw();
        await sleep(10);
        await nothingIsLeft(members, cgroups);
      },
      LONG,
    );
  });
}
