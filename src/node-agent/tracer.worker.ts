/**
 * The tracing thread: the one OS thread to which every ptrace call of a capture belongs. It does one thing at a time,
 * synchronously; the end of this thread releases whatever it traces.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { openLibc } from '../native/libc.js';
import { createLinuxKernel } from '../native/linux-kernel.js';
import { Board } from './board.js';
import { capture } from './capture.js';
import { preflight } from './preflight.js';
import { RawArena } from './raw-arena.js';
import { report } from './report.js';
import type { CaptureContext } from './session.js';
import type { FromTracer, ToTracer, TracerData } from './tracer-messages.js';

/** Before anything was measured. Detaching takes about 6 µs a task; the first budget keeps more back. */
const FIRST_RELEASE_COST_MICROSECONDS = 15;
/** An old measure counts for less each time, so that one slow release does not shorten every budget after it. */
const FORGETTING = 0.9;

const port = parentPort;
if (port === null) throw new Error('this file is started as a worker thread');
const kernel = createLinuxKernel(openLibc());
const board = new Board((workerData as TracerData).board);
const arena = new RawArena();
let releaseMicrosecondsPerTask = FIRST_RELEASE_COST_MICROSECONDS;

const answer = (message: FromTracer): void => port.postMessage(message);

function context(): CaptureContext {
  return {
    kernel,
    board,
    arena,
    wait: (known, microseconds) => board.waitForOrders(known, microseconds),
    releaseMicrosecondsPerTask,
  };
}

port.on('message', (message: ToTracer) => {
  switch (message.kind) {
    case 'capture': {
      const raw = capture(context(), message.request);
      if (raw.tasks.length > 0) {
        releaseMicrosecondsPerTask = Math.max(raw.releaseMicrosecondsPerTask, FORGETTING * releaseMicrosecondsPerTask);
      }
      if (raw.threadMustEnd) {
        // What could not be detached goes free with this thread, and with nothing else.
        answer({ kind: 'ending', raw });
        process.exit(0);
      }
      answer({ kind: 'released' });
      answer({ kind: 'reported', report: report(kernel.files, message.request.proc, raw) });
      break;
    }
    case 'report':
      answer({ kind: 'reported', report: report(kernel.files, message.proc, message.raw) });
      break;
    case 'preflight': {
      const raw = preflight(context(), message.request);
      answer({ kind: 'reported', report: report(kernel.files, message.request.proc, raw) });
      break;
    }
    default:
      message satisfies never;
  }
});
answer({ kind: 'ready' });
