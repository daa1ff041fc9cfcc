/** The main thread's side of one tracing thread: starts it, asks it, watches it by the board, and cleans up when it dies. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { Libc } from '../../native/libc.js';
import { ENOTCONN } from '../../native/errno.js';
import { isHungUp } from '../../native/guard-channel.js';
import { createLinuxKernel } from '../../native/linux-kernel.js';
import { Board } from '../capture/board.js';
import { overrun } from '../capture/make-raw-capture.js';
import { failure, type Failure } from '../pure/failure.js';
import { openFreezer, thawAndVerify } from '../cgroup/freezer.js';
import type { GuardSupply } from './guard-supply.js';
import type { RawCapture } from '../capture/raw-capture.js';
import type { CaptureReport } from '../report/report.js';
import type { ContainersRequest, ContainersResolution } from '../resolve/containers.js';
import type { ResolveRoots } from '../resolve/request.js';
import type { CaptureRequest } from '../capture/session.js';
import type { FromTracer, GuardSocket, ToTracer, TracerData } from './tracer-messages.js';
import { WatchdogDriver } from './watchdog-driver.js';

/** Size of the young generation, in MB. It is larger than Node's default, so that a pause of thousands of tasks needs no collection. */
const YOUNG_GENERATION_MB = 16;
/** How long the end of the thread is waited for. A thread that sits in a system call does not end, and must not keep the process from ending. */
const CLOSE_BOUND_MS = 1_000;
/** As many attempts as in the thaw phase, each 0.2 ms later than the one before. */
const THAW_ATTEMPTS = 40;

/** Callbacks while a capture runs, on the main thread. */
export interface Progress {
  /**
   * The tree is collected, no freezer is closed any more, and the hold has begun. Called at most a tick late; called a second
   * time when a task that was set aside has reached its stop.
   *
   * @param heldFrom since when every task stands still, by the wall clock, in microseconds since the epoch. Undefined while a
   *   task that was set aside may go on.
   */
  readonly onHold?: (heldFrom: number | undefined) => void;
  /** Returns for how much longer the pod may be held, in milliseconds. Read at each tick, and kept by the tracing thread. */
  readonly mayHoldFor?: () => number;
}

export type Outcome =
  | { readonly kind: 'reported'; readonly report: CaptureReport }
  /** The thread ended as it should, to release the last tasks. Another thread has to make the report. */
  | { readonly kind: 'ended'; readonly raw: RawCapture; readonly failure: Failure }
  | {
      readonly kind: 'died';
      readonly failure: Failure;
      readonly thawUnproved: readonly string[];
      readonly processMustEnd: boolean;
    };

export class TracerThread {
  readonly #worker: Worker;
  readonly #board: Board;
  readonly #libc: Libc;
  readonly #guards: GuardSupply;
  /** Called at the end of the thread, for the current request. A chain of promises would keep every report for as long as the thread lives. */
  #onExit: () => void = () => undefined;
  /** The descriptor of the connection to the guard; -errno while there is no connection. */
  #socket = -ENOTCONN;
  #defect = 'it was told to end';
  /** The thread does not even end. Its tracees stand still until the end of this process, so nobody may wait for it or report a release. */
  #lost = false;
  ended = false;

  /** Resolves when the thread is ready for its first capture. */
  static async start(
    libc: Libc,
    guards: GuardSupply,
    options: Pick<TracerData, 'fault' | 'practises'>,
  ): Promise<TracerThread> {
    const board = new Board();
    const data: TracerData = { board: board.memory, ownFreezer: guards.ownFreezer, ...options };
    const worker = new Worker(new URL('./tracer.worker.js', import.meta.url), {
      workerData: data,
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
    });
    await new Promise<void>((resolve, reject) => {
      worker.once('message', () => resolve());
      worker.once('error', reject);
    });
    return new TracerThread(worker, board, libc, guards);
  }

  constructor(worker: Worker, board: Board, libc: Libc, guards: GuardSupply) {
    this.#worker = worker;
    this.#board = board;
    this.#libc = libc;
    this.#guards = guards;
    worker.on('error', (error) => {
      this.#defect = error instanceof Error ? error.message : String(error);
    });
    worker.once('exit', () => {
      this.ended = true;
      this.#onExit();
    });
  }

