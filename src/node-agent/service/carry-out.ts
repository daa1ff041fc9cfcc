/**
 * Carries out one claimed capture: resolve, checks, freeze to release, command lines, artifact. It does everything
 * except talking to the API server.
 */
import type { PodCapture } from '../../api/kinds.js';
import type { ProcessRow } from '../../api/podcapture.js';
import type { Clock } from '../../kube/clock.js';
import type { CommandLines } from '../pure/command-lines.js';
import { emptyReport, type FinalReport } from '../report/empty-report.js';
import { finalReport } from '../tracer/final-report.js';
import { failure, type Failure } from '../pure/failure.js';
import type { ContainerTarget } from '../pure/container-target.js';
import type { ContainersRequest, ContainersResolution } from '../resolve/containers.js';
import type { CaptureRequest } from '../capture/session.js';
import { artifactText } from './artifact-text.js';
import type { Artifacts } from './artifacts.js';
import type { CaptureRun } from './capture-run.js';
import { DISK_BOUND_MS, type DiskGate } from './disk-gate.js';
import { CUT_OFF } from './fence.js';
import type { GuardKeeper } from './guard-keeper.js';
import type { Ended } from './status.js';
import type { TracerPool } from './tracer-pool.js';
import type { Tracer } from '../tracer/tracer.js';

export interface CarryOutParts {
  readonly proc: string;
  readonly resolve: (tracer: Pick<Tracer, 'resolve'>, request: ContainersRequest) => Promise<ContainersResolution>;
  readonly pool: TracerPool;
  readonly artifacts: Artifacts;
  readonly gate: DiskGate;
  readonly readCmdlines: (tree: readonly ProcessRow[]) => Promise<CommandLines>;
  readonly clock: Clock;
  readonly guard: Pick<GuardKeeper, 'whenAlive' | 'check' | 'recovered'>;
  /** For how much longer pods may be held, in milliseconds. See {@link ./fence.ts}. */
  readonly mayHoldFor: () => number;
  /** Aborts when nothing may be waited for any longer, not even a report. */
  readonly lastCall: AbortSignal;
}

export interface Watchers {
  /** Called when the hold has begun, and when all tasks stand still. See `Progress` in {@link ../tracer/tracer-thread.ts}. */
  readonly onHold: (heldFrom: number | undefined) => void;
  /** Called with what the capture waits for before it touches the pod, and with nothing when it goes on. */
  readonly onWait: (why: Failure | undefined) => void;
  /** Called when the pod runs again, before what was read is stored. */
  readonly onRead: (ended: Ended) => void;
  /** Called before the capture may freeze these cgroups. */
  readonly onTargets: (containers: readonly ContainerTarget[]) => void;
}

export type CarriedOut = Ended & { readonly processMustEnd: boolean };

/**
 * How long a capture waits for a guard, in milliseconds. kubelet restarts a killed guard, the first time at once and
 * later after growing delays.
 */
const GUARD_BOUND_MS = 30_000;
/**
 * How long a refusal by a living guard is retried, in milliseconds. A guard that has just started considers a cgroup
 * closed while its journal has an open record for it. That lasts until the keeper has told the guard that the capture
 * was rolled back, and at most for a second.
 */
const REFUSAL_BOUND_MS = 1_500;
/** Pause between two attempts after a refusal, in milliseconds. */
const REFUSED_AGAIN_MS = 20;

/**
 * Carries out the capture. Whatever happens, it ends with a report. The pod is released once `run.letGo()` has been
 * called.
 */
export async function carryOut(
  parts: CarryOutParts,
  object: PodCapture,
  run: CaptureRun,
  startTime: string,
  watchers: Watchers,
): Promise<CarriedOut> {
  const now = (): string => new Date(parts.clock.wall()).toISOString();
  const { dryRun, include } = object.spec;
  const report = withWhy(await captureOf(parts, object, run, watchers), run.why);
  // The tracing thread may have let go before the main thread, without CPU time, saw that the time was over.
  if (report.isCutOff === true) run.cancel('HeartbeatLost', CUT_OFF);
  run.letGo();
  const completionTime = now();
  const hold = run.endedHold(report.timings.holdMicroseconds);
  const end = { report, dryRun, ...(hold === undefined ? {} : { hold }), completionTime };
  const ended = { ...end, processMustEnd: report.processMustEnd === true };
  if (dryRun || report.tree.length === 0 || ended.processMustEnd) return ended;
  watchers.onRead(ended);
  const cmdlines = include?.includes('Cmdline') === true ? await parts.readCmdlines(report.tree) : undefined;
  const text = artifactText({ object, ...end, startTime, cmdlines });
  const written = await parts.artifacts.write(object.metadata.uid, text, parts.lastCall);
  return written.ok ? { ...ended, artifact: written.artifact } : { ...ended, failure: written.failure };
}

