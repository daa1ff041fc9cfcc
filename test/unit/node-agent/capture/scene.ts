/** One capture on the fake host: a pod's cgroup, the request for it, and what came out. */
import { ORDER_REOPEN, Board } from '../../../../src/node-agent/capture/board.js';
import { capture } from '../../../../src/node-agent/capture/capture.js';
import { CAPTURE_ID_BYTES } from '../../../../src/native/guard.js';
import type { ContainerTarget } from '../../../../src/node-agent/pure/container-target.js';
import type { RawCapture } from '../../../../src/node-agent/capture/raw-capture.js';
import { report, type CaptureReport } from '../../../../src/node-agent/report/report.js';
import type { CaptureContext } from '../../../../src/node-agent/capture/context.js';
import type { CaptureRequest } from '../../../../src/node-agent/capture/session.js';
import { FakeHost } from '../../../fake/host.js';
import { fakeGuard } from '../../../fake/guard.js';
import { createFakeKernel, type FakeKernel } from '../../../fake/kernel.js';
import type { HostOptions } from '../../../fake/model.js';
import type { ProcessSpec } from '../../../fake/tasks.js';

export const POD = '/kubepods/pod';

export const CAPTURE_ID = new Uint8Array(CAPTURE_ID_BYTES).fill(7);

/** How the pod is held: by which freezer, or task by task. */
export type Mode = 'v1' | 'v2' | 'none';
export const MODES: readonly Mode[] = ['v1', 'v2', 'none'];

export interface Scene {
  readonly host: FakeHost;
  readonly kernel: FakeKernel;
  readonly board: Board;
  /** Adds a process to the pod. Returns its pid. */
  add(spec?: ProcessSpec): number;
  run(request?: Partial<CaptureRequest>, context?: Partial<CaptureContext>): RawCapture;
  report(raw: RawCapture): CaptureReport;
}

/** A host with an empty pod cgroup in both hierarchies. */
export function makeScene(mode: Mode, options: Partial<HostOptions> = {}): Scene {
  const host = new FakeHost(options);
  const kernel = createFakeKernel(host);
  const board = new Board();
  host.addCgroup('v1', POD);
  host.addCgroup('v2', POD);
  return {
    host,
    kernel,
    board,
    add: (spec = {}) => host.addProcess({ v1: POD, v2: POD, ...spec }),
    run: (request = {}, context = {}) =>
      capture(
        {
          kernel,
          board,
          guard: fakeGuard(),
          captureId: CAPTURE_ID,
          wait: (_known, microseconds) => kernel.sleep(Math.min(microseconds, 50_000)),
          releaseCost: { fixedMicroseconds: 0, microsecondsPerTask: 10 },
          ...context,
        },
        {
          containers: [containerTarget(host, mode)],
          timeoutMicroseconds: 1_000_000,
          holdMicroseconds: 0,
          proc: '/proc',
          ...request,
        },
      ),
    report: (raw) => report(kernel.files, '/proc', raw, () => 0),
  };
}

/** The target as the resolver would hand it over. */
export function containerTarget(host: FakeHost, mode: Mode, path = POD): ContainerTarget {
  const cgroupVersion = mode === 'v1' ? 'v1' : 'v2';
  return { directory: host.directory(cgroupVersion, path), cgroupPath: path, cgroupVersion, freezer: mode };
}

/** Plays the main thread while SEIZE blocks: it gives the order and thaws what was announced. */
export function reopenWhenBlocked({ host, kernel, board }: Scene): void {
  kernel.onBlockedSeize = (_tid, block) => {
    if (block === 'Execing') {
      for (const tid of board.tids()) kernel.ptrace.reap(tid);
      return;
    }
    host.advance(5_000);
    board.order(ORDER_REOPEN);
    for (const { fd, version } of board.freezers()) kernel.files.write(fd, version === 'v1' ? 'THAWED' : '0');
  };
}

/** What was written to the freezers, in order. */
export function freezerWrites({ kernel }: Scene): string[] {
  return kernel.script.log.filter((call) => call.name === 'write').map((call) => String(call.args[1]));
}

/** How often a call was made. */
export function count({ kernel }: Scene, name: string): number {
  return kernel.script.log.filter((call) => call.name === name).length;
}
