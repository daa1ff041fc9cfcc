/**
 * The tracing thread: the one OS thread to which every ptrace call of a capture belongs. It does one thing at a time,
 * synchronously; the end of this thread releases whatever it traces.
 */
import { constants, getPriority, setPriority } from 'node:os';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { parentPort, workerData } from 'node:worker_threads';
import { EBUSY, ENOTCONN } from '../../native/errno.js';
import { openGuard } from '../../native/guard-channel.js';
import type { Guard } from '../../native/guard.js';
import { openLibc } from '../../native/libc.js';
import { createLinuxKernel } from '../../native/linux-kernel.js';
import { quietStops } from '../../native/quiet-stops.js';
import { Board } from '../capture/board.js';
import { capture } from '../capture/capture.js';
import { armFault } from '../capture/fault-points.js';
import { preflight } from '../capture/preflight.js';
import { FIRST_RELEASE_COST, nextReleaseCost } from '../pure/release-cost.js';
import { wallOffset } from '../pure/wall-clock.js';
import { RawArena } from '../capture/raw-arena.js';
import { report } from '../report/report.js';
import { resolveContainers } from '../resolve/containers.js';
import type { CaptureContext } from '../capture/context.js';
import { Practice, type Stage } from './practice/practice.js';
import type { FromTracer, GuardSocket, ToTracer, TracerData } from './tracer-messages.js';

/** This thread says hello for half a second on a connection that another thread had before: so many times, so long apart. */
const HELLO_ATTEMPTS = 50;
const HELLO_EVERY_MICROSECONDS = 10_000;

const port = parentPort;
if (port === null) throw new Error('this file is started as a worker thread');
const data = workerData as TracerData;
const libc = openLibc();
const kernel = createLinuxKernel(libc);
const board = new Board(data.board);
let guard: Guard | number = -ENOTCONN;
const arena = new RawArena();
const HANG_MICROSECONDS = 3_600_000_000;
const fault = armFault(data.fault, {
  signal: (name) => void process.kill(process.pid, name),
  exitThread: () => process.exit(1),
  hang: () => kernel.sleep(HANG_MICROSECONDS),
});
let releaseCost = FIRST_RELEASE_COST;

/**
 * Raises the priority of this thread while a capture is late, and lowers it again. The tasks need CPU time as well, to freeze and to stop:
 * with nice -20 from the start, a stop took 100 µs instead of 15 µs. Linux takes a tid here, and changes that thread alone
 * (setpriority(2)). Without CAP_SYS_NICE, as in the node agent's pod, the kernel refuses; the pod requests CPU instead.
 */
const usualPriority = getPriority(kernel.tid);
let hurries = false;
function setHurry(hurry: boolean): void {
  if (hurry === hurries) return;
  hurries = hurry;
  try {
    setPriority(kernel.tid, hurry ? constants.priority.PRIORITY_HIGHEST : usualPriority);
  } catch {
    // The capture goes on at the usual priority.
  }
}

/** V8 exposes `gc` only in contexts that are created after its flag was set. */
setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as (options: { readonly type: 'minor' }) => void;
/**
 * Below this number of tasks the young generation has room for the pause. A collection takes 1 ms before the pause, and up to 10 ms in
 * it.
 */
const TIDY_FROM_TASKS = 500;

/** Collects the garbage of the looks before the freeze, and brings the code of the pause into the caches. */
function warmUp(tasks: number): void {
  if (tasks >= TIDY_FROM_TASKS) collectGarbage({ type: 'minor' });
  practice?.refresh();
}

const aheadOfMonotonic = (): number => wallOffset(() => kernel.now(), Date.now);
const answer = (message: FromTracer): void => port.postMessage(message);

/**
 * Says hello to the guard, on this thread, so that the guard watches this thread. After a failure the next capture tries again. EBUSY: the
 * guard still settles the capture of the thread before this one, which takes milliseconds.
 */
function greet({ fd, isNew }: GuardSocket): void {
  if (!isNew && typeof guard !== 'number') return;
  const { ownFreezer } = data;
  const own = ownFreezer === undefined ? {} : { ownFreezer };
  const hello = (): Guard | number => openGuard(libc, { fd }, { pid: kernel.pid, tid: kernel.tid, ...own });
  guard = fd < 0 ? fd : hello();
  for (let attempt = 1; guard === -EBUSY && attempt < HELLO_ATTEMPTS; attempt++) {
    kernel.sleep(HELLO_EVERY_MICROSECONDS);
    guard = hello();
  }
}

/** Real and practised captures are given objects of one shape, so that code which was compiled for the one serves the other. */
function contextOf(
  stage: Stage,
  own: Required<Pick<CaptureContext, 'hurry' | 'warmUp' | 'arena' | 'wallOffset'>>,
): CaptureContext {
  const { board: shared } = stage;
  return {
    ...stage,
    ...own,
    fault,
    wait: (known, microseconds) => shared.waitForOrders(known, microseconds),
    releaseCost,
  };
}

function realContext(captureId: Uint8Array): CaptureContext {
  return contextOf(
    { kernel, board, guard, captureId },
    { hurry: () => setHurry(true), warmUp, arena, wallOffset: aheadOfMonotonic },
  );
}

const practice = data.practises
  ? new Practice(libc, (stage) =>
      contextOf(stage, { hurry: () => undefined, warmUp: () => undefined, arena: new RawArena(), wallOffset: () => 0 }),
    )
  : undefined;

port.on('message', (message: ToTracer) => {
  switch (message.kind) {
    case 'capture': {
      greet(message.guard);
      quietStops(libc);
      const raw = capture(realContext(message.captureId), message.request);
      setHurry(false);
      releaseCost = nextReleaseCost(releaseCost, raw.tasks.length, raw.timings.releaseMicroseconds);
      if (raw.threadMustEnd) {
        // Only the end of this thread releases the tasks that could not be detached.
        answer({ kind: 'ending', raw });
        process.exit(0);
      }
      answer({ kind: 'released' });
      answer({ kind: 'reported', report: report(kernel.files, message.request.proc, raw, aheadOfMonotonic) });
      break;
    }
    case 'report':
      answer({ kind: 'reported', report: report(kernel.files, message.proc, message.raw, aheadOfMonotonic) });
      break;
    case 'preflight': {
      const raw = preflight(realContext(new Uint8Array()), message.request);
      answer({ kind: 'reported', report: report(kernel.files, message.request.proc, raw, aheadOfMonotonic) });
      break;
    }
    case 'resolve':
      answer({ kind: 'resolved', resolution: resolveContainers(message.request, message.roots) });
      break;
    default:
      message satisfies never;
  }
});
practice?.begin();
answer({ kind: 'ready' });
practice?.goOnWhenIdle();
