/** Turns reports into the object that users see. Pure. */
import { conditionsOf, findCondition } from '../../api/conditions.js';
import { API_VERSION, KIND, type PodCapture, type PodCaptureStatus } from '../../api/podcapture.js';
import { countCommandLines, type CommandLines } from '../pure/command-lines.js';
import { summarize } from '../pure/summary.js';
import { wallTime } from '../pure/wall-clock.js';
import { countTree } from './counts.js';
import { endTime } from './end-time.js';
import type { FinalReport } from './empty-report.js';
import { endFacts, type EndedHold } from './end-conditions.js';
import type { CaptureReport } from './parse-report.js';

export interface PodCaptureFacts {
  readonly name: string;
  /** RFC 3339. */
  readonly startTime: string;
  readonly completionTime: string;
  /** In order. With --repeat there is more than one report, and the last one is shown whole. */
  readonly reports: readonly [FinalReport, ...FinalReport[]];
  readonly dryRun: boolean;
  /** Absent where no hold was asked for. */
  readonly hold?: EndedHold;
  /** Undefined where command lines were not requested. */
  readonly cmdlines: CommandLines | undefined;
  /** Who let the pod go. */
  readonly by: string;
}

/** Builds the PodCapture. Its status shows the last report. */
export function podCapture(facts: PodCaptureFacts): PodCapture {
  const { reports, dryRun, hold } = facts;
  const completionTime = endTime(facts.startTime, facts.completionTime, reports);
  const last = reports.at(-1) ?? reports[0];
  const tree = last.tree.map((row) => ({ ...row, ...facts.cmdlines?.get(row.pid) }));
  const samples = reports.map((report) => report.timings);
  const end = { report: last, dryRun, ...(hold === undefined ? {} : { hold }) };
  return {
    apiVersion: API_VERSION,
    kind: KIND,
    metadata: { name: facts.name },
    status: {
      startTime: facts.startTime,
      completionTime,
      ...standstillTimes(last),
      conditions: conditionsOf(endFacts(end, facts.by), undefined, undefined, completionTime),
      ...countTree(tree),
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

/** From when until when the pod stood still, as the API has it. */
export function standstillTimes({ standstill }: CaptureReport): Pick<PodCaptureStatus, 'heldFrom' | 'heldUntil'> {
  return standstill === undefined ? {} : { heldFrom: wallTime(standstill.from), heldUntil: wallTime(standstill.until) };
}

export function succeeded(capture: PodCapture): boolean {
  return findCondition(capture.status.conditions, 'Succeeded')?.status === 'True';
}
