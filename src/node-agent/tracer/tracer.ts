/** Captures, one at a time, by a tracing thread that is replaced when it had to end. */
import { randomBytes } from 'node:crypto';
import { captureIdOf } from '../../native/guard-protocol.js';
import { CAPTURE_ID_BYTES } from '../../native/guard.js';
import type { Libc } from '../../native/libc.js';
import type { Failure } from '../pure/failure.js';
import type { Fault } from '../capture/fault-points.js';
import { NO_GUARD, type GuardSupply } from './guard-supply.js';
import type { CaptureReport } from '../report/report.js';
import type { ContainersRequest, ContainersResolution } from '../resolve/containers.js';
import type { ResolveRoots } from '../resolve/request.js';
import type { CaptureRequest } from '../capture/session.js';
import { TracerThread, type Outcome, type Progress } from './tracer-thread.js';

export type { Progress } from './tracer-thread.js';

/** The end of a capture: a report, or none because the thread died. */
export type TracerResult =
  | { readonly report: CaptureReport }
  | {
      readonly failure: Failure;
      /** Directories whose freezer the dead thread had closed, and which could not be proved open since. */
      readonly thawUnproved: readonly string[];
      /** The thread does not even end. Only the end of this process, by SIGKILL, releases its tracees. */
      readonly processMustEnd: boolean;
    };

export interface Tracer {
  /** Carries out one capture at a time. `signal` ends a hold early, or cancels the capture before its hold. */
  capture(request: CaptureRequest, signal?: AbortSignal, progress?: Progress): Promise<TracerResult>;
  /** Looks at the targets as a capture would, and touches nothing. */
  preflight(request: CaptureRequest): Promise<TracerResult>;
  /** Finds the cgroups of a pod's containers, away from the main thread. */
  resolve(request: ContainersRequest, roots: ResolveRoots): Promise<ContainersResolution>;
  /** Ends the tracing thread. */
  close(): Promise<void>;
}

export interface TracerOptions {
  /** Set in tests alone: the fault that the first thread suffers. That thread does not practise. */
  readonly fault?: Fault | undefined;
  /** No thread practises, because nothing is going to be held. */
  readonly isCold?: boolean;
}

/**
 * Starts a tracing thread, and waits until it has practised. Rejects when the machine cannot run it at all. Without a guard every capture
 * fails, and touches nothing.
 */
export async function startTracer(
  libc: Libc,
  guards: GuardSupply = NO_GUARD,
  { fault, isCold = false }: TracerOptions = {},
): Promise<Tracer> {
  let isFirst = true;
  const start = async (): Promise<TracerThread> => {
    const own = isFirst ? fault : undefined;
    isFirst = false;
    return await TracerThread.start(libc, guards, { fault: own, practises: !isCold && own === undefined });
  };
  let thread = await start();
  const live = async (): Promise<TracerThread> => {
    if (thread.ended) thread = await start();
    return thread;
  };
  const finish = async (request: CaptureRequest, outcome: Outcome): Promise<TracerResult> => {
    if (outcome.kind !== 'ended') return outcome;
    // The captured bytes outlive the thread that read them.
    thread = await start();
    const made = await thread.ask({ kind: 'report', proc: request.proc, raw: outcome.raw });
    return made.kind === 'ended' ? { failure: outcome.failure, thawUnproved: [], processMustEnd: false } : made;
  };
  return {
    capture: async (request, signal, progress) => {
      const id = captureIdOf(request.uid ?? '') ?? new Uint8Array(randomBytes(CAPTURE_ID_BYTES));
      return await finish(request, await (await live()).capture(request, id, signal, progress));
    },
    preflight: async (request) => await finish(request, await (await live()).ask({ kind: 'preflight', request })),
    resolve: async (request, roots) => await (await live()).resolve(request, roots),
    close: async () => await thread.close(),
  };
}
