/** The practice of a tracing thread, with the real C library and a record of every call that reaches the C library. */
import { afterEach, describe, expect, test } from '@jest/globals';
import { openLibc, type Libc } from '../../../../src/native/libc.js';
import { capture } from '../../../../src/node-agent/capture/capture.js';
import { RawArena } from '../../../../src/node-agent/capture/raw-arena.js';
import type { CaptureContext } from '../../../../src/node-agent/capture/context.js';
import { FIRST_RELEASE_COST } from '../../../../src/node-agent/pure/release-cost.js';
import { Practice, type Stage } from '../../../../src/node-agent/tracer/practice/practice.js';
import {
  PRETENDED_CGROUP,
  PRETENDED_PROC,
  pretendedLibc,
} from '../../../../src/node-agent/tracer/practice/pretended-libc.js';
import { Board } from '../../../../src/node-agent/capture/board.js';
import { createLinuxKernel } from '../../../../src/native/linux-kernel.js';

/** PID_MAX_LIMIT: no task has this thread id or a higher one. */
const FIRST_PRETENDED_TID = 4_194_304;
const STATUS = 'Name:\tnode\nTgid:\t1\nPid:\t1\n';

interface Calls {
  readonly tids: number[];
  readonly opened: string[];
  readonly written: number[];
}

function recorded(calls: Calls): Libc {
  const libc = openLibc();
  return {
    ...libc,
    open: (path, flags) => {
      calls.opened.push(path);
      return libc.open(path, flags);
    },
    write: (fd, from, length) => {
      calls.written.push(fd);
      return libc.write(fd, from, length);
    },
    ptrace: (request, tid, address, data) => {
      calls.tids.push(tid);
      return libc.ptrace(request, tid, address, data);
    },
    waitid: (idType, id, info, options) => {
      calls.tids.push(id);
      return libc.waitid(idType, id, info, options);
    },
  };
}

function contextOf(stage: Stage): CaptureContext {
  return { ...stage, wait: () => undefined, arena: new RawArena(), releaseCost: FIRST_RELEASE_COST };
}

describe('Practice', () => {
  const calls: Calls = { tids: [], opened: [], written: [] };
  afterEach(() => {
    for (const list of Object.values(calls)) list.length = 0;
  });

  test('captures on both freezers, again and again', () => {
    expect(new Practice(recorded(calls), contextOf).begin()).toBeGreaterThan(1);
  });

  test('reaches no task, and opens nothing but files of its own thread', () => {
    const practice = new Practice(recorded(calls), contextOf);
    practice.begin();
    practice.refresh();
    expect(calls.tids.length).toBeGreaterThan(100);
    expect(calls.tids.filter((tid) => tid < FIRST_PRETENDED_TID)).toEqual([]);
    expect([...new Set(calls.opened)]).toEqual(['/proc/thread-self/comm']);
    // The descriptors of that file, which is open for reading, and of /dev/null.
    expect(new Set(calls.written).size).toBeLessThanOrEqual(2);
  });
});

describe('pretendedLibc()', () => {
  test.each(['v1', 'v2'] as const)(
    'answers every call of a capture on %s, which finds all tasks and stops them',
    (version) => {
      const tree = { version, processes: 3, threadsPerProcess: 2, status: STATUS };
      const kernel = createLinuxKernel(pretendedLibc(openLibc(), -1, tree));
      const guard = { announce: () => 0, opened: () => 0, disowned: () => 0, tell: () => undefined, done: () => 0 };
      const context = contextOf({
        kernel,
        board: new Board(),
        guard: { ...guard, pid: 0 } as unknown as Stage['guard'],
        captureId: new Uint8Array(16),
      });
      const raw = capture(context, {
        containers: [
          { directory: PRETENDED_CGROUP, cgroupPath: '/pretended', cgroupVersion: version, freezer: version },
        ],
        timeoutMicroseconds: 1_000_000,
        holdMicroseconds: 0,
        proc: PRETENDED_PROC,
      });
      expect(raw.failure).toBeUndefined();
      expect(raw.targets).toMatchObject([{ freezer: version, wasFrozen: false }]);
      expect(raw.tasks.map(({ tid }) => tid - FIRST_PRETENDED_TID)).toEqual([0, 1, 2, 3, 4, 5]);
      expect(raw.processes.map(([pid]) => pid - FIRST_PRETENDED_TID)).toEqual([0, 2, 4]);
      expect([raw.unfrozen, raw.thawUnproved, raw.threadMustEnd]).toEqual([[], [], false]);
    },
  );
});
