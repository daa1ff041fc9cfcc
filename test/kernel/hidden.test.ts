/** No name, no depth and no change of a nested cgroup hides a task from a capture. */
import { closeSync, mkdirSync, openSync, rmdirSync, writeFileSync } from 'node:fs';
import { afterEach, expect, test } from '@jest/globals';
import { pathBytes } from '../../src/native/path-text.js';
import { describeWays, useHeldCaptures, useTracer } from './harness/capturing.js';
import { cleanupAll, onCleanup } from './harness/cleanup.js';
import type { Cgroup } from './harness/cgroup.js';
import { isAlive, stateOf, tracerPidOf } from './harness/tasks.js';
import { eventually } from './harness/waiting.js';
import { startWorkload } from './harness/workload.js';

const LONG = 120_000;
const LONG_NAME = 'n'.repeat(255);

const capturing = useTracer();
const held = useHeldCaptures();
afterEach(cleanupAll);

/** Makes cgroups one in the other, and moves a process into the last. Names are as path-text has them; the path may be of any length. */
function moveInto(cgroup: Cgroup, names: readonly string[], pid: number): void {
  const open = [openSync(cgroup.directory, 'r')];
  const inside = (name: string): Buffer =>
    Buffer.concat([Buffer.from(`/proc/self/fd/${open.at(-1) ?? -1}/`), Buffer.from(pathBytes(name))]);
  for (const name of names) {
    mkdirSync(inside(name));
    open.push(openSync(inside(name), 'r'));
  }
  writeFileSync(inside('cgroup.procs'), String(pid));
  const remove = (): void => {
    for (const name of names.toReversed()) {
      closeSync(open.pop() ?? -1);
      rmdirSync(inside(name));
    }
    closeSync(open.pop() ?? -1);
  };
  onCleanup({
    what: 'nested cgroups',
    undo: () => {
      if (isAlive(pid)) process.kill(pid, 'SIGKILL');
      for (let attempt = 0; isAlive(pid) && attempt < 1_000; attempt++)
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
      remove();
    },
    free: () => undefined,
  });
}

const NESTS: Readonly<Record<string, readonly string[]>> = {
  'a name that is not UTF-8': ['sub\udcff'],
  'a name of a lone continuation byte, in one of a surrogate': ['\udc80', '\udced\udcb2\udc80'],
  'a name of 255 bytes': [LONG_NAME],
  'names with a space, a backslash and a quote': ['a b', 'c\\d', '"e"'],
  'a path of 15,000 bytes': Array.from({ length: 60 }, () => LONG_NAME),
  'a nest of 200': Array.from({ length: 200 }, () => 'd'),
};

describeWays('capture()', (make, { freezer }) => {
  test.each(Object.keys(NESTS))(
    'holds and lists a task in a cgroup with %s',
    async (title) => {
      const cgroup = make('hidden');
      const plain = await startWorkload(cgroup, 'sleeper');
      const hidden = await startWorkload(undefined, 'sleeper');
      moveInto(cgroup, NESTS[title] ?? [], hidden.pid);
      const { report, seen } = await held.whileHeld(cgroup, { freezer, hold: 20_000 }, () => [
        tracerPidOf(hidden.pid),
        stateOf(hidden.pid),
      ]);
      expect(report.failure).toBeUndefined();
      expect(seen[0]).toBeGreaterThan(0);
      expect(seen[1]).toBe('t');
      expect(new Set(report.tree.map((row) => row.pid))).toEqual(new Set([plain.pid, hidden.pid]));
      await eventually('it runs', () => stateOf(hidden.pid) === 'S' && tracerPidOf(hidden.pid) === 0);
    },
    LONG,
  );

  test(
    'holds a task whose neighbours in the nest are made and removed all the while',
    async () => {
      const cgroup = make('changing');
      const inner = cgroup.child('inner');
      const { pid } = await startWorkload(inner, 'sleeper');
      const churn = setInterval(() => {
        for (let index = 0; index < 5; index++) mkdirSync(`${cgroup.directory}/churn-${index}`);
        for (let index = 0; index < 5; index++) rmdirSync(`${cgroup.directory}/churn-${index}`);
      }, 1);
      try {
        for (let round = 0; round < 50; round++) {
          const report = await capturing.report(cgroup, { freezer });
          expect(report.failure).toBeUndefined();
          expect(report.tree.map((row) => row.pid)).toEqual([pid]);
        }
      } finally {
        clearInterval(churn);
      }
    },
    LONG,
  );
});
