/**
 * The main thread's side of a capture: starts the tracing thread, watches it by the board, opens the freezers when it is
 * stuck, and takes its report.
 */
import { Worker } from 'node:worker_threads';
import type { Libc } from '../native/libc.js';
import { linuxPtrace } from '../native/linux-ptrace.js';
import { Board } from './board.js';
import { failure, type Failure } from './failure.js';
import { THAW_WORD } from './freezer.js';
import type { RawCapture } from './raw-capture.js';
import type { CaptureReport } from './report.js';
import type { CaptureRequest } from './session.js';
import type { FromTracer, ToTracer, TracerData } from './tracer-messages.js';
import { stepWatch, WATCH_START, type Watch, type WatchEffect, type WatchEvent } from './watchdog.js';

/** Stalls are told at 3 and 5 ms, so it looks every millisecond; a look is five loads. In a hold it looks less often. */
const TICK_MS = 1;
const HOLD_TICK_MS = 20;
/** A larger young generation than Node's default: a capture of thousands of tasks then ends without a collection in the pause. */
const YOUNG_GENERATION_MB = 32;

/** How a capture ended: with a report, or without one because the thread died. */
export type TracerResult = { readonly report: CaptureReport } | { readonly failure: Failure };

export interface Tracer {
  /** Carries out one capture. One at a time. `signal` ends a hold early, or cancels what comes before it. */
  capture(request: CaptureRequest, signal?: AbortSignal): Promise<TracerResult>;
  /** Looks at everything that a capture would meet, and touches nothing. */
  preflight(request: CaptureRequest): Promise<TracerResult>;
  /** Ends the tracing thread. */
  close(): Promise<void>;
}

/** Starts a tracing thread. Rejects when the machine cannot run it at all. */
export async function startTracer(libc: Libc): Promise<Tracer> {
  let thread = await TracerThread.start(libc);
  const ask = async (message: ToTracer, limits?: CaptureRequest, signal?: AbortSignal): Promise<TracerResult> => {
    if (thread.ended) thread = await TracerThread.start(libc);
    const outcome = await thread.ask(message, limits, signal);
    if ('report' in outcome) return outcome;
    await thread.close();
    if (outcome.raw === undefined) return { failure: outcome.failure };
    thread = await TracerThread.start(libc);
    const made = await thread.ask({ kind: 'report', proc: limits?.proc ?? '/proc', raw: outcome.raw });
    return 'report' in made ? made : { failure: made.failure };
  };
  return {
    capture: async (request, signal) => await ask({ kind: 'capture', request }, request, signal),
    preflight: async (request) => await ask({ kind: 'preflight', request }, request),
    close: async () => await thread.close(),
  };
}

type Outcome =
  | { readonly report: CaptureReport }
  /** The thread has ended. `raw`: with everything captured and let go. */
  | { readonly failure: Failure; readonly raw: RawCapture | undefined };

class TracerThread {
  readonly #worker: Worker;
  readonly #board: Board;
  readonly #libc: Libc;
  #exit: Promise<number>;
  ended = false;

  static async start(libc: Libc): Promise<TracerThread> {
    const board = new Board();
    const data: TracerData = { board: board.memory };
    const worker = new Worker(new URL('./tracer.worker.js', import.meta.url), {
      workerData: data,
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
    });
    await new Promise<void>((resolve, reject) => {
      worker.once('message', () => resolve());
      worker.once('error', reject);
    });
    return new TracerThread(worker, board, libc);
  }

