/** Runs the command as users run it: checks refusals and output, and that everything else is left alone. */
import { mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { afterEach, expect, test } from '@jest/globals';
import { parse } from 'yaml';

import type { PodCapture } from '../../src/api/podcapture.js';
import { describeWays, FREEZER_NAMES, undisturbed } from './harness/capturing.js';
import { cleanupAll, onCleanup } from './harness/cleanup.js';
import { readHeartbeat, resetHeartbeat } from './harness/heartbeat.js';
import { findHierarchy } from './harness/hierarchy.js';
import { programPath } from './harness/programs.js';
import { anyVersion, describeOn } from './harness/requirements.js';
import { scratchDirectory } from './harness/scratch.js';
import { stasis } from './harness/stasis-command.js';
import { assertUntouched, descendantsOf, tracerPidOf } from './harness/tasks.js';
import { startWorkload } from './harness/workload.js';

const LONG = 60_000;

afterEach(cleanupAll);

/** Expects one line on stderr that names the value. */
async function expectRefused(args: readonly string[], value: string): Promise<void> {
  const { status, stdout, stderr } = await stasis(...args);
  expect([args, stderr.split('\n').length, status, stdout]).toEqual([args, 2, 2, '']);
  expect(stderr).toMatch(/^stasis: [^\n]+\n$/);
  expect(stderr).toContain(value);
}

for (const version of ['v1', 'v2'] as const) {
  describeOn(version, 'stasis checkpoint', (make) => {
    test(
      'refuses a directory that is no cgroup, and a cgroup that cannot be captured',
      async () => {
        const hierarchy = findHierarchy(version);
        if (!hierarchy.ok) throw new Error(hierarchy.reason);
        const empty = make('empty');
        const link = join(scratchDirectory(), 'link');
        symlinkSync(join(scratchDirectory(), 'nowhere'), link);
        const file = join(empty.directory, 'cgroup.procs');
        const up = `${empty.directory}/../x`;
        for (const path of [`${empty.directory}-missing`, '/tmp', '/', '/proc', link, file, up, empty.directory, ''])
          await expectRefused(['checkpoint', '--cgroup', path], path);
        // The root of the hierarchy, or on a machine where this process is deeper, the cgroup that holds this process.
        await expectRefused(['checkpoint', '--cgroup', hierarchy.directory], hierarchy.directory);
        expect(empty.freezeState()).toBe('THAWED');
      },
      LONG,
    );

    test(
      'refuses the cgroup that holds the command itself, and leaves the cgroup as it is',
      async () => {
        const cgroup = make('own');
        const { pid } = await startWorkload(cgroup, 'sleeper');
        const before = readFileSync('/proc/self/cgroup', 'utf8');
        const parent = dirname(cgroup.directory);
        cgroup.add(process.pid);
        try {
          await expectRefused(['checkpoint', '--cgroup', cgroup.directory], cgroup.directory);
        } finally {
          writeFileSync(join(parent, 'cgroup.procs'), String(process.pid));
        }
        expect(readFileSync('/proc/self/cgroup', 'utf8')).toBe(before);
        expect(cgroup.freezeState()).toBe('THAWED');
        await assertUntouched([pid]);
      },
      LONG,
    );

    test(
      'follows a symbolic link from outside into the hierarchy',
      async () => {
        const cgroup = make('linked');
        const { pid } = await startWorkload(cgroup, 'sleeper');
        const link = join(scratchDirectory(), 'link');
        symlinkSync(cgroup.directory, link);
        const ended = await stasis('checkpoint', '--cgroup', link, '-o', 'json');
        expect([ended.status, ended.stderr]).toEqual([0, '']);
        await assertUntouched([pid]);
      },
      LONG,
    );
  });
}

describeOn(anyVersion(), 'stasis checkpoint', (make) => {
  const BAD: readonly (readonly [readonly string[], string])[] = [
    [['--timeout', '10 parsecs'], '10 parsecs'],
    [['--timeout', '10'], '10'],
    [['--timeout', '0'], '0'],
    [['--timeout', '-1s'], '-1s'],
    [['--hold', '25h'], '25h'],
    [['--max-pause', '1e3ms'], '1e3ms'],
    [['--repeat', '0'], '0'],
    [['--repeat', '1.5'], '1.5'],
    [['--freezer', 'v3'], 'v3'],
    [['--output', 'xml'], 'xml'],
    [['--include', 'environ'], 'environ'],
    [['--bogus'], '--bogus'],
    [['surplus'], 'surplus'],
    [['--pid', '1'], '--pid'],
  ];

  test(
    'refuses bad options with one line that names the value, and touches nothing',
    async () => {
      const cgroup = make('options');
      const file = join(scratchDirectory(), 'beats');
      const { pid } = await startWorkload(cgroup, 'heartbeat', [file]);
      for (const [args, value] of BAD)
        await expectRefused(['checkpoint', '--cgroup', cgroup.directory, ...args], value);
      for (const value of ['0', '-1', '1x', '4194305', '']) await expectRefused(['checkpoint', '--pid', value], value);
      for (const value of ['no-uid', '../..', '']) await expectRefused(['checkpoint', '--pod', value], value);
      await expectRefused(['checkpoint'], '--cgroup');
      await expectRefused(['chekpoint'], 'chekpoint');
      expect(readHeartbeat(file).interrupted).toBe(0);
      expect(cgroup.freezeState()).toBe('THAWED');
      await assertUntouched([pid]);
    },
    LONG,
  );
});

describeWays('stasis checkpoint', (make, { freezer, named }) => {
  test(
    'prints the same capture as JSON, as YAML and as a tree',
    async () => {
      const cgroup = make('printed');
      const { pid } = await startWorkload(cgroup, 'tree', [2, 3]);
      const members = [pid, ...descendantsOf(pid)];
      const args = ['checkpoint', '--cgroup', cgroup.directory, '--freezer', freezer];
      const [json, yaml] = await undisturbed(
        FREEZER_NAMES[named],
        async () => [await stasis(...args, '-o', 'json'), await stasis(...args, '-o', 'yaml')] as const,
        (printed) => printed.map(({ stdout }) => (parse(stdout) as PodCapture).status.containers?.[0]?.freezer),
      );
      const tree = await stasis(...args);
      for (const { status, stderr } of [json, yaml, tree]) expect([status, stderr]).toEqual([0, '']);
      for (const capture of [JSON.parse(json.stdout), parse(yaml.stdout)] as PodCapture[]) {
        expect(capture).toMatchObject({ apiVersion: 'stasis.dev/v1alpha1', kind: 'PodCapture' });
        expect(capture.status).toMatchObject({
          processes: 3,
          threads: 7,
          stopped: 0,
          zombies: 0,
          joined: 0,
          unfrozen: [],
        });
        expect(capture.status.containers).toMatchObject([{ freezer: FREEZER_NAMES[named], wasFrozen: false }]);
        expect(capture.status.tree.map((row) => row.pid)).toEqual(members);
        expect(capture.status.tree.some((row) => 'cmdline' in row)).toBe(false);
        expect(capture.status.samples).toBeUndefined();
      }
      for (const member of members) expect(tree.stdout).toContain(String(member));
      expect(cgroup.freezeState()).toBe('THAWED');
      await assertUntouched(members);
    },
    LONG,
  );

  test(
    '--dry-run touches nothing and names the obstacles of a capture',
    async () => {
      const cgroup = make('dry');
      const file = join(scratchDirectory(), 'beats');
      const { pid } = await startWorkload(cgroup, 'heartbeat', [file]);
      const control = join(cgroup.directory, cgroup.version === 'v1' ? 'freezer.state' : 'cgroup.freeze');
      await resetHeartbeat(file);
      const writtenAt = statSync(control).mtimeMs;
      const args = ['checkpoint', '--cgroup', cgroup.directory, '--freezer', freezer, '--dry-run', '-o', 'json'];
      const dry = await stasis(...args, '--hold', '10s', '--repeat', '3');
      expect([dry.status, dry.stderr]).toEqual([0, '']);
      const { status } = JSON.parse(dry.stdout) as PodCapture;
      expect(status).toMatchObject({ processes: 1, threads: 1, timings: { pauseMicroseconds: 0 } });
      expect(status.conditions).toMatchObject([{ reason: 'NothingTouched' }, { reason: 'DryRunPassed' }]);
      // A freeze or a ptrace stop would have ended a nanosleep of the heartbeat with EINTR.
      expect(readHeartbeat(file).interrupted).toBe(0);
      expect(statSync(control).mtimeMs).toBe(writtenAt);

      const tracer = await startWorkload(undefined, 'tracer', [pid]);
      const traced = await stasis(...args);
      expect(traced.status).toBe(1);
      expect(traced.stderr).toMatch(new RegExp(`^stasis: TaskAlreadyTraced: [^\\n]*${tracer.pid}[^\\n]*\\n$`));
      expect(tracerPidOf(pid)).toBe(tracer.pid);
      expect(cgroup.freezeState()).toBe('THAWED');
    },
    LONG,
  );

  test(
    '--repeat 5 prints five samples and their distribution',
    async () => {
      const cgroup = make('repeated');
      const { pid } = await startWorkload(cgroup, 'sleeper');
      const args = ['checkpoint', '--cgroup', cgroup.directory, '--freezer', freezer, '--repeat', '5'];
      const ended = await stasis(...args, '-o', 'json');
      expect([ended.status, ended.stderr]).toEqual([0, '']);
      const { samples = [], summary } = (JSON.parse(ended.stdout) as PodCapture).status;
      const pauses = samples.map((sample) => sample.pauseMicroseconds).sort((a, b) => a - b);
      expect(pauses).toHaveLength(5);
      expect(summary?.pauseMicroseconds).toEqual({ min: pauses[0], median: pauses[2], p99: pauses[4], max: pauses[4] });
      expect(cgroup.freezeState()).toBe('THAWED');
      await assertUntouched([pid]);
    },
    LONG,
  );

  test(
    '--include cmdline prints the command lines',
    async () => {
      const cgroup = make('cmdline');
      const { pid } = await startWorkload(cgroup, 'sleeper', [77]);
      const args = ['checkpoint', '--cgroup', cgroup.directory, '--freezer', freezer, '--include', 'cmdline'];
      const ended = await stasis(...args, '-o', 'json');
      expect([ended.status, ended.stderr]).toEqual([0, '']);
      const { tree } = (JSON.parse(ended.stdout) as PodCapture).status;
      expect(tree).toMatchObject([{ pid, cmdline: [programPath('sleeper'), '77'] }]);
      expect(cgroup.freezeState()).toBe('THAWED');
      await assertUntouched([pid]);
    },
    LONG,
  );
});

describeOn(anyVersion(), 'stasis checkpoint --include cmdline', (make) => {
  test(
    'does not wait for a process whose command line cannot be read, and marks it',
    async () => {
      const cgroup = make('unreadable');
      const directory = join(scratchDirectory(), 'mount');
      mkdirSync(directory);
      onCleanup({ what: directory, undo: () => rmSync(directory, { recursive: true, force: true }) });
      const server = await startWorkload(undefined, 'fuse-hang', [directory, 'mmap-lock']);
      const reader = Number(/^reader ([0-9]+)$/m.exec(server.output())?.[1]);
      const { pid } = await startWorkload(cgroup, 'sleeper', [78]);
      cgroup.add(reader);
      const ended = await stasis('checkpoint', '--cgroup', cgroup.directory, '--include', 'cmdline', '-o', 'json');
      // The read would return only when the file system's server ends, after 60 s.
      expect(ended.milliseconds).toBeLessThan(30_000);
      expect(ended.status).toBe(0);
      const { tree, cmdlines } = (JSON.parse(ended.stdout) as PodCapture).status;
      expect(cmdlines).toEqual({ whole: 1, cut: 0, unread: { Blocked: 1 } });
      expect(tree.find((row) => row.pid === reader)).toMatchObject({ cmdlineUnread: 'Blocked' });
      expect(tree.find((row) => row.pid === pid)?.cmdline).toEqual([programPath('sleeper'), '78']);
      server.stop();
      expect(cgroup.freezeState()).toBe('THAWED');
      await assertUntouched([pid]);
    },
    LONG,
  );
});
