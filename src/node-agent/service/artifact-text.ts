/** The text of an artifact: the whole capture as JSON, produced in pieces. Pure. */
import type { PodCapture } from '../../api/kinds.js';
import { escapeJson } from '../../kube/safe-json.js';
import type { CommandLines } from '../pure/command-lines.js';
import { podCapture } from '../report/pod-capture.js';
import type { EndedHold } from '../report/end-conditions.js';
import type { CaptureReport } from '../report/parse-report.js';

/** Rows per piece. Formatting a piece takes about 1 ms; then other work on this thread gets its turn. */
const ROWS_AT_ONCE = 500;

export interface ArtifactFacts {
  readonly object: PodCapture;
  readonly report: CaptureReport;
  /** Absent where no hold was asked for. */
  readonly hold?: EndedHold;
  /** RFC 3339, like completionTime. */
  readonly startTime: string;
  readonly completionTime: string;
  /** Undefined where they were not requested. */
  readonly cmdlines: CommandLines | undefined;
}

/**
 * One JSON object: the PodCapture with its complete final status, one row of the tree per line. `stasis show` prints
 * it. The command in the status prints the file as it is, on the terminal of whoever follows it, so no character that a
 * terminal would act on is raw in it.
 */
export function* artifactText(facts: ArtifactFacts): Generator<string> {
  for (const piece of jsonPieces(facts)) yield escapeJson(piece);
}

function* jsonPieces({ object, report, hold, startTime, completionTime, cmdlines }: ArtifactFacts): Generator<string> {
  const { apiVersion, kind, metadata, spec } = object;
  const { name, namespace, uid } = metadata;
  const ended = podCapture({
    name,
    startTime,
    completionTime,
    reports: [report],
    dryRun: spec.dryRun,
    ...(hold === undefined ? {} : { hold }),
    cmdlines,
    by: 'the node agent',
  });
  const { tree, ...rest } = ended.status;
  const head = JSON.stringify({ apiVersion, kind, metadata: { name, namespace, uid }, spec });
  const status = JSON.stringify(rest);
  yield `${head.slice(0, -1)},"status":${status.slice(0, -1)},"tree":[`;
  for (let from = 0; from < tree.length; from += ROWS_AT_ONCE) {
    const rows = tree.slice(from, from + ROWS_AT_ONCE).map((row) => JSON.stringify(row));
    yield `${from === 0 ? '\n' : ',\n'}${rows.join(',\n')}`;
  }
  yield '\n]}}\n';
}
