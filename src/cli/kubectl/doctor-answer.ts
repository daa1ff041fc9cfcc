/** Reads what `stasis doctor -o json` printed in an agent's container. Pure. */
import { asObject, parseObject, type JsonObject } from '../../kube/json.js';
import type { DoctorReport } from '../render-doctor.js';

/** The answer of one node, or the reason why there is none. */
export type NodeAnswer =
  | { readonly node: string; readonly kind: 'report'; readonly report: DoctorReport }
  /** The message is one line for people. `forbidden`: the user lacks the right to ask. */
  | { readonly node: string; readonly kind: 'silent'; readonly message: string; readonly forbidden?: boolean };

const LISTS = ['frozen', 'traced', 'thawed', 'journals', 'node', 'unseen'] as const;

/** Returns undefined for a text that is no such report, for instance that of a version whose form is another one. */
export function parseDoctorReport(text: string): DoctorReport | undefined {
  const report = parseObject(text);
  if (report === undefined || typeof report['well'] !== 'boolean' || typeof report['cgroups'] !== 'number')
    return undefined;
  if (!LISTS.every((list) => Array.isArray(report[list]))) return undefined;
  const wellFormed =
    all(report, 'frozen', isFrozen) &&
    all(report, 'traced', isTraced) &&
    all(report, 'thawed', (row) => hasTexts(row, 'outcome', 'directory', 'message')) &&
    all(report, 'journals', (row) => typeof row['guardAlive'] === 'boolean') &&
    all(report, 'node', isCheck) &&
    (report['unseen'] as unknown[]).every((line) => typeof line === 'string');
  return wellFormed ? (report as unknown as DoctorReport) : undefined;
}

function all(report: JsonObject, list: (typeof LISTS)[number], test: (row: JsonObject) => boolean): boolean {
  return (report[list] as unknown[]).every((row) => {
    const object = asObject(row);
    return object !== undefined && test(object);
  });
}

const HOLDERS: readonly unknown[] = ['Guarded', 'Left', 'AgentAlive', 'Foreign', 'Above'];

function isFrozen(row: JsonObject): boolean {
  const { processes } = row;
  return (
    hasTexts(row, 'directory', 'version') &&
    typeof row['tasks'] === 'number' &&
    HOLDERS.includes(asObject(row['holder'])?.['kind']) &&
    Array.isArray(processes) &&
    processes.every((process: unknown) => hasTexts(asObject(process) ?? {}, 'comm'))
  );
}

function isTraced(row: JsonObject): boolean {
  return hasTexts(row, 'comm', 'directory') && hasTexts(asObject(row['tracer']) ?? {}, 'comm');
}

function isCheck(row: JsonObject): boolean {
  return hasTexts(row, 'name', 'detail') && ['Fit', 'Note', 'Unfit'].includes(String(row['verdict']));
}

function hasTexts(row: JsonObject, ...fields: readonly string[]): boolean {
  return fields.every((field) => typeof row[field] === 'string');
}

/** Whether the node answers, nothing stands still on it that should not, and it is fit for captures. */
export function isWell(answer: NodeAnswer): boolean {
  return answer.kind === 'report' && answer.report.well;
}
