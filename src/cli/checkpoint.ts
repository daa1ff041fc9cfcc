/** `stasis checkpoint`: resolve, rehearse, capture, print. */
import type { PodCapture } from '../api/podcapture.js';
import { readCmdlines } from '../node-agent/cmdline-reader.js';
import { asReport, emptyReport, type FinalReport } from '../node-agent/empty-report.js';
import { podCapture, succeeded } from '../node-agent/pod-capture.js';
import type { ContainerTarget } from '../node-agent/pure/container-target.js';
import { rehearse } from '../node-agent/rehearsal.js';
import { resolveTarget, type ResolveRoots, type TargetRequest } from '../node-agent/resolve-target.js';
import type { CaptureRequest } from '../node-agent/session.js';
import { startTracer, type Tracer } from '../node-agent/tracer.js';
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
): Promise<[FinalReport, ...FinalReport[]]> {
  const request = captureRequest(containers, options);
  if (options.dryRun) return [asReport(await tracer.preflight(request))];
  let rehearsed = 0;
  const captureWarm = async (): Promise<FinalReport> => {
    // A thread that had to end to let a task go has a cold successor.
    const unfit = tracer.threads() === rehearsed ? undefined : await rehearse(tracer, roots, containers);
    rehearsed = tracer.threads();
    return unfit === undefined ? asReport(await tracer.capture(request, signal)) : emptyReport(unfit);
  };
  const first = await captureWarm();
  const others: FinalReport[] = [];
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
