/** Makes real captures of the cgroups of a test, through the same tracing thread as the command and the agent. */
import { afterAll } from '@jest/globals';

import { openLibc } from '../../../src/native/libc.js';
import type { OwnGuard } from '../../../src/node-agent/tracer/own-guard.js';
import type { CaptureReport } from '../../../src/node-agent/report/report.js';
import { resolveTarget } from '../../../src/node-agent/resolve/target.js';
import type { CaptureRequest } from '../../../src/node-agent/capture/session.js';
import { startTracer, type Progress, type Tracer, type TracerResult } from '../../../src/node-agent/tracer/tracer.js';
import type { Cgroup } from './cgroup.js';
import type { CgroupVersion } from './hierarchy.js';
import { ownGuard } from './own-guard.js';
import { anyVersion, describeOn } from './requirements.js';

/** All durations are in milliseconds. */
export interface CaptureOptions {
  readonly freezer?: 'auto' | 'none';
  readonly hold?: number;
  readonly timeout?: number;
  readonly maxPause?: number;
}

/** Returns the request that the command would make with `--cgroup`. Throws when the resolver refuses the cgroup. */
export function captureRequest(cgroup: Pick<Cgroup, 'directory'>, options: CaptureOptions = {}): CaptureRequest {
  const { freezer = 'auto', hold = 0, timeout = 10_000, maxPause } = options;
  const target = resolveTarget(
    { kind: 'cgroup', path: cgroup.directory, freezer },
    { proc: '/proc', self: process.pid },
  );
  if (!target.ok) throw new Error(target.message);
  return {
    containers: target.containers,
    timeoutMicroseconds: timeout * 1000,
    holdMicroseconds: hold * 1000,
    ...(maxPause === undefined ? {} : { maxPauseMicroseconds: maxPause * 1000 }),
    proc: '/proc',
  };
}

/** The freezers by their names in the API. */
export const FREEZER_NAMES = { v1: 'V1', v2: 'V2', none: 'None' } as const;

/**
 * Makes something that holds captures again, three times at most, until the freezer that each of them used is `wanted`. Auto goes on
 * without freezer where a busy machine did not run the tracing thread for 5 ms (watchdog.ts), which happens about once in a
 * thousand captures.
 */
export async function undisturbed<T>(
  wanted: string,
  make: () => Promise<T>,
  freezersOf: (made: T) => readonly (string | undefined)[],
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const made = await make();
    if (attempt === 3 || freezersOf(made).every((freezer) => freezer === wanted)) return made;
  }
}

export interface Capturing {
  /** Makes one capture, which may fail. */
  run(
    cgroup: Pick<Cgroup, 'directory'>,
    options?: CaptureOptions,
    signal?: AbortSignal,
    progress?: Progress,
  ): Promise<TracerResult>;
  /** Makes one capture. Throws when the tracing thread brought no report. */
  report(
    cgroup: Pick<Cgroup, 'directory'>,
    options?: CaptureOptions,
    signal?: AbortSignal,
    progress?: Progress,
  ): Promise<CaptureReport>;
  /**
   * Starts a capture with a hold, and returns when the hold has begun: the tasks reach their stop before that, and what happens to a task in
   * between happens before the tree is complete. Throws when the capture ends without a hold.
   */
  hold(
    cgroup: Pick<Cgroup, 'directory'>,
    options: CaptureOptions,
    signal?: AbortSignal,
    progress?: Progress,
  ): Promise<HeldCapture>;
}

/** A capture in its hold. */
export interface HeldCapture {
  /** Resolves when the capture has ended. */
  readonly report: Promise<CaptureReport>;
}

/** Provides one tracing thread per test file. The first capture starts the thread, and the end of the file ends it. */
export function useTracer(): Capturing {
  let started: Promise<Tracer> | undefined;
  let guard: OwnGuard | undefined;
  const start = async (): Promise<Tracer> => {
    guard = await ownGuard();
    return await startTracer(openLibc(), guard);
  };
  afterAll(async () => {
    await (await started)?.close();
    guard?.close();
  });
  const run: Capturing['run'] = async (cgroup, options, signal, progress) => {
    started ??= start();
    const tracer = await started;
    return await tracer.capture(captureRequest(cgroup, options), signal, progress);
  };
  const report: Capturing['report'] = async (cgroup, options, signal, progress) => {
    const result = await run(cgroup, options, signal, progress);
    if ('report' in result) return result.report;
    throw new Error(`${result.failure.reason}: ${result.failure.message}`);
  };
  const hold: Capturing['hold'] = (cgroup, options, signal, progress) =>
    new Promise((resolve, reject) => {
      const capture = report(cgroup, options, signal, { ...progress, onHold: () => resolve({ report: capture }) });
      capture.then(({ failure }) => reject(new Error(`never held: ${failure?.message ?? 'no failure'}`)), reject);
    });
  return { run, report, hold };
}

export interface HeldCaptures {
  /** Captures with a hold, calls `look` as soon as the pod is held, and ends the hold. Throws when there is no report. */
  whileHeld<T>(
    cgroup: Pick<Cgroup, 'directory'>,
    options: CaptureOptions,
    look: () => T,
  ): Promise<{ readonly report: CaptureReport; readonly seen: T }>;
}

/** As {@link useTracer}, for captures that somebody else looks into while they hold. */
export function useHeldCaptures(): HeldCaptures {
  let started: Promise<Tracer> | undefined;
  let guard: OwnGuard | undefined;
  afterAll(async () => {
    await (await started)?.close();
    guard?.close();
  });
  return {
    whileHeld: async <T>(cgroup: Pick<Cgroup, 'directory'>, options: CaptureOptions, look: () => T) => {
      guard ??= await ownGuard();
      started ??= startTracer(openLibc(), guard);
      const tracer = await started;
      const letGo = new AbortController();
      let seen: { readonly value: T } | undefined;
      const onHold = (): void => {
        seen = { value: look() };
        letGo.abort();
      };
      const result = await tracer.capture(captureRequest(cgroup, options), letGo.signal, { onHold });
      if (!('report' in result)) throw new Error(`${result.failure.reason}: ${result.failure.message}`);
      if (seen === undefined) throw new Error(`never held: ${result.report.failure?.message ?? 'no failure'}`);
      return { report: result.report, seen: seen.value };
    },
  };
}

/** A way to hold a cgroup still. */
export interface HoldingWay {
  readonly version: CgroupVersion;
  readonly freezer: 'auto' | 'none';
  /** The way in the words of the capture; {@link FREEZER_NAMES} has those of the report. */
  readonly named: 'v1' | 'v2' | 'none';
}

/** Runs {@link describeOn} for each way: with the freezer of v1, with the freezer of v2, and without freezer. */
export function describeWays(title: string, body: (make: (name: string) => Cgroup, way: HoldingWay) => void): void {
  for (const version of ['v1', 'v2'] as const) {
    describeOn(version, title, (make) => body(make, { version, freezer: 'auto', named: version }));
  }
  const version = anyVersion();
  describeOn(version, `${title}, without freezer`, (make) => body(make, { version, freezer: 'none', named: 'none' }));
}

/** Compares numbers by value for sort(), which compares them by their text by default. */
export function ascending(a: number, b: number): number {
  return a - b;
}
