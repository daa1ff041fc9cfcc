/** `stasis checkpoint`: resolve, rehearse, capture, print. */
import type { PodCapture } from '../api/podcapture.js';
import { readCmdlines } from '../node-agent/cmdline-reader.js';
import { podCapture, succeeded } from '../node-agent/pod-capture.js';
import type { ContainerTarget } from '../node-agent/pure/container-target.js';
import { rehearse } from '../node-agent/rehearsal.js';
import type { CaptureReport } from '../node-agent/report.js';
import { resolveTarget, type ResolveRoots, type TargetRequest } from '../node-agent/resolve-target.js';
import type { CaptureRequest } from '../node-agent/session.js';
import { startTracer, type Tracer, type TracerResult } from '../node-agent/tracer.js';
import { openLibc } from '../native/libc.js';
import type { CheckpointOptions } from './checkpoint-arguments.js';

/** How the command ended. A message is one line for stderr. */
export type CheckpointResult =
  | {
      readonly kind: 'capture';
      readonly capture: PodCapture;
      readonly succeeded: boolean;
      readonly processMustEnd: boolean;
    }
  | { readonly kind: 'unusable'; readonly message: string };

/** A report, and whether the process has to end for the tasks to go free. */
type Run = CaptureReport & { readonly processMustEnd?: boolean };

const PROC = '/proc';

/** Carries the command out. `signal` ends a hold, or cancels what comes before it. */
export async function checkpoint(options: CheckpointOptions, signal: AbortSignal): Promise<CheckpointResult> {
  if (process.getuid?.() !== 0)
    return { kind: 'unusable', message: `stasis checkpoint needs root: it runs as uid ${process.getuid?.()}` };
  const roots: ResolveRoots = { proc: PROC, self: process.pid };
  const target = resolveTarget(targetRequest(options), roots);
  if (!target.ok) return { kind: 'unusable', message: target.message };

  const startTime = new Date().toISOString();
  const tracer = await startTracer(openLibc());
  try {
    const reports = await captures(tracer, roots, target.containers, options, signal);
    const [first, ...others] = reports;
    const last = others.at(-1) ?? first;
    const cmdlines = options.include.includes('cmdline')
      ? await readCmdlines(PROC, last.tree)
      : new Map<number, string[]>();
    const completionTime = new Date().toISOString();
    const capture = podCapture({
      name: target.containers[0]?.cgroupPath.split('/').at(-1) ?? 'capture',
      startTime,
      completionTime,
      reports: [first, ...others],
      dryRun: options.dryRun,
      cmdlines,
    });
    return { kind: 'capture', capture, succeeded: succeeded(capture), processMustEnd: last.processMustEnd === true };
  } finally {
    await tracer.close();
  }
}

async function captures(
  tracer: Tracer,
  roots: ResolveRoots,
  containers: readonly ContainerTarget[],
  options: CheckpointOptions,
  signal: AbortSignal,
): Promise<[Run, ...Run[]]> {
  const request = captureRequest(containers, options);
  if (options.dryRun) return [asReport(await tracer.preflight(request))];
  let rehearsed = 0;
  const captureWarm = async (): Promise<Run> => {
    // A thread that had to end to let a task go has a cold successor.
    const unfit = tracer.threads() === rehearsed ? undefined : await rehearse(tracer, roots, containers);
    rehearsed = tracer.threads();
    return unfit === undefined ? asReport(await tracer.capture(request, signal)) : emptyReport(unfit);
  };
  const first = await captureWarm();
  const others: Run[] = [];
  // A run that fails is the last: its reason is what the user must see.
  for (let run = 1; run < options.repeat && !signal.aborted && (others.at(-1) ?? first).failure === undefined; run++) {
    others.push(await captureWarm());
  }
  return [first, ...others];
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

function asReport(result: TracerResult): Run {
  return 'report' in result
    ? result.report
    : { ...emptyReport(result.failure), thawUnproved: result.thawUnproved, processMustEnd: result.processMustEnd };
}

function emptyReport(failure: CaptureReport['failure']): Run {
  return {
    failure,
    tree: [],
    containers: [],
    threads: 0,
    joined: 0,
    unfrozen: [],
    timings: NOTHING,
    overrunMicroseconds: 0,
    thawUnproved: [],
    processMustEnd: false,
  };
}

const NOTHING: CaptureReport['timings'] = {
  resolveMicroseconds: 0,
  cgroupFreezeMicroseconds: 0,
  seizeMicroseconds: 0,
  cgroupThawMicroseconds: 0,
  stopMicroseconds: 0,
  collectMicroseconds: 0,
  holdMicroseconds: 0,
  releaseMicroseconds: 0,
  freezingMicroseconds: 0,
  pauseMicroseconds: 0,
};
