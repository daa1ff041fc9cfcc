/** Checks what `stasis doctor` reports about frozen cgroups, and which freezers it opens. */
import { chmodSync, closeSync, existsSync, mkdirSync, openSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, expect, jest, test } from '@jest/globals';

import { openGuard } from '../../src/native/guard-channel.js';
import { openLibc } from '../../src/native/libc.js';
import { cleanupAll } from './harness/cleanup.js';
import { capture, CAPTURE, consult, CONTAINER, examine, freeze, leave, nodeBelow, POD } from './harness/doctor.js';
import { editJournal, RECORD, startGuard, type RunningGuard } from './harness/guard.js';
import { describeOn } from './harness/requirements.js';
import { scratchDirectory } from './harness/scratch.js';
import { stasis } from './harness/stasis-command.js';
import { assertUntouched } from './harness/tasks.js';
import { eventually } from './harness/waiting.js';
import { startWorkload } from './harness/workload.js';

afterEach(cleanupAll);
/** The timeout per test, in milliseconds: a test starts the command up to four times, on a machine that may be busy. */
jest.setTimeout(30_000);

/** Returns the recoveries that a guard reports to this process as its agent. */
function recoveredOf(guard: RunningGuard): unknown {
  const channel = openGuard(openLibc(), { socket: guard.socket }, { pid: process.pid, tid: process.pid });
  if (typeof channel === 'number') throw new Error(`the guard is not to be reached: ${channel}`);
  const recovered = channel.recovered();
  channel.close();
  return recovered;
}

