/** Captures, one at a time, by a tracing thread that is replaced when it had to end. */
import type { Libc } from '../native/libc.js';
import type { Failure } from './failure.js';
import type { CaptureReport } from './report.js';
import type { CaptureRequest } from './session.js';
import type { ToTracer } from './tracer-messages.js';
import { TracerThread } from './tracer-thread.js';

/** How a capture ended: with a report, or without one because the thread died. */
export type TracerResult =
  | { readonly report: CaptureReport }
  | {
      readonly failure: Failure;
      /** Freezers that the dead thread had closed and that could not be proved open since. */
      readonly thawUnproved: readonly string[];
      /** The thread does not even end: only the end of this process, by SIGKILL, releases what it traces. */
      readonly processMustEnd: boolean;
    };

/** Told while a capture runs, on the main thread. */
export interface Progress {
  /** The tree is collected and the hold has begun; no freezer is closed any more. At most once, and a tick late at worst. */
  readonly onHold?: () => void;
}

export interface Tracer {
  /** Carries out one capture. One at a time. `signal` ends a hold early, or cancels what comes before it. */
  capture(request: CaptureRequest, signal?: AbortSignal, progress?: Progress): Promise<TracerResult>;
  /** Looks at everything that a capture would meet, and touches nothing. */
  preflight(request: CaptureRequest): Promise<TracerResult>;
  /** How many threads there have been: a new number means a cold one, that is worth a rehearsal. */
  threads(): number;
  /** Ends the tracing thread. */
  close(): Promise<void>;
}

/** Starts a tracing thread. Rejects when the machine cannot run it at all. */
export async function startTracer(libc: Libc): Promise<Tracer> {
  let threads = 0;
  const start = async (): Promise<TracerThread> => {
    threads += 1;
    return await TracerThread.start(libc);
  };
  let thread = await start();
  const ask = async (
    message: ToTracer,
    request: CaptureRequest,
    signal?: AbortSignal,
    progress?: Progress,
  ): Promise<TracerResult> => {
    if (thread.ended) thread = await start();
    const outcome = await thread.ask(message, message.kind === 'capture' ? request : undefined, signal, progress);
    if (outcome.kind !== 'ended') return outcome;
    // The captured bytes outlive the thread that read them.
    thread = await start();
    const made = await thread.ask({ kind: 'report', proc: request.proc, raw: outcome.raw });
    return made.kind === 'ended' ? { failure: outcome.failure, thawUnproved: [], processMustEnd: false } : made;
  };
  return {
    capture: async (request, signal, progress) => await ask({ kind: 'capture', request }, request, signal, progress),
    preflight: async (request) => await ask({ kind: 'preflight', request }, request),
    threads: () => threads,
    close: async () => await thread.close(),
  };
}
