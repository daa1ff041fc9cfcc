/** Makes the raw capture of a session that has ended. */
import type { Phase, Timings } from '../../api/podcapture.js';
import type { Failure } from '../pure/failure.js';
import type { RawCapture, RawTask } from './raw-capture.js';
import type { Session, Task } from './session.js';

/** Copies everything that later code needs out of an ended session. */
export function rawCapture(session: Session, failure: Failure | undefined): RawCapture {
  const timings = timingsOf(session);
  const budget = session.request.maxPauseMicroseconds;
  return {
    failure,
    targets: session.targets.map(({ container, found, way, freezer }) => ({
      container,
      freezer: way === 'interrupts' ? 'none' : (freezer?.version ?? 'none'),
      wasFrozen: found !== 'THAWED',
    })),
    tasks: [...session.tasks.values(), ...departedTasks(session)].map(rawTask),
    processes: [...session.processes],
    firstLooks: session.firstLooks,
    zombies: [...session.zombies],
    zombiesAreHeld: session.zombiesAreHeld,
    records: session.arena.records(),
    unfrozen: [...session.unfrozen.values()],
    timings,
    budgetMicroseconds: budget,
    overrunMicroseconds: overrun(timings, budget),
    ...freezeSkew(session),
    thawUnproved: session.thawUnproved,
    threadMustEnd: session.threadMustEnd,
    isCutOff: session.isCutOff,
    firstActAt: session.firstActAt,
    stoodStillAt: session.stoodStillAt,
    heldFrom: session.heldFrom,
    letGoAt: session.letGoAt,
  };
}

/** A newcomer that got the tid of a departed task was read under that tid, and takes its place. */
function departedTasks({ departed, tasks }: Session): Task[] {
  return [...departed.values()].filter(({ tid }) => !tasks.has(tid));
}

/** By how much the pause without the hold exceeded its budget. */
export function overrun(timings: Timings, budgetMicroseconds: number | undefined): number {
  if (budgetMicroseconds === undefined) return 0;
  return Math.max(0, timings.pauseMicroseconds - timings.holdMicroseconds - budgetMicroseconds);
}

/** The skew as the freeze phase saw it: its looks are at most half a millisecond apart. */
function freezeSkew(session: Session): { readonly freezeSkewMicroseconds?: number } {
  const moments = session.targets.flatMap((target) => (target.way === 'freezer' ? (target.frozenAt ?? []) : []));
  if (moments.length === 0) return {};
  return { freezeSkewMicroseconds: Math.round(Math.max(...moments) - Math.min(...moments)) };
}

function rawTask(task: Task): RawTask {
  const stop = task.tracee?.state === 'stopped' ? task.tracee.stop : undefined;
  return {
    tid: task.tid,
    target: task.target.index,
    directory: task.directory,
    stopSignal: stop?.kind === 'jobControl' ? stop.signal : 0,
    joined: task.joined,
  };
}

function timingsOf(session: Session): Timings {
  const wrote = session.targets.some((target) => target.written);
  const traced = session.firstActAt !== undefined;
  const skipped = (phase: Phase): boolean =>
    (phase === 'hold' && session.request.holdMicroseconds === 0) ||
    (!wrote && (phase === 'cgroupFreeze' || phase === 'cgroupThaw')) ||
    (!traced && (phase === 'seize' || phase === 'stop'));
  const took = (phase: Phase): number => (skipped(phase) ? 0 : Math.round(session.durations[phase] ?? 0));
  const since = (end: number | undefined): number =>
    session.firstActAt === undefined || end === undefined ? 0 : Math.round(end - session.firstActAt);
  return {
    resolveMicroseconds: took('resolve'),
    cgroupFreezeMicroseconds: took('cgroupFreeze'),
    seizeMicroseconds: took('seize'),
    cgroupThawMicroseconds: took('cgroupThaw'),
    stopMicroseconds: took('stop'),
    collectMicroseconds: took('collect'),
    holdMicroseconds: took('hold'),
    releaseMicroseconds: took('release'),
    freezingMicroseconds: since(session.collectedAt),
    pauseMicroseconds: since(session.lastDetachAt),
  };
}
