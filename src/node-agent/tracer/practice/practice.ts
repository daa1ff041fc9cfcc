/**
 * A tracing thread practises: it runs captures of tasks that do not exist, before its first capture until the engine has compiled the code
 * of a pause, and shortly before each capture to have that code in the caches of its CPU. Without any practice the first pause is six
 * times as long (1 task: 2.5 ms instead of 0.4 ms on v2).
 */
import { openSync, readFileSync } from 'node:fs';
import { CAPTURE_ID_BYTES, type Guard } from '../../../native/guard.js';
import type { Kernel } from '../../../native/kernel.js';
import type { Libc } from '../../../native/libc.js';
import { createLinuxKernel } from '../../../native/linux-kernel.js';
import { Board } from '../../capture/board.js';
import { capture } from '../../capture/capture.js';
import type { CaptureContext } from '../../capture/context.js';
import type { CaptureRequest } from '../../capture/session.js';
import { PRETENDED_CGROUP, PRETENDED_PROC, pretendedLibc } from './pretended-libc.js';

/** So many tasks are captured per round. More tasks per round, or more rounds, made no pause shorter that was measured. */
const PROCESSES = 4;
const THREADS_PER_PROCESS = 4;
/** Bound of the practice, in milliseconds. 30 rounds fit into it on a quiet machine. On a busy one fewer have to do. */
const WITHIN_MS = 60;
/** Bound of the practice before each capture, in milliseconds. Without it, after 50 ms of rest, the pause of one task was twice as long. */
const REFRESH_MS = 5;
/**
 * The thread goes on for 1 s of CPU time in its first 10 s, in milliseconds: by then the pause of one task is a third shorter than right
 * after the first practice. A capture that is asked for meanwhile waits for a slice at most.
 */
const IDLE_SLICES = 100;
const IDLE_SLICE_MS = 10;
const IDLE_EVERY_MS = 100;
/**
 * The engine compiles on other threads of this process, which would take the CPU from the tasks that are to stop: with the last of that
 * work still running, one first pause in four was 2 ms longer. Looks every 2 ms, 15 times at most, until the process is quiet.
 */
const SETTLE_LOOKS = 15;
const SETTLE_EVERY_MICROSECONDS = 2_000;
const QUIET_MICROSECONDS = 300;
/** The shortest sleep takes 60 µs, so that the real calls are not made in every round. */
const TOUCH_EVERY = 8;
/** Linux has no task with this thread id (PID_MAX_LIMIT, proc_sys_kernel(5)). */
const NOBODY = 4_194_304;

/** The pretended parts of a capture. */
export type Stage = Pick<CaptureContext, 'kernel' | 'board' | 'guard' | 'captureId'>;

export class Practice {
  readonly #kernel: Kernel;
  readonly #board = new Board();
  readonly #stages: readonly { readonly context: CaptureContext; readonly request: CaptureRequest }[];

  /** `contextOf` adds the parts that a real capture has as well, such as the arena, which gets its first memory that way. */
  constructor(libc: Libc, contextOf: (stage: Stage) => CaptureContext) {
    // Open for as long as the thread lives.
    const sink = openSync('/dev/null', 'r+');
    const status = readFileSync('/proc/thread-self/status', 'utf8');
    const shape = { processes: PROCESSES, threadsPerProcess: THREADS_PER_PROCESS, status };
    this.#kernel = createLinuxKernel(libc);
    this.#stages = (['v1', 'v2'] as const).map((version) => ({
      context: contextOf({
        kernel: createLinuxKernel(pretendedLibc(libc, sink, { version, ...shape })),
        board: this.#board,
        guard: PRETENDED_GUARD,
        captureId: new Uint8Array(CAPTURE_ID_BYTES),
      }),
      request: requestFor(version),
    }));
  }

  /** Before the first capture. Takes 0.1 s at most. Returns the number of rounds; 0 when a pretended capture failed. */
  begin(): number {
    const until = performance.now() + WITHIN_MS;
    let rounds = 0;
    for (; performance.now() < until; rounds++) if (!this.#round(rounds)) return 0;
    this.#settle();
    return rounds;
  }

  /** Before each capture. Takes 5 ms. */
  refresh(): void {
    this.#rounds(REFRESH_MS);
  }

  /** While the thread has nothing else to do. Does not keep the thread alive. */
  goOnWhenIdle(): void {
    let slices = 0;
    const timer = setInterval(() => {
      this.#rounds(IDLE_SLICE_MS);
      slices += 1;
      if (slices === IDLE_SLICES) clearInterval(timer);
    }, IDLE_EVERY_MS);
    timer.unref();
  }

  #rounds(forMilliseconds: number): void {
    const until = performance.now() + forMilliseconds;
    for (let round = 0; performance.now() < until && this.#round(round); round++);
  }

  #round(round: number): boolean {
    if (round % TOUCH_EVERY === 0) touch(this.#kernel);
    return this.#stages.every(({ context, request }) => {
      this.#board.reset();
      return capture(context, request).failure === undefined;
    });
  }

  /** getrusage(2) counts the CPU time of all threads of this process. */
  #settle(): void {
    for (let look = 0; look < SETTLE_LOOKS; look++) {
      const before = process.cpuUsage();
      this.#kernel.sleep(SETTLE_EVERY_MICROSECONDS);
      const { user, system } = process.cpuUsage(before);
      if (user + system < QUIET_MICROSECONDS) return;
    }
  }
}

function requestFor(version: 'v1' | 'v2'): CaptureRequest {
  return {
    containers: [
      { directory: PRETENDED_CGROUP, cgroupPath: PRETENDED_CGROUP, cgroupVersion: version, freezer: version },
    ],
    timeoutMicroseconds: 1_000_000,
    holdMicroseconds: 0,
    proc: PRETENDED_PROC,
  };
}

/**
 * Makes each call of the pause once with the real C library, and changes nothing by it. The engine would take the pretended functions for
 * the only ones otherwise, and would throw the compiled code away at the first real call.
 */
function touch(kernel: Kernel): void {
  const { files, ptrace } = kernel;
  const bytes = new Uint8Array(256);
  const fd = files.open('/proc/thread-self/comm', 'read');
  files.pread(fd, bytes, 0);
  files.pollEvent(fd, 0);
  files.write(fd, '');
  files.close(fd);
  files.readInto('/proc/thread-self/comm', bytes);
  files.readlinkInto('/proc/self/exe', bytes);
  files.directories('/proc/self/fdinfo');
  ptrace.seize(NOBODY, 0);
  ptrace.interrupt(NOBODY);
  ptrace.peek(NOBODY);
  ptrace.detach(NOBODY, 0);
  kernel.sleep(0);
}

const PRETENDED_GUARD: Guard = {
  pid: 0,
  seesThreads: true,
  hasJournal: true,
  announce: () => 0,
  opened: () => 0,
  disowned: () => 0,
  tell: () => undefined,
  done: () => 0,
  ping: () => 0,
  recovered: () => [],
  acknowledge: () => 0,
  close: () => undefined,
};