async function captureOf(
  parts: CarryOutParts,
  object: PodCapture,
  run: CaptureRun,
  watchers: Watchers,
): Promise<FinalReport> {
  const { spec } = object;
  const refusal = run.cancelled || spec.dryRun ? undefined : await checkDisk(parts, run, watchers);
  const obstacle = cancelled(run) ?? refusal;
  if (obstacle !== undefined) return emptyReport(obstacle);
  const until = parts.clock.monotonic() + GUARD_BOUND_MS;
  let refusedSince: number | undefined;
  for (;;) {
    const left = until - parts.clock.monotonic();
    const unguarded = spec.dryRun ? undefined : await awaitGuard(parts, run, left, watchers);
    if (unguarded !== undefined) return emptyReport(unguarded);
    const report = await attempt(parts, object, run, watchers);
    if (!isUntouchedForWantOfGuard(report) || run.cancelled) return report;
    if (!parts.guard.check()) {
      refusedSince = undefined;
      continue;
    }
    refusedSince ??= parts.clock.monotonic();
    if (parts.clock.monotonic() - refusedSince >= REFUSAL_BOUND_MS) return report;
    await parts.clock.sleep(REFUSED_AGAIN_MS, run.signal);
  }
}

const NO_DISK = failure('ArtifactFailed', 'waits for the disk of the artifacts; nothing was touched');
const NO_GUARD = failure('GuardUnavailable', 'waits for a guard, for at most 30 s; nothing is frozen without one');

async function checkDisk(
  { artifacts }: CarryOutParts,
  run: CaptureRun,
  { onWait }: Watchers,
): Promise<Failure | undefined> {
  onWait(NO_DISK);
  const refusal = await artifacts.check(run.signal);
  onWait(undefined);
  return refusal;
}

async function awaitGuard(
  { guard }: CarryOutParts,
  run: CaptureRun,
  milliseconds: number,
  { onWait }: Watchers,
): Promise<Failure | undefined> {
  onWait(NO_GUARD);
  const isGuarded = await guard.whenAlive(milliseconds, run.signal);
  onWait(undefined);
  if (isGuarded) return undefined;
  return (
    cancelled(run) ?? failure('GuardUnavailable', 'no guard answered within 30 s, and nothing is frozen without one')
  );
}

/**
 * Whether the capture failed for want of a guard before it touched anything: the guard ended between the check and the
 * announcement, or refused the announcement.
 */
function isUntouchedForWantOfGuard({ failure: why, timings }: FinalReport): boolean {
  return why?.reason === 'GuardUnavailable' && timings.pauseMicroseconds === 0;
}

async function attempt(
  parts: CarryOutParts,
  object: PodCapture,
  run: CaptureRun,
  watchers: Watchers,
): Promise<FinalReport> {
  const { spec } = object;
  const acquired = await parts.pool.acquire();
  if (!acquired.ok) return emptyReport(acquired.failure);
  const { tracer } = acquired.pooled;
  let isLost = false;
  const noteLoss = (report: FinalReport): FinalReport => {
    isLost = report.processMustEnd === true;
    return report;
  };
  try {
    // The containers are resolved as late as possible, because they can end or restart at any time.
    const target = await parts.resolve(tracer, {
      uid: spec.podUID,
      containers: spec.containers,
      freezer: spec.freezer === 'None' ? 'none' : 'auto',
    });
    if (!target.ok) return emptyReport(target.failure);
    const request = captureRequest(object, target.containers, run.holdMicroseconds, parts.proc);
    if (spec.dryRun) return noteLoss(finalReport(await tracer.preflight(request)));
    watchers.onWait(NO_DISK);
    const leave = await parts.gate.enterStill(DISK_BOUND_MS);
    watchers.onWait(undefined);
    if (leave === undefined) {
      return emptyReport(failure('ArtifactFailed', 'the disk of the artifacts does not answer; nothing was touched'));
    }
    try {
      const stopped = cancelled(run);
      if (stopped !== undefined) return emptyReport(stopped);
      watchers.onTargets(target.containers);
      const onHold = (heldFrom: number | undefined): void => {
        leave();
        watchers.onHold(heldFrom);
      };
      return noteLoss(finalReport(await tracer.capture(request, run.signal, { onHold, mayHoldFor: parts.mayHoldFor })));
    } finally {
      leave();
    }
  } finally {
    // A tracing thread that does not even end may still write to the freezers of its capture, so it is never lent again.
    if (!isLost) parts.pool.release(acquired.pooled);
  }
}

function cancelled({ why }: CaptureRun): Failure | undefined {
  return why === undefined ? undefined : failure('Cancelled', 'the capture was cancelled before it began');
}

/** Adds the reason of the cancellation, which the tracing thread does not know. */
function withWhy(report: FinalReport, why: string | undefined): FinalReport {
  if (report.failure?.reason !== 'Cancelled' || why === undefined) return report;
  return { ...report, failure: failure('Cancelled', `${report.failure.message}: ${why}`) };
}

function captureRequest(
  { spec, metadata }: PodCapture,
  containers: readonly ContainerTarget[],
  holdMicroseconds: number,
  proc: string,
): CaptureRequest {
  const budget = spec.maxPauseMilliseconds === undefined ? undefined : 1000 * spec.maxPauseMilliseconds;
  return {
    uid: metadata.uid,
    containers,
    timeoutMicroseconds: Math.min(1_000_000 * spec.timeoutSeconds, budget ?? Number.POSITIVE_INFINITY),
    holdMicroseconds,
    ...(budget === undefined ? {} : { maxPauseMicroseconds: budget }),
    proc,
  };
}
