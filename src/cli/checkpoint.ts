/** `stasis checkpoint`: finds the target, starts a tracing thread and a guard, and captures. */
import type { PodCapture } from '../api/podcapture.js';
import { readCmdlines } from '../node-agent/report/cmdline-reader.js';
import { emptyReport, type FinalReport } from '../node-agent/report/empty-report.js';
import { finalReport } from '../node-agent/tracer/final-report.js';
import { parseFault } from '../node-agent/capture/fault-points.js';
import { ownFreezer } from '../node-agent/resolve/own-cgroup.js';
import { BUILT_GUARD, startOwnGuard, type OwnGuard } from '../node-agent/tracer/own-guard.js';
import type { EndedHold } from '../node-agent/report/end-conditions.js';
import { podCapture, succeeded } from '../node-agent/report/pod-capture.js';
import { failure, type Failure } from '../node-agent/pure/failure.js';
import type { ContainerTarget } from '../node-agent/pure/container-target.js';
import { obstacleToTracing } from '../node-agent/tracer/obstacle-to-tracing.js';
import { NO_GUARD, type GuardSupply } from '../node-agent/tracer/guard-supply.js';
import { resolveTarget, type ResolveRoots, type TargetRequest } from '../node-agent/resolve/target.js';
import type { CaptureRequest } from '../node-agent/capture/session.js';
import { startTracer, type Tracer } from '../node-agent/tracer/tracer.js';
import { openLibc, type Libc } from '../native/libc.js';
import type { CheckpointOptions } from './checkpoint-arguments.js';
import type { Suspension } from './suspension.js';

/** How the command ended. A message is one line for stderr. */
export type CheckpointResult =
  | {
      readonly kind: 'capture';
      readonly capture: PodCapture;
      readonly succeeded: boolean;
      readonly processMustEnd: boolean;
      /** One line about each thing that the guard repaired after earlier runs. */
      readonly notes: readonly string[];
    }
  | { readonly kind: 'unusable'; readonly message: string };

/** The two ways in which the user interferes with a running command. */
interface User {
  readonly signal: AbortSignal;
  readonly suspension: Suspension;
}

const PROC = '/proc';

/**
 * Carries out the command. The environment variable `STASIS_GUARD` is the path of another guard. `user.signal` ends a hold, or cancels the
 * capture before its hold. `user.suspension` ends a hold, and stops the command when nothing is held.
 */
export async function checkpoint(
  options: CheckpointOptions,
  environment: Readonly<Record<string, string | undefined>>,
  user: User,
): Promise<CheckpointResult> {
  if (process.getuid?.() !== 0)
    return { kind: 'unusable', message: `stasis checkpoint needs root: it runs as uid ${process.getuid?.()}` };
  const roots: ResolveRoots = { proc: PROC, self: process.pid };
  const fault = parseFault(environment['STASIS_FAULT_POINT']);
  if (!fault.ok) return { kind: 'unusable', message: fault.message };
  const target = resolveTarget(targetRequest(options), roots);
  if (!target.ok) return { kind: 'unusable', message: target.message };

  const startTime = new Date().toISOString();
  const libc = openLibc();
  const own = ownFreezer(roots);
  let guard: OwnGuard | undefined;
  // Side by side: the tracing thread starts and practises, the guard starts, and the main thread loads the code that prints the result.
  const starting = startTracer(
    libc,
    supplyOf(own, () => guard),
    { fault: fault.fault, isCold: options.dryRun },
  );
  starting.catch(() => undefined);
  try {
    const started = options.dryRun ? undefined : await startGuard(libc, options, environment, own);
    if (started?.ok === true) guard = started.guard;
    const refusal = started?.ok === false ? started.failure : options.dryRun ? undefined : unfit();
    const tracer = await starting.catch(cannotStart);
    const reports =
      refusal !== undefined
        ? ([emptyReport(refusal)] as const)
        : 'reason' in tracer
          ? ([emptyReport(tracer)] as const)
          : await captures(tracer, target.containers, options, user);
    const [first, ...others] = reports;
    const last: FinalReport = others.at(-1) ?? first;
    const cmdlines = options.include.includes('cmdline') ? await readCmdlines(PROC, last.tree) : undefined;
    const completionTime = new Date().toISOString();
    const capture = podCapture({
      name: target.containers[0]?.cgroupPath.split('/').at(-1) ?? 'capture',
      startTime,
      completionTime,
      reports: [first, ...others],
      dryRun: options.dryRun,
      ...holdOf(options, last),
      cmdlines,
      by: 'the command',
    });
    const processMustEnd = last.processMustEnd === true;
    return { kind: 'capture', capture, succeeded: succeeded(capture), processMustEnd, notes: notesOf(guard) };
  } finally {
    await starting.then(
      async (tracer) => await tracer.close(),
      () => undefined,
    );
    guard?.close();
  }
}

