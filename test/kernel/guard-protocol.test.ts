/** Checks the agent's side of the channel: it mirrors the header file of the guard, and fails as documented. */
import { spawnSync } from 'node:child_process';

import { afterEach, describe, expect, test } from '@jest/globals';

import { guardPair, openGuard } from '../../src/native/guard-channel.js';
import {
  ANSWER,
  CAPABILITY,
  captureIdOf,
  KIND,
  LAYOUT,
  OWN_FREEZER,
  PATH_BYTES,
  PROTOCOL_VERSION,
  uidOf,
  VERSION,
} from '../../src/native/guard-protocol.js';
import {
  CAPTURE_ID_BYTES,
  GUARD_CAUSES,
  GUARD_OUTCOMES,
  type Announcement,
  type Guard,
} from '../../src/native/guard.js';
import { openLibc } from '../../src/native/libc.js';
import type { Cgroup } from './harness/cgroup.js';
import { cleanupAll } from './harness/cleanup.js';
import { startGuard, type RunningGuard } from './harness/guard.js';
import { programPath } from './harness/programs.js';
import { anyVersion, describeOn } from './harness/requirements.js';
import { isAlive } from './harness/tasks.js';
import { eventually } from './harness/waiting.js';
import { startWorkload } from './harness/workload.js';

afterEach(cleanupAll);

const libc = openLibc();
const CAPTURE = captureIdOf('01234567-89ab-cdef-0123-456789abcdef') ?? new Uint8Array(CAPTURE_ID_BYTES);
const self = { pid: process.pid, tid: process.pid };

function snake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** Returns `structure.field` in the names of C. */
function mirrored(): Record<string, number> {
  const lines: Record<string, number> = {};
  for (const [structure, { size, ...fields }] of Object.entries(LAYOUT)) {
    lines[snake(structure)] = size;
    for (const [field, offset] of Object.entries(fields)) {
      const name = structure === 'header' && field === 'length' ? 'size' : snake(field);
      lines[`${snake(structure)}.${name}`] = offset;
    }
  }
  return lines;
}

function numbers(names: readonly string[]): Record<string, number> {
  return Object.fromEntries(names.map((name, index) => [`GUARD_${name}`, index]));
}

describe('the mirror', () => {
  test('agrees with protocol.h on each structure, field and number', () => {
    const { stdout } = spawnSync(programPath('guard-layout'), { encoding: 'utf8' });
    const theirs = Object.fromEntries(
      stdout
        .trim()
        .split('\n')
        .map((line) => line.split(' '))
        .map(([name = '', value]) => [name, Number(value)]),
    );
    const causes = [
      'CAUSE_NONE',
      'AGENT_DIED',
      'THREAD_DIED',
      'HUNG_UP',
      'FREEZER_DEADLINE',
      'HOLD_DEADLINE',
      'GUARD_DIED',
    ];
    const outcomes = ['OUTCOME_NONE', 'THAWED', 'FOUND_THAWED', 'CGROUP_GONE', 'REBOOTED'];
    expect([causes.length, outcomes.length]).toEqual([GUARD_CAUSES.length, GUARD_OUTCOMES.length]);
    const kinds = Object.entries(KIND).map(([name, value]) => [`GUARD_${name.toUpperCase()}`, value]);
    expect(theirs).toEqual({
      ...mirrored(),
      ...Object.fromEntries(kinds),
      ...numbers(causes),
      ...numbers(outcomes),
      GUARD_PROTOCOL_VERSION: PROTOCOL_VERSION,
      GUARD_CAPTURE_BYTES: CAPTURE_ID_BYTES,
      GUARD_PATH_BYTES: PATH_BYTES,
      GUARD_ANSWER: ANSWER,
      GUARD_OWN_FREEZER: OWN_FREEZER,
      GUARD_THREAD_PIDFD: CAPABILITY.threadPidfd,
      GUARD_MEMORY_LOCKED: CAPABILITY.memoryLocked,
      GUARD_JOURNAL: CAPABILITY.journal,
      GUARD_SERVICE: CAPABILITY.service,
      GUARD_VERSION_NONE: VERSION.none,
      GUARD_VERSION_V1: VERSION.v1,
      GUARD_VERSION_V2: VERSION.v2,
    });
  });

  test('writes a capture id as a UID, and reads it', () => {
    expect(uidOf(CAPTURE)).toBe('01234567-89ab-cdef-0123-456789abcdef');
    expect(captureIdOf('not-a-uid')).toBeUndefined();
  });
});

function connect(guard: RunningGuard): Guard {
  const channel = openGuard(libc, { socket: guard.socket }, self);
  if (typeof channel === 'number') throw new Error(`not connected: ${channel}`);
  return channel;
}

