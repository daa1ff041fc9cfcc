/** Drives the state machine of {@link ./watchdog.ts}: ticks while a capture runs, and takes the actions that it names. */
import type { Worker } from 'node:worker_threads';
import type { Libc } from '../../native/libc.js';
import { linuxPtrace } from '../../native/linux-ptrace.js';
import type { Board } from '../capture/board.js';
import { THAW_WORD } from '../cgroup/freezer.js';
import type { CaptureRequest } from '../capture/session.js';
import { stepWatch, WATCH_START, type Watch, type WatchEffect, type WatchEvent } from './watchdog.js';

/** Milliseconds between two ticks. Stalls are recognized after 3 and 5 ms, and a tick costs five loads. In a hold the ticks are rarer. */
const TICK_MS = 1;
const HOLD_TICK_MS = 20;

/** Runs {@link stepWatch} and takes the actions that it names. */
export class WatchdogDriver {
  onLost: () => void = () => undefined;
  /** Called when a requested hold has begun, and when all tasks stand still. See `Progress` in {@link ./tracer-thread.ts}. */
  onHold: (heldFrom: number | undefined) => void = () => undefined;
  readonly #board: Board;
  readonly #libc: Libc;
  readonly #worker: Worker;
  readonly #limits: CaptureRequest;
  #state: Watch = WATCH_START;
  #timer: NodeJS.Timeout | undefined;
  readonly #isGuarded: () => boolean;
  #holding = false;
  #heldFrom: number | undefined;
  #mayHoldFor: (() => number) | undefined;
  #guarded = true;

  constructor(board: Board, libc: Libc, worker: Worker, limits: CaptureRequest, isGuarded: () => boolean) {
    this.#board = board;
    this.#libc = libc;
    this.#worker = worker;
    this.#limits = limits;
    this.#isGuarded = isGuarded;
  }

  /** Bounds the hold by this from now on, in milliseconds. */
  keepBound(mayHoldFor: () => number): void {
    this.#mayHoldFor = mayHoldFor;
    this.#setBound();
  }

  start(): void {
    const tick = (): void => {
      const view = this.#board.view();
      this.handle({ kind: 'tick', now: monotonicMicroseconds(), view });
      this.#setBound();
      if (this.#guarded && !this.#isGuarded()) {
        this.#guarded = false;
        this.handle({ kind: 'unguarded' });
      }
      if (view.phase === 'hold') this.#noteHold();
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

  /** Captures without a hold enter this phase too. */
  #noteHold(): void {
    if (this.#limits.holdMicroseconds === 0) return;
    const heldFrom = this.#board.heldFrom();
    if (this.#holding && heldFrom === this.#heldFrom) return;
    this.#holding = true;
    this.#heldFrom = heldFrom;
    this.onHold(heldFrom);
  }

  #setBound(): void {
    if (this.#mayHoldFor === undefined) return;
    this.#board.setMayHoldUntil(monotonicMicroseconds() + 1000 * this.#mayHoldFor());
  }

  #do(effect: WatchEffect): void {
    switch (effect.kind) {
      case 'order':
        this.#board.order(effect.bit);
        return;
      case 'thaw':
        this.#board.forEachFreezer(({ fd, version }) => {
          const word = Buffer.from(THAW_WORD[version]);
          this.#libc.write(fd, word, word.length);
        });
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
        this.onLost();
        return;
      default:
        effect satisfies never;
    }
  }
}

/** The clock of the tracing thread, too: `now()` in {@link ../../native/linux-kernel.ts}. */
function monotonicMicroseconds(): number {
  return Number(process.hrtime.bigint()) / 1000;
}
