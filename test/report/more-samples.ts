/** More for the tests of the report page: a Checkpoint, a capture with nothing unusual, and one of many processes. */
import type { Checkpoint } from '../../src/api/kinds.js';
import type { DeepReadonly, PodCapture, PrintedRow } from '../../src/api/podcapture.js';
import { containerCapture, podCapture, processRow, threadRows, timings } from '../unit/builders.js';
import { incident, LOGS, logs, shop, WEB, www } from './samples.js';

/** The Checkpoint of incident(). */
export const CHECKPOINT: DeepReadonly<Checkpoint> = {
  apiVersion: 'stasis.dev/v1alpha1',
  kind: 'Checkpoint',
  metadata: {
    name: 'web-x7k2p',
    namespace: 'shop',
    uid: '0',
    resourceVersion: '1',
    creationTimestamp: '2026-11-27T22:14:03Z',
    annotations: { 'stasis.dev/reason': 'INC-2291: outbound traffic that nobody can explain' },
  },
  spec: {
    podName: 'web-7d9c5b8f6-k2x9v',
    timeoutSeconds: 10,
    startingDeadlineSeconds: 600,
    maxPauseMilliseconds: 200,
    hold: { seconds: 600 },
    include: ['Cmdline'],
  },
  status: {
    pods: [
      {
        podName: 'web-7d9c5b8f6-k2x9v',
        podUID: '6f0c2f2e-5a0e-4c6b-9d53-0a6f6f7a4a11',
        nodeName: 'worker-3',
        state: 'Succeeded',
      },
    ],
  },
};

/** A pod without a hold and with nothing unusual. */
export function plain(): PodCapture {
  const row = processRow({ ...shop, ...www, pid: 100, ppid: 1, comm: 'server', exe: '/server' });
  return podCapture({
    tree: [row],
    containers: [containerCapture({ name: 'app', cgroupPath: WEB })],
    timings: timings({
      resolveMicroseconds: 300,
      cgroupFreezeMicroseconds: 800,
      seizeMicroseconds: 300,
      stopMicroseconds: 90,
      cgroupThawMicroseconds: 60,
      collectMicroseconds: 700,
      releaseMicroseconds: 100,
      freezingMicroseconds: 1960,
      pauseMicroseconds: 2070,
    }),
  });
}

/** So many processes in two containers, some of them deep, each with four threads. */
export function large(count: number): PodCapture {
  const half = Math.floor(count / 2);
  const tree = Array.from({ length: count }, (_, index): PrintedRow => {
    const pid = 100_000 + index;
    const isWeb = index < half;
    // Every fiftieth is the parent of the next 49, the first of which hang from one another.
    const place = index % 50;
    const parent = place === 0 ? 0 : place < 5 ? pid - 1 : pid - place;
    const program = `/usr/lib/app/bin/worker-${index % 40}`;
    return processRow({
      ...(isWeb ? { ...shop, ...www } : logs),
      exe: index % 997 === 0 ? `${program} (deleted)` : program,
      pid,
      ppid: parent,
      comm: `worker-${index % 40}`,
      cmdline: [program, '--shard', String(index), '--queue', `orders-${index % 7}`],
      nsPids: [pid, index + 1],
      threads: threadRows(pid, 'worker', ['io-0', 'io-1', 'timer']),
    });
  });
  const containers = [
    containerCapture({ name: 'web', cgroupPath: WEB, processes: half, threads: 4 * half }),
    containerCapture({ name: 'logs', cgroupPath: LOGS, processes: count - half, threads: 4 * (count - half) }),
  ];
  return podCapture({ tree, containers, timings: incident().status.timings });
}