  constructor(worker: Worker, board: Board, libc: Libc) {
    this.#worker = worker;
    this.#board = board;
    this.#libc = libc;
    this.#exit = new Promise((resolve) => {
      worker.once('exit', (code) => {
        this.ended = true;
        resolve(code);
      });
    });
  }

  async ask(message: ToTracer, limits?: CaptureRequest, signal?: AbortSignal): Promise<Outcome> {
    this.#board.reset();
    const watching = limits === undefined ? undefined : new Watching(this.#board, this.#libc, this.#worker, limits);
    const cancel = (): void => watching?.handle({ kind: 'cancel' });
    signal?.addEventListener('abort', cancel, { once: true });
    if (signal?.aborted === true) cancel();
    let raw: RawCapture | undefined;
    let defect = '';
    const outcome = new Promise<Outcome>((resolve) => {
      const lost = (why: string): void => resolve({ failure: failure('InternalError', why), raw: undefined });
      if (watching !== undefined) watching.onLost = lost;
      this.#worker.on('message', (answer: FromTracer) => {
        if (answer.kind === 'released') watching?.handle({ kind: 'reported' });
        if (answer.kind === 'ending') raw = answer.raw;
        if (answer.kind === 'reported') resolve({ report: answer.report });
      });
      this.#worker.once('error', (error) => {
        defect = error instanceof Error ? error.message : String(error);
      });
      void this.#exit.then(() => {
        watching?.handle({ kind: 'ended' });
        resolve({ failure: failure('InternalError', `the tracing thread ended: ${defect || 'it was told to'}`), raw: endedByProof(raw) });
      });
    });
    this.#worker.postMessage(message);
    watching?.start();
    try {
      return await outcome;
    } finally {
      watching?.stop();
      signal?.removeEventListener('abort', cancel);
      this.#worker.removeAllListeners('message');
      this.#worker.removeAllListeners('error');
    }
  }

  async close(): Promise<void> {
    if (!this.ended) await this.#worker.terminate();
  }
}

/** The thread's end was the last detach: what the workload felt lasted until now. */
function endedByProof(raw: RawCapture | undefined): RawCapture | undefined {
  if (raw?.firstActAt === undefined) return raw;
  const pause = Math.round(Number(process.hrtime.bigint()) / 1000 - raw.firstActAt);
  const late = Math.max(0, pause - raw.timings.pauseMicroseconds);
  return {
    ...raw,
    timings: {
      ...raw.timings,
      releaseMicroseconds: raw.timings.releaseMicroseconds + late,
      pauseMicroseconds: raw.timings.pauseMicroseconds + late,
    },
    overrunMicroseconds: raw.overrunMicroseconds > 0 ? raw.overrunMicroseconds + late : 0,
  };
}

/** Runs {@link stepWatch} and does what it says. */
class Watching {
  onLost: (why: string) => void = () => undefined;
  readonly #board: Board;
  readonly #libc: Libc;
  readonly #worker: Worker;
  readonly #limits: CaptureRequest;
  #state: Watch = WATCH_START;
  #timer: NodeJS.Timeout | undefined;

  constructor(board: Board, libc: Libc, worker: Worker, limits: CaptureRequest) {
    this.#board = board;
    this.#libc = libc;
    this.#worker = worker;
    this.#limits = limits;
  }

  start(): void {
    const tick = (): void => {
      const view = this.#board.view();
      this.handle({ kind: 'tick', now: Number(process.hrtime.bigint()) / 1000, view });
      this.#timer = setTimeout(tick, view.phase === 'hold' ? HOLD_TICK_MS : TICK_MS);
    };
    this.#timer = setTimeout(tick, TICK_MS);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  handle(event: WatchEvent): void {
    const { state, effects } = stepWatch(this.#state, event, this.#limits);
    this.#state = state;
    for (const effect of effects) this.#do(effect);
  }

  #do(effect: WatchEffect): void {
    switch (effect.kind) {
      case 'order':
        this.#board.order(effect.bit);
        return;
      case 'thaw':
        for (const { fd, version } of this.#board.freezers()) {
          const word = Buffer.from(THAW_WORD[version]);
          this.#libc.write(fd, word, word.length);
        }
        return;
      case 'reapDead': {
        const ptrace = linuxPtrace(this.#libc);
        for (const tid of this.#board.tids()) ptrace.reap(tid);
        return;
      }
      case 'endThread':
        void this.#worker.terminate();
        return;
      case 'endProcess':
        this.onLost('the tracing thread does not end; only the end of the process releases what it traces');
        return;
      default:
        effect satisfies never;
    }
  }
}
