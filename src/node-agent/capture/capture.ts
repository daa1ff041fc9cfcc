/**
 * The main path: what happens to a pod, in which order.
 *
 * ```
 * resolve ─► announce ─► cgroupFreeze ─► seize ─► cgroupThaw ─► stop ─► collect ─► hold ─► release
 *                                              └─► stop ─► cgroupThaw ─┘   (v2: tasks reach their stop while frozen)
 * ```
 *
 * The path is one synchronous stretch on the tracing thread. Whatever a phase returns or throws, the freezers that were closed
 * are opened and the tracees are released before capture() returns. `threadMustEnd` says that a tracee could not be released; the
 * end of the thread then releases it. The guard ({@link ./announcement.ts}) opens the freezers when this process cannot. The main
 * thread watches meanwhile ({@link ../tracer/tracer.ts}) and opens the freezers when this thread is stuck.
 */
import type { Phase } from '../../api/podcapture.js';
import type { Failure } from '../pure/failure.js';
import { announce, dismiss } from './announcement.js';
import type { CaptureContext } from './context.js';
import { lookForCoreDumps } from './core-dumps.js';
import { collect } from './phases/collect.js';
import { takeStatusFiles } from './first-look.js';
import { awaitOthers, freeze } from './phases/freeze.js';
import { hold, readTheRest } from './phases/hold.js';
import { release } from './phases/release.js';
import { inspect } from './phases/inspect.js';
import { seize, seizeEscaped } from './phases/seize.js';
import { stop } from './phases/stop.js';
import { thaw } from './phases/thaw.js';
import { rawCapture } from './make-raw-capture.js';
import type { RawCapture } from './raw-capture.js';
import { Session, type CaptureRequest } from './session.js';
import { noteStandstill } from './standstill.js';

type PhaseFunction = (session: Session) => Failure | undefined;

/**
 * Holds the tasks of the cgroups still, reads them and releases them.
 *
 * Guarantees: on return, every freezer is in the state in which it was found, unless `thawUnproved` names it, and no task is
 * traced, unless `threadMustEnd` is set. No signal is sent, and none is lost.
 * Assumptions: the calling thread traces nothing else, and nothing awaits in between.
 */
export function capture(context: CaptureContext, request: CaptureRequest): RawCapture {
  const session = new Session(context, request);
  let failure: Failure | undefined;
  try {
    failure =
      run(session, 'resolve', inspect) ??
      run(session, 'cgroupFreeze', awaitOthers, 'resolve') ??
      run(session, 'resolve', lookForCoreDumps) ??
      run(session, 'resolve', announce) ??
      warmUp(session) ??
      run(session, 'cgroupFreeze', freeze) ??
      run(session, 'seize', seize) ??
      stopAndThaw(session) ??
      run(session, 'stop', seizeEscaped) ??
      standsStill(session) ??
      run(session, 'collect', collect) ??
      run(session, 'collect', readTheRest, 'hold') ??
      run(session, 'hold', hold);
  } catch (error) {
    failure = internalError(error);
  }
  failure = letGo(session) ?? failure;
  return rawCapture(session, failure);
}

/**
 * Right before the freeze, and after the wait for the guard, which leaves other code in the caches of the CPU. This counts as no phase: the
 * pod runs, and nothing is done to it.
 */
function warmUp(session: Session): undefined {
  session.context.warmUp?.(session.firstLooks.size);
}

function standsStill(session: Session): undefined {
  noteStandstill(session);
}

/** A defect in one step of the release must not keep the other steps from being done. */
function letGo(session: Session): Failure | undefined {
  let defect: Failure | undefined;
  const attempt = (step: () => void, onDefect: () => void): void => {
    try {
      step();
    } catch (error) {
      defect ??= internalError(error);
      onDefect();
    }
  };
  if (session.stoodStillAt !== undefined) session.letGoAt = session.kernel.now();
  attempt(
    () => thaw(session),
    () =>
      session.thawUnproved.push(
        ...session.targets.filter((target) => target.closed).map((target) => target.container.directory),
      ),
  );
  attempt(
    () => run(session, 'release', release),
    () => {
      session.threadMustEnd = true;
    },
  );
  attempt(
    () => dismiss(session),
    () => {
      session.threadMustEnd = true;
    },
  );
  closeFiles(session, attempt);
  return defect;
}

/**
 * The freezers' descriptors are closed only when the main thread cannot be about to write to one: a closed number is free for
 * another file.
 */
function closeFiles(session: Session, attempt: (step: () => void, onDefect: () => void) => void): void {
  for (const fd of takeStatusFiles(session)) attempt(() => void session.kernel.files.close(fd), leaveOpen);
  if (!session.board.withdrawFreezers()) return;
  for (const freezer of session.freezers) attempt(() => freezer.close(), leaveOpen);
}

/** A descriptor that cannot be closed harms nobody: it belongs to procfs or cgroupfs. */
function leaveOpen(): void {
  return undefined;
}

function internalError(error: unknown): Failure {
  return { reason: 'InternalError', message: error instanceof Error ? error.message : String(error) };
}

/** On v2 a task reaches its stop while it is frozen, so that no task runs between thaw and stop. On v1 it stops only after the thaw. */
function stopAndThaw(session: Session): Failure | undefined {
  const stopsWhileFrozen = session.targets.every((target) => target.container.freezer === 'v2');
  return stopsWhileFrozen
    ? (run(session, 'stop', stop) ?? run(session, 'cgroupThaw', thaw))
    : (run(session, 'cgroupThaw', thaw) ?? run(session, 'stop', stop));
}

/** Runs one phase. The board shows `phase`, and the time counts as that of `timedAs`. */
function run(
  session: Session,
  phase: Phase,
  phaseFunction: PhaseFunction,
  timedAs: Phase = phase,
): Failure | undefined {
  session.board.enter(phase);
  const since = session.kernel.now();
  try {
    return phaseFunction(session);
  } finally {
    session.durations[timedAs] = (session.durations[timedAs] ?? 0) + session.kernel.now() - since;
  }
}
