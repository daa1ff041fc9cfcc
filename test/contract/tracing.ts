import type { Kernel } from '../../src/native/kernel.js';
import { decodeWait, type WaitEvent } from '../../src/native/wait-status.js';
import { comesTrue } from './world.js';

/** Traces tasks for one test, and releases all of them afterwards, even when the test failed in the middle. */
export class Tracing {
  readonly #kernel: Kernel;
  readonly #tids = new Set<number>();

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  seize(tid: number, options = 0): number {
    const result = this.#kernel.ptrace.seize(tid, options);
    if (result === 0) this.#tids.add(tid);
    return result;
  }

  /** Registers a tracee that the kernel attached by itself. */
  adopt(tid: number): void {
    this.#tids.add(tid);
  }

  look(tid: number): WaitEvent | number {
    const packed = this.#kernel.ptrace.peek(tid);
    return packed < 0 ? packed : decodeWait(packed);
  }

  /** Waits until the kernel reports something for the tracee. */
  report(tid: number, bound?: number): WaitEvent | number {
    comesTrue(this.#kernel, () => this.#kernel.ptrace.peek(tid) !== 0, bound);
    return this.look(tid);
  }

  /** Seizes and interrupts a task, and waits for its stop. */
  stop(tid: number): WaitEvent | number {
    const seized = this.seize(tid);
    if (seized < 0) return seized;
    this.#kernel.ptrace.interrupt(tid);
    return this.report(tid);
  }

  letAllGo(): void {
    const { ptrace } = this.#kernel;
    for (const tid of this.#tids) {
      ptrace.interrupt(tid);
      const event = this.report(tid);
      if (typeof event === 'number') continue;
      if (event.kind === 'exited' || event.kind === 'killed') ptrace.reap(tid);
      else ptrace.detach(tid, event.kind === 'signalDelivery' ? event.signal : 0);
    }
    this.#tids.clear();
  }
}
