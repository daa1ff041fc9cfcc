/** The kernel half of a hollow agent: captures that take as long as real ones and touch nothing, and a guard without a process. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Guard } from '../../../src/native/guard.js';
import type { ProcessRow } from '../../../src/api/podcapture.js';
import { emptyReport } from '../../../src/node-agent/report/empty-report.js';
import { failure } from '../../../src/node-agent/pure/failure.js';
import type { FinalReport } from '../../../src/node-agent/report/empty-report.js';
import type { GuardDoor } from '../../../src/node-agent/service/guard-keeper.js';
import type { Tracer } from '../../../src/node-agent/tracer/tracer.js';
import { containerCapture, processRow, timings } from '../../unit/builders.js';

/** How long a hollow capture takes before its hold, in milliseconds: as a real one of some hundred tasks. */
const CAPTURE_MS = 10;

/** A guard that is always there. */
export function hollowDoor(): GuardDoor {
  return { open: hollowGuard, connect: () => 3, release: () => undefined, ownFreezer: undefined };
}

function hollowGuard(): Guard {
  return {
    pid: 2,
    seesThreads: true,
    hasJournal: true,
    announce: () => 0,
    opened: () => 0,
    disowned: () => 0,
    tell: () => undefined,
    done: () => 0,
    ping: () => ({ agents: 1, open: 0, recovered: 0 }),
    recovered: () => [],
    acknowledge: () => 0,
    close: () => undefined,
  };
}

/** @param processes how many processes each captured pod has */
export function hollowTracer(processes: number): Tracer {
  const tree = processTree(processes);
  const capture: Tracer['capture'] = async (request, signal, progress) => {
    await sleep(CAPTURE_MS);
    if (signal?.aborted === true) return { report: emptyReport(failure('Cancelled', 'the capture was cancelled')) };
    const from = Date.now();
    if (request.holdMicroseconds > 0) {
      progress?.onHold?.(1000 * from);
      const options = signal === undefined ? {} : { signal };
      await sleep(request.holdMicroseconds / 1000, undefined, options).catch(() => undefined);
    }
    return { report: report(tree, 1000 * from, 1000 * Date.now()) };
  };
  return {
    capture,
    preflight: async () => await Promise.resolve({ report: report(tree, 0, 0) }),
    resolve: async (request) =>
      await Promise.resolve({
        ok: true,
        containers: request.containers.map(({ name }) => ({
          name,
          directory: `/nowhere/${request.uid}/${name}`,
          cgroupPath: `/${name}`,
          cgroupVersion: 'v2',
          freezer: 'v2',
        })),
      }),
    close: async () => await Promise.resolve(),
  };
}

function report(tree: readonly ProcessRow[], from: number, until: number): FinalReport {
  const holdMicroseconds = until - from;
  return {
    ...emptyReport(undefined),
    tree,
    containers: [containerCapture({ name: 'app', cgroupVersion: 'V2', freezer: 'V2', processes: tree.length })],
    threads: tree.length,
    timings: timings({ pauseMicroseconds: 900 + holdMicroseconds, seizeMicroseconds: 100, holdMicroseconds }),
    freezeSkewMicroseconds: 0,
    isTouched: true,
    standstill: { from, until },
  };
}

/** A server with workers: rows as long as those of real pods. */
export function processTree(processes: number): ProcessRow[] {
  const cgroup = `/kubepods.slice/kubepods-burstable.slice/cri-containerd-${'0123456789abcdef'.repeat(4)}.scope`;
  return Array.from({ length: processes }, (_, at) => ({
    ...processRow({ pid: 40_000 + at, ppid: at === 0 ? 39_000 : 40_000, comm: at === 0 ? 'nginx' : `worker-${at}` }),
    exe: '/usr/sbin/nginx',
    nsPids: [40_000 + at, 1 + at],
    cgroup,
  }));
}