function announcement(cgroup: Cgroup): Announcement {
  const { directory, version } = cgroup;
  return { capture: CAPTURE, container: 2, version, directory, freezerMicroseconds: 900_000, holdMicroseconds: 60e6 };
}

describeOn(anyVersion(), 'openGuard()', (make) => {
  test('connects, announces, and is done', async () => {
    const cgroup = make('channel');
    const guard = await startGuard();
    const channel = connect(guard);
    const announced = channel.announce(announcement(cgroup));
    const health = channel.ping();
    const answers = [announced, channel.opened(CAPTURE, 2), channel.done(CAPTURE), channel.done(CAPTURE)];
    expect([channel.pid, channel.hasJournal]).toEqual([guard.pid, true]);
    expect(health).toEqual({ agents: 1, open: 1, recovered: 0 });
    expect(answers).toEqual([0, 0, 0, -2]);
    expect(channel.ping()).toEqual({ agents: 1, open: 0, recovered: 0 });
    channel.close();
  });

  test('announces within tens of microseconds', async () => {
    const cgroup = make('fast');
    const channel = connect(await startGuard());
    const took: number[] = [];
    for (let round = 0; round < 500; round++) {
      const since = performance.now();
      const announced = channel.announce(announcement(cgroup));
      took.push((performance.now() - since) * 1000);
      if (announced + channel.opened(CAPTURE, 2) + channel.done(CAPTURE) !== 0) throw new Error('refused');
    }
    const sorted = took.toSorted((a, b) => a - b);
    const [median = 0, worst = 0] = [sorted[250], sorted.at(-1)];
    process.stdout.write(`announce: median ${median.toFixed(0)} µs, worst ${worst.toFixed(0)} µs\n`);
    expect(median).toBeLessThan(1000);
    channel.close();
  });

  test('returns an error for a path that the guard cannot find, and for a path that is too long', async () => {
    const cgroup = make('paths');
    const channel = connect(await startGuard());
    const at = (directory: string): number => channel.announce({ ...announcement(cgroup), directory });
    const ofLength = (bytes: number): string => `${cgroup.directory}${'/'.repeat(bytes - cgroup.directory.length)}`;
    const answers = [at('/nowhere'), at('/tmp'), at(ofLength(PATH_BYTES)), at(ofLength(PATH_BYTES - 1))];
    expect(answers).toEqual([-2, -22, -36, 0]);
    expect([channel.opened(CAPTURE, 2), channel.done(CAPTURE)]).toEqual([0, 0]);
    channel.close();
  });

  test('gives up on a stopped guard, which does not end this process when it continues', async () => {
    const cgroup = make('stopped');
    const guard = await startGuard();
    const channel = connect(guard);
    process.kill(guard.pid, 'SIGSTOP');
    const since = performance.now();
    const announced = channel.announce(announcement(cgroup));
    const took = performance.now() - since;
    process.kill(guard.pid, 'SIGCONT');
    const done = channel.done(CAPTURE);
    expect([announced, done]).toEqual([-110, 0]);
    expect(took).toBeGreaterThan(190);
    expect(took).toBeLessThan(1000);
    channel.close();
  });

  test('reports the death of the guard at once', async () => {
    const guard = await startGuard();
    const channel = connect(guard);
    await guard.end('SIGKILL');
    const since = performance.now();
    expect([-32, -104]).toContain(channel.ping());
    expect(performance.now() - since).toBeLessThan(1000);
    channel.close();
    expect(openGuard(libc, { socket: guard.socket }, self)).toBe(-111);
  });

  test('is refused to a thread of another process', async () => {
    const guard = await startGuard();
    const sleeper = await startWorkload(undefined, 'sleeper');
    expect(openGuard(libc, { socket: guard.socket }, { pid: process.pid, tid: sleeper.pid })).toBe(-3);
    expect(openGuard(libc, { socket: guard.socket }, { pid: sleeper.pid, tid: sleeper.pid })).toBe(-1);
  });

  test('talks to its own guard over a socket pair, and the guard ends with the pair', async () => {
    const cgroup = make('pair');
    const pair = guardPair(libc);
    if (typeof pair === 'number') throw new Error(`no pair: ${pair}`);
    const guard = await startGuard({ peer: pair.theirs });
    libc.close(pair.theirs);
    const channel = openGuard(libc, { fd: pair.ours }, self);
    if (typeof channel === 'number') throw new Error(`not connected: ${channel}`);
    const answers = [channel.announce(announcement(cgroup)), channel.opened(CAPTURE, 2), channel.done(CAPTURE)];
    expect(answers).toEqual([0, 0, 0]);
    channel.close();
    await eventually('the guard has ended', () => !isAlive(guard.pid));
  });
});