for (const version of ['v1', 'v2'] as const) {
  describeOn(version, 'stasis doctor', (make) => {
    test('finds nothing on a node where everything runs, and reports what the node can do', async () => {
      const node = nodeBelow(make('well'));
      await startWorkload(node.container, 'sleeper');
      const { status, report } = await consult(node, scratchDirectory());
      expect(report).toMatchObject({ well: true, frozen: [], traced: [], journals: [], unseen: [] });
      expect(report.cgroups).toBe(4);
      expect(report.node).toContainEqual(expect.objectContaining({ name: `rehearsal ${version}`, verdict: 'Fit' }));
      expect(status).toBe(0);
    }, 120_000);

    test('lists a cgroup that somebody else froze, and never thaws it', async () => {
      const node = nodeBelow(make('foreign'));
      const sleeper = await startWorkload(node.container, 'sleeper');
      await freeze(node.container);
      for (const more of [[], ['--thaw']]) {
        const { status, report } = await examine(node, scratchDirectory(), ...more);
        expect(report.frozen).toMatchObject([
          {
            directory: node.container.directory,
            podUID: POD,
            containerID: CONTAINER,
            version,
            complete: true,
            holder: { kind: 'Foreign' },
            processes: [{ pid: sleeper.pid, comm: 'sleeper' }],
            thawable: false,
            wrong: true,
          },
        ]);
        expect([status, report.thawed, node.container.freezeState()]).toEqual([1, [], 'FROZEN']);
      }
    });

    test('lists a cgroup that a dead capture left frozen as left by Stasis, and thaws it', async () => {
      const node = nodeBelow(make('left'));
      const sleeper = await startWorkload(node.container, 'sleeper');
      const { guard, client, journal } = await leave(node.container);
      const before = await examine(node, guard.state);
      const [finding] = before.report.frozen;
      expect(before.status).toBe(1);
      expect(finding).toMatchObject({
        directory: node.container.directory,
        holder: { kind: 'Left', capture: CAPTURE, agentPid: client.pid, guardPid: guard.pid },
        thawable: true,
        wrong: true,
      });
      expect(finding?.sinceMicroseconds).toBeGreaterThan(0);
      expect(finding?.sinceMicroseconds).toBeLessThan(60_000_000);
      expect(node.container.freezeState()).toBe('FROZEN');

      const after = await examine(node, guard.state, '--thaw');
      expect(after.report.thawed).toMatchObject([
        { directory: node.container.directory, capture: CAPTURE, outcome: 'Thawed' },
      ]);
      expect([after.status, after.report.frozen, node.container.freezeState()]).toEqual([0, [], 'THAWED']);
      await assertUntouched([sleeper.pid]);

      // A later freeze by somebody else is foreign, also to the next guard, which still reports the recovery.
      await freeze(node.container);
      const foreign = await examine(node, guard.state, '--thaw');
      expect(foreign.report).toMatchObject({ frozen: [{ holder: { kind: 'Foreign' } }], thawed: [] });
      const next = await startGuard({ state: guard.state });
      expect([node.container.freezeState(), existsSync(journal)]).toEqual(['FROZEN', false]);
      expect(recoveredOf(next)).toMatchObject([{ container: 0, outcome: 'Thawed', cause: 'GuardDied' }]);
    });

    test('leaves alone a cgroup that a living agent could freeze again', async () => {
      const node = nodeBelow(make('agent-alive'));
      await startWorkload(node.container, 'sleeper');
      const { guard, client } = await capture(node.container);
      await guard.end('SIGKILL');
      const { status, report } = await examine(node, guard.state, '--thaw');
      expect(report.frozen).toMatchObject([{ holder: { kind: 'AgentAlive', agentPid: client.pid }, thawable: false }]);
      expect([status, report.thawed, node.container.freezeState()]).toEqual([1, [], 'FROZEN']);
    });

    test('leaves a capture to the living guard that watches it, and reports no problem', async () => {
      const node = nodeBelow(make('guarded'));
      await startWorkload(node.container, 'sleeper');
      const { guard, client } = await capture(node.container);
      // A stopped guard is alive, and acts when it continues.
      process.kill(guard.pid, 'SIGSTOP');
      client.kill('SIGKILL');
      await client.died();
      const { status, report } = await examine(node, guard.state, '--thaw');
      expect(report.frozen).toMatchObject([{ holder: { kind: 'Guarded', guardPid: guard.pid }, thawable: false }]);
      expect([report.thawed, node.container.freezeState()]).toEqual([[], 'FROZEN']);
      expect(status).toBe(report.frozen[0]?.wrong === true ? 1 : 0);
      process.kill(guard.pid, 'SIGCONT');
      await eventually('thawed', () => node.container.freezeState() === 'THAWED');
    });

    test('accepts neither a record of an earlier boot nor a record of another cgroup at the same path as proof', async () => {
      const node = nodeBelow(make('proof'));
      const sleeper = await startWorkload(node.container, 'sleeper');
      const { guard, journal } = await leave(node.container);
      editJournal(journal, (record) => record.fill(0xab, RECORD.boot, RECORD.boot + 16));
      const rebooted = await examine(node, guard.state, '--thaw');
      expect(rebooted.report).toMatchObject({ frozen: [{ holder: { kind: 'Foreign' } }], thawed: [] });
      expect(node.container.freezeState()).toBe('FROZEN');

      node.container.thaw();
      const again = await leave(node.container);
      node.container.thaw();
      sleeper.stop();
      rmdirSync(node.container.directory);
      mkdirSync(node.container.directory);
      await startWorkload(node.container, 'sleeper');
      await freeze(node.container);
      const anew = await examine(node, again.guard.state, '--thaw');
      expect(anew.report).toMatchObject({ frozen: [{ holder: { kind: 'Foreign' } }], thawed: [] });
      expect(node.container.freezeState()).toBe('FROZEN');
    });

    test('names the ancestor of a cgroup that is frozen from above, and opens neither', async () => {
      const node = nodeBelow(make('above'));
      await startWorkload(node.container, 'sleeper');
      await freeze(node.root);
      await eventually('frozen', () => node.container.freezeState() === 'FROZEN');
      const { status, report } = await examine(node, scratchDirectory(), '--thaw');
      expect(report.frozen.map(({ directory }) => directory)).toContain(node.container.directory);
      expect(report.frozen).toHaveLength(4);
      for (const { holder } of report.frozen) expect(holder).toEqual({ kind: 'Above', directory: node.root.directory });
      expect([status, report.thawed, node.root.freezeState()]).toEqual([1, [], 'FROZEN']);
      const all = await examine(node, scratchDirectory(), '--all');
      expect(all.report.frozen[0]).toMatchObject({ directory: node.root.directory, holder: { kind: 'Foreign' } });
    });

    test('opens a freezer of a dead capture below an ancestor that stays closed, and says so', async () => {
      const node = nodeBelow(make('both'));
      await startWorkload(node.container, 'sleeper');
      const { guard } = await leave(node.container);
      await freeze(node.pod);
      const { status, report } = await examine(node, guard.state, '--thaw');
      expect(report.thawed).toMatchObject([{ directory: node.container.directory, outcome: 'FrozenAbove' }]);
      expect(report.frozen).toMatchObject([
        { directory: node.pod.directory, holder: { kind: 'Foreign' } },
        { directory: node.container.directory, holder: { kind: 'Above', directory: node.pod.directory } },
      ]);
      expect([status, node.pod.freezeState()]).toEqual([1, 'FROZEN']);
      node.pod.thaw();
      await eventually('thawed', () => node.container.freezeState() === 'THAWED');
    });

    test('lists the traced task of a debugger with its tracer', async () => {
      const node = nodeBelow(make('traced'));
      const sleeper = await startWorkload(node.container, 'sleeper');
      const debugged = await startWorkload(node.container, 'sleeper');
      const running = await startWorkload(undefined, 'tracer', [sleeper.pid]);
      const stopping = await startWorkload(undefined, 'tracer', [debugged.pid, 'stop']);
      const { status, report } = await examine(node, scratchDirectory());
      expect(report.traced).toHaveLength(2);
      expect(report.traced).toContainEqual(
        expect.objectContaining({
          tid: sleeper.pid,
          comm: 'sleeper',
          stopped: false,
          podUID: POD,
          tracer: { tid: running.pid, pid: running.pid, comm: 'tracer' },
          wrong: false,
        }),
      );
      expect(report.traced).toContainEqual(
        expect.objectContaining({
          tid: debugged.pid,
          stopped: true,
          tracer: { tid: stopping.pid, pid: stopping.pid, comm: 'tracer' },
          wrong: true,
        }),
      );
      expect(status).toBe(1);
    });

    test('recognises a capture in its hold by the journal', async () => {
      const node = nodeBelow(make('hold'));
      await startWorkload(node.container, 'sleeper');
      const { guard, client } = await capture(node.container);
      expect([await client.say('seize'), await client.say('thaw'), await client.say('opened 0')]).toEqual(
        Array.from({ length: 3 }, () => 'ok'),
      );
      const { status, report } = await examine(node, guard.state);
      expect(report.traced[0]).toMatchObject({
        stopped: true,
        wrong: false,
        capture: { uid: CAPTURE, guardAlive: true },
        tracer: { pid: client.pid },
      });
      expect([status, report.frozen]).toEqual([0, []]);
    });

    test('leaves alone a record that a guard takes over at that moment', async () => {
      const node = nodeBelow(make('lock'));
      await startWorkload(node.container, 'sleeper');
      const { guard, journal } = await leave(node.container);
      const fd = openSync(journal, 'r');
      expect(openLibc().flock(fd, 2)).toBe(0);
      const { status, report } = await examine(node, guard.state, '--thaw');
      closeSync(fd);
      expect(report.thawed).toMatchObject([{ outcome: 'Refused' }]);
      expect([status, node.container.freezeState()]).toEqual([1, 'FROZEN']);
    });

    test('assumes no process dead in a PID namespace that shows no processes', async () => {
      const node = nodeBelow(make('blind'));
      await startWorkload(node.container, 'sleeper');
      const { guard } = await leave(node.container);
      const before = ['unshare', '--pid', '--fork', '--mount-proc'];
      const { status, report } = await consult(node, guard.state, ['--no-rehearsal', '--thaw'], before);
      expect(report.frozen).toMatchObject([{ holder: { kind: 'Left' }, thawable: false }]);
      expect([status, report.thawed, node.container.freezeState()]).toEqual([1, [], 'FROZEN']);
    });

    test('trusts no journal in a folder that others can write to', async () => {
      const node = nodeBelow(make('folder'));
      await startWorkload(node.container, 'sleeper');
      const { guard } = await leave(node.container);
      chmodSync(guard.state, 0o777);
      const { status, report } = await examine(node, guard.state, '--thaw');
      expect(report.thawed).toMatchObject([{ outcome: 'Refused' }]);
      expect([status, node.container.freezeState()]).toEqual([1, 'FROZEN']);
    });

    test('prints for a person who holds each cgroup, and what to do', async () => {
      const node = nodeBelow(make('text'));
      await startWorkload(node.container, 'sleeper');
      const { guard, client } = await leave(node.container);
      const args = ['doctor', '--no-rehearsal', '--cgroup-root', node.root.directory, '--state', guard.state];
      const { stdout, status } = await stasis(...args);
      expect(stdout).toContain(`its agent (${client.pid}) and its guard (${guard.pid}) are dead`);
      expect(stdout).toContain('stasis doctor --thaw');
      expect(stdout.trimEnd().split('\n').at(-1)).toBe('Something stands still that should not.');
      expect(status).toBe(1);
    });

    test('refuses a root that is no cgroup', async () => {
      const { status, stderr } = await stasis('doctor', '--cgroup-root', join(scratchDirectory(), 'nowhere'));
      expect([status, stderr]).toEqual([2, expect.stringContaining('no such directory')]);
    });
  });
}
