/** Tracing threads that follow a script. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { CaptureRequest } from '../../../../src/node-agent/capture/session.js';
import { failure } from '../../../../src/node-agent/pure/failure.js';
import { emptyReport, type FinalReport } from '../../../../src/node-agent/report/empty-report.js';
import type { ContainersResolution } from '../../../../src/node-agent/resolve/containers.js';
import type { Tracer } from '../../../../src/node-agent/tracer/tracer.js';
import { containerCapture, processRow, timings } from '../../builders.js';

/** A second of the agent's clock lasts this many real milliseconds. */
export const SECOND_MS = 20;

/** By the wall clock, in microseconds since the epoch. */
const STANDSTILL_FROM = 1000 * Date.UTC(2026, 0, 1, 0, 0, 30) + 250;

export function goodReport(more: Partial<FinalReport> = {}): FinalReport {
  return {
    ...emptyReport(undefined),
    tree: [processRow({ pid: 4711 })],
    containers: [containerCapture({ name: 'app' })],
    threads: 1,
    isTouched: true,
    standstill: { from: STANDSTILL_FROM, until: STANDSTILL_FROM + 500 },
    timings: timings({ pauseMicroseconds: 900, seizeMicroseconds: 100 }),
    freezeSkewMicroseconds: 0,
    ...more,
  };
}

/** What the tracing threads were asked to do, and how they behave. */
export interface TracerScript {
  /** The requests in order. Two running captures of one pod are an error. */
  readonly requests: CaptureRequest[];
  running: number;
  mostRunning: number;
  closed: number;
  /** What a capture does before its hold. By default it waits a moment. */
  before: (signal: AbortSignal | undefined) => Promise<void>;
  report: () => FinalReport;
  /** After how many seconds of a hold every task stands still; infinity for never. */
  standsStillAfterSeconds: number;
  /** After how many seconds the tracing thread ends a hold by itself. */
  cutsOffAfterSeconds: number;
}

export function tracerScript(): TracerScript {
  return {
    requests: [],
    running: 0,
    mostRunning: 0,
    closed: 0,
    before: async () => await sleep(1),
    report: () => goodReport(),
    standsStillAfterSeconds: 0,
    cutsOffAfterSeconds: Number.POSITIVE_INFINITY,
  };
}

/**
 * A tracer that holds for the requested time of the agent's clock. An abort ends a hold, and cancels a capture before
 * its hold.
 */
export function scriptedTracer(script: TracerScript): Tracer {
  const carryOut: Tracer['capture'] = async (request, signal, progress) => {
    script.requests.push(request);
    script.running += 1;
    script.mostRunning = Math.max(script.mostRunning, script.running);
    try {
      await script.before(signal);
      if (isAborted(signal)) return { report: emptyReport(failure('Cancelled', 'the capture was cancelled')) };
      const asked = request.holdMicroseconds / 1_000_000;
      const cutOffAt = script.cutsOffAfterSeconds;
      const since = performance.now();
      if (asked > 0) {
        const late = script.standsStillAfterSeconds;
        progress?.onHold?.(late === 0 ? STANDSTILL_FROM : undefined);
        if (late > 0 && late < asked) setTimeout(() => progress?.onHold?.(STANDSTILL_FROM), late * SECOND_MS);
        const options = signal === undefined ? {} : { signal };
        await sleep(Math.min(asked, cutOffAt) * SECOND_MS, undefined, options).catch(() => undefined);
      }
      const held = Math.min(request.holdMicroseconds, ((performance.now() - since) * 1_000_000) / SECOND_MS);
      const isCutOff = cutOffAt < asked;
      const holdMicroseconds = isAborted(signal) || isCutOff ? held : request.holdMicroseconds;
      const { processMustEnd, standstill, ...made } = script.report();
      const report = {
        ...made,
        ...(standstill === undefined || script.standsStillAfterSeconds > asked ? {} : { standstill }),
        ...(isCutOff ? { isCutOff } : {}),
        timings: { ...made.timings, holdMicroseconds: Math.round(holdMicroseconds) },
      };
      if (processMustEnd !== true) return { report };
      return { failure: failure('InternalError', 'lost'), thawUnproved: ['/x'], processMustEnd: true };
    } finally {
      script.running -= 1;
    }
  };
  return {
    capture: carryOut,
    preflight: async (request) => {
      script.requests.push(request);
      return await Promise.resolve({ report: goodReport() });
    },
    resolve: async (request): Promise<ContainersResolution> =>
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
    close: async () => {
      script.closed += 1;
      await Promise.resolve();
    },
  };
}

function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}
