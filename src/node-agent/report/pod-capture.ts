/** Turns reports into the object that users see. Pure. */
import { API_VERSION, KIND, type Condition, type PodCapture } from '../../api/podcapture.js';
import { isSuccess, type Reason } from '../../api/reasons.js';
import { summarize } from '../pure/summary.js';
import { countCommandLines, type CommandLines } from '../pure/command-lines.js';
import type { CaptureReport } from './parse-report.js';

export interface PodCaptureFacts {
  readonly name: string;
  /** RFC 3339. */
  readonly startTime: string;
  readonly completionTime: string;
  /** In order. With --repeat there is more than one report, and the last one is shown whole. */
  readonly reports: readonly [CaptureReport, ...CaptureReport[]];
  readonly dryRun: boolean;
  /** Undefined where command lines were not requested. */
  readonly cmdlines: CommandLines | undefined;
}

/** Builds the PodCapture. Its status shows the last report. */
export function podCapture(facts: PodCaptureFacts): PodCapture {
  const { reports } = facts;
  const last = reports.at(-1) ?? reports[0];
  const tree = last.tree.map((row) => ({ ...row, ...facts.cmdlines?.get(row.pid) }));
  const samples = reports.map((report) => report.timings);
  return {
    apiVersion: API_VERSION,
    kind: KIND,
    metadata: { name: facts.name },
    status: {
      startTime: facts.startTime,
      completionTime: facts.completionTime,
      conditions: conditions(last, facts),
      processes: tree.length,
      threads: tree.reduce((sum, row) => sum + row.threads.filter((thread) => thread.state !== 'Zombie').length, 0),
      stopped: tree.filter((row) => row.state === 'Stopped').length,
      zombies: tree.filter((row) => row.state === 'Zombie').length,
      joined: last.joined,
      ...(last.freezeSkewMicroseconds === undefined ? {} : { freezeSkewMicroseconds: last.freezeSkewMicroseconds }),
      containers: last.containers,
      timings: last.timings,
      ...(last.overrunMicroseconds > 0 ? { overrunMicroseconds: last.overrunMicroseconds } : {}),
      tree,
      ...(facts.cmdlines === undefined ? {} : { cmdlines: countCommandLines(facts.cmdlines) }),
      unfrozen: last.unfrozen,
      ...(reports.length > 1 ? { samples, summary: summarize(samples) } : {}),
    },
  };
}

/** The reason of `Succeeded`. */
export function reasonOf(capture: PodCapture): Reason {
  const reason = capture.status.conditions.find((condition) => condition.type === 'Succeeded')?.reason;
  return (reason ?? 'InternalError') as Reason;
}

export function succeeded(capture: PodCapture): boolean {
  return isSuccess(reasonOf(capture));
}

function conditions(report: CaptureReport, facts: PodCaptureFacts): Condition[] {
  const lastTransitionTime = facts.completionTime;
  const { failure, thawUnproved } = report;
  const thawed = thawUnproved.length === 0;
  return [
    {
      type: 'Succeeded',
      status: failure === undefined ? 'True' : 'False',
      reason: failure?.reason ?? (facts.dryRun ? 'DryRunPassed' : 'Captured'),
      message: failure?.message ?? (facts.dryRun ? 'nothing stands in the way' : 'held, read and let go'),
      lastTransitionTime,
    },
    {
      type: 'Thawed',
      status: thawed ? 'True' : 'False',
      reason: thawed ? 'FreezersRestored' : 'FreezerNotRestored',
      message: thawed
        ? 'every freezer is in the state it was found in'
        : `not proved to be thawed: ${thawUnproved.join(', ')}`,
      lastTransitionTime,
    },
  ];
}