/** Only the user ends a hold of the command early, by a signal. */
function holdOf({ holdMicroseconds }: CheckpointOptions, { timings }: FinalReport): { readonly hold?: EndedHold } {
  if (holdMicroseconds === 0) return {};
  const cause = timings.holdMicroseconds >= holdMicroseconds ? 'HoldElapsed' : 'ReleaseRequested';
  return { hold: { seconds: holdMicroseconds / 1_000_000, cause } };
}

/** A thread cannot be started where a limit on processes is reached (EAGAIN, pthread_create(3)). */
function cannotStart(error: unknown): Failure {
  const why = error instanceof Error ? error.message : String(error);
  return failure('HostUnfit', `no tracing thread can be started: ${why}; nothing was touched`);
}

/** Supplies connections to a guard that starts after the tracing thread. */
function supplyOf(own: string | undefined, guard: () => OwnGuard | undefined): GuardSupply {
  return {
    ownFreezer: own,
    connect: () => (guard() ?? NO_GUARD).connect(),
    release: (socket) => guard()?.release(socket),
  };
}

async function startGuard(
  libc: Libc,
  { state }: CheckpointOptions,
  environment: Readonly<Record<string, string | undefined>>,
  own: string | undefined,
): ReturnType<typeof startOwnGuard> {
  const program = environment['STASIS_GUARD'] ?? BUILT_GUARD;
  return await startOwnGuard(libc, { program, state, ownFreezer: own });
}

/** Tells beforehand that no task can be seized here, so that no freezer is closed for nothing. */
function unfit(): Failure | undefined {
  const obstacle = obstacleToTracing(PROC);
  return obstacle === undefined ? undefined : failure('HostUnfit', `${obstacle}; nothing was touched`);
}

function notesOf(guard: OwnGuard | undefined): string[] {
  const opened = guard?.recovered.filter(({ outcome }) => outcome === 'Thawed').length ?? 0;
  return opened === 0
    ? []
    : [`a run before this was killed; the freezers that it had left closed are open again: ${opened}`];
}

async function captures(
  tracer: Tracer,
  containers: readonly ContainerTarget[],
  options: CheckpointOptions,
  { signal, suspension }: User,
): Promise<[FinalReport, ...FinalReport[]]> {
  const request = captureRequest(containers, options);
  if (options.dryRun) return [finalReport(await tracer.preflight(request))];
  const captureOnce = async (): Promise<FinalReport> => {
    await suspension.take();
    return await suspension.during(signal, async (either, onHold) =>
      finalReport(await tracer.capture(request, either, { onHold })),
    );
  };
  const first = await captureOnce();
  const others: FinalReport[] = [];
  // A run that fails is the last run, because the user must see its reason.
  for (let run = 1; run < options.repeat && !signal.aborted && (others.at(-1) ?? first).failure === undefined; run++) {
    others.push(await captureOnce());
    if (run > 1) others[run - 2] = timed(others[run - 2] ?? first);
  }
  return [first, ...others];
}

/** Drops everything but the timings, for each run that another run follows: ten thousand trees of a dozen processes would take 170 MB. */
function timed(report: FinalReport): FinalReport {
  return { ...report, tree: [], containers: [], unfrozen: [] };
}

function targetRequest({ target, freezer }: CheckpointOptions): TargetRequest {
  switch (target.kind) {
    case 'cgroup':
      return { kind: 'cgroup', path: target.directory, freezer };
    case 'pid':
    case 'pod':
      return { ...target, freezer };
    default:
      return target satisfies never;
  }
}

function captureRequest(containers: readonly ContainerTarget[], options: CheckpointOptions): CaptureRequest {
  const budget = options.maxPauseMicroseconds;
  return {
    containers,
    timeoutMicroseconds: Math.min(options.timeoutMicroseconds, budget ?? Number.POSITIVE_INFINITY),
    holdMicroseconds: options.holdMicroseconds,
    ...(budget === undefined ? {} : { maxPauseMicroseconds: budget }),
    proc: PROC,
  };
}