  /** Carries out a capture, watched and kept to its limits. */
  async capture(
    request: CaptureRequest,
    captureId: Uint8Array,
    signal?: AbortSignal,
    progress?: Progress,
  ): Promise<Outcome> {
    const guard = this.#connect();
    const outcome = await this.ask({ kind: 'capture', request, captureId, guard }, request, signal, progress);
    // A new guard takes the freezers for open when the thread that could write FROZEN is dead. If the journal of the dead guard named a
    // living thread, the new guard would kill this process.
    if (outcome.kind !== 'reported' || (this.#socket >= 0 && !this.#isGuarded())) await this.close();
    return outcome;
  }

  /** Sends a message and returns the outcome. With `request`, the thread is watched meanwhile. */
  async ask(message: ToTracer, request?: CaptureRequest, signal?: AbortSignal, progress?: Progress): Promise<Outcome> {
    this.#board.reset();
    const watching =
      request && new WatchdogDriver(this.#board, this.#libc, this.#worker, request, () => this.#isGuarded());
    if (watching !== undefined && progress?.onHold !== undefined) watching.onHold = progress.onHold;
    if (watching !== undefined && progress?.mayHoldFor !== undefined) watching.keepBound(progress.mayHoldFor);
    const cancel = (): void => watching?.handle({ kind: 'cancel' });
    signal?.addEventListener('abort', cancel, { once: true });
    if (signal?.aborted === true) cancel();
    const outcome = new Promise<Outcome>((resolve) => {
      let raw: RawCapture | undefined;
      this.#worker.on('message', (answer: FromTracer) => {
        if (answer.kind === 'released') watching?.handle({ kind: 'reported' });
        if (answer.kind === 'ending') raw = answer.raw;
        if (answer.kind === 'reported') resolve({ kind: 'reported', report: answer.report });
      });
      if (watching !== undefined) {
        watching.onLost = () => {
          this.#lost = true;
          resolve(this.#died(request, 'it does not end', true));
        };
      }
      this.#onExit = () => {
        watching?.handle({ kind: 'ended' });
        resolve(raw === undefined ? this.#died(request, this.#defect, false) : endedByProof(raw));
      };
      if (this.ended) this.#onExit();
    });
    this.#worker.postMessage(message);
    watching?.start();
    try {
      return await outcome;
    } finally {
      watching?.stop();
      signal?.removeEventListener('abort', cancel);
      this.#worker.removeAllListeners('message');
      this.#onExit = () => undefined;
    }
  }

  /**
   * Finds the cgroups of a pod's containers on this thread: walking a hierarchy of some thousand cgroups takes 0.1 s, in which the
   * main thread could not open another capture's freezer.
   */
  async resolve(request: ContainersRequest, roots: ResolveRoots): Promise<ContainersResolution> {
    try {
      return await new Promise((resolve) => {
        const died = (): void =>
          resolve({ ok: false, failure: failure('InternalError', `the tracing thread failed: ${this.#defect}`) });
        this.#worker.on('message', (answer: FromTracer) => {
          if (answer.kind === 'resolved') resolve(answer.resolution);
        });
        this.#onExit = died;
        if (this.ended) died();
        else this.#worker.postMessage({ kind: 'resolve', request, roots } satisfies ToTracer);
      });
    } finally {
      this.#worker.removeAllListeners('message');
      this.#onExit = () => undefined;
    }
  }

  /** Ends the thread; gives up on one that is stuck in the kernel. */
  async close(): Promise<void> {
    if (this.#lost) return;
    if (!this.ended) await Promise.race([this.#worker.terminate(), sleep(CLOSE_BOUND_MS, undefined, { ref: false })]);
    this.#disconnect();
  }

  #connect(): GuardSocket {
    if (this.#isGuarded()) return { fd: this.#socket, isNew: false };
    this.#disconnect();
    this.#socket = this.#guards.connect();
    return { fd: this.#socket, isNew: true };
  }

  #isGuarded(): boolean {
    return this.#socket >= 0 && !isHungUp(this.#libc, this.#socket);
  }

  #disconnect(): void {
    if (this.#socket >= 0) this.#guards.release(this.#socket);
    this.#socket = -ENOTCONN;
  }

  /** Opens the freezers that the dead thread had announced as closed, and proves it: the thread may have died between FROZEN and thaw. */
  #died(request: CaptureRequest | undefined, why: string, processMustEnd: boolean): Outcome {
    const kernel = createLinuxKernel(this.#libc);
    const pause = (microseconds: number): void => kernel.sleep(microseconds);
    const thawUnproved: string[] = [];
    for (const { container } of this.#board.view().closed > 0 ? this.#board.freezers() : []) {
      const target = request?.containers[container];
      if (target === undefined || target.freezer === 'none') continue;
      const freezer = openFreezer(kernel.files, pause, target.directory, target.freezer);
      if (typeof freezer === 'number' || !thawAndVerify(freezer, THAW_ATTEMPTS, pause))
        thawUnproved.push(target.directory);
      if (typeof freezer !== 'number') freezer.close();
    }
    return {
      kind: 'died',
      failure: failure('InternalError', `the tracing thread failed: ${why}`),
      thawUnproved,
      processMustEnd,
    };
  }
}

/** The end of the thread was the last detach, so the pause lasted until now. */
function endedByProof(raw: RawCapture): Outcome {
  const ended = failure('InternalError', 'the tracing thread that had to make the report failed');
  if (raw.firstActAt === undefined) return { kind: 'ended', raw, failure: ended };
  const pause = Math.round(Number(process.hrtime.bigint()) / 1000 - raw.firstActAt);
  const late = Math.max(0, pause - raw.timings.pauseMicroseconds);
  const timings = {
    ...raw.timings,
    releaseMicroseconds: raw.timings.releaseMicroseconds + late,
    pauseMicroseconds: raw.timings.pauseMicroseconds + late,
  };
  const overrunMicroseconds = overrun(timings, raw.budgetMicroseconds);
  return { kind: 'ended', raw: { ...raw, timings, overrunMicroseconds }, failure: ended };
}
