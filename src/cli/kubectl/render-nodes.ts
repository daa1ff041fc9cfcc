/** Renders what `kubectl stasis doctor` was told by the nodes. Pure. */
import { renderDoctor, type DoctorOptions, type DoctorReport } from '../render-doctor.js';
import { renderLine, span, type RenderOptions, type Span } from '../render-line.js';
import { renderTable, type TableRow } from '../render-table.js';
import { isWell, type NodeAnswer } from './doctor-answer.js';

const COLUMNS = ['NODE', 'VERDICT', 'FROZEN', 'TRACED', 'UNFIT', 'KERNEL'].map((header) => ({
  header,
  align: 'left' as const,
}));

/** Texts such as `Checkpoint shop/web-x7k2p of pod web-0`, by the UID of the PodCapture. */
export type CaptureNames = ReadonlyMap<string, string>;

interface NodesOptions {
  /** The namespace of Stasis. */
  readonly namespace: string;
  readonly whole: boolean;
  /** A sentence that says which nodes are not in the answers. */
  readonly gap?: string;
  readonly captures: CaptureNames;
}

/** Renders a table of all nodes, and then the whole report of each node that is not well; with `whole`, of each node. */
export function renderNodes(
  answers: readonly NodeAnswer[],
  { namespace, whole, gap, captures, ...options }: RenderOptions & NodesOptions,
): string {
  const table = renderTable(COLUMNS, answers.map(rowOf), options);
  const sections = answers
    .filter((answer) => whole || !isWell(answer))
    .map((answer) => section(answer, namespace, { ...options, captures }));
  const { color } = options;
  const last = gap === undefined ? [] : [`${renderLine([span(gap, 'red')], { color })}\n`];
  return [table, ...sections, `\n${renderLine(conclusion(answers, gap !== undefined), options)}\n`, ...last].join('');
}

function rowOf(answer: NodeAnswer): TableRow {
  if (answer.kind === 'silent') return { cells: [[span(answer.node)], [span('no answer', 'red')]] };
  const { node, report } = answer;
  const unfit = report.node.filter(({ verdict }) => verdict === 'Unfit').map(({ name }) => name);
  return {
    cells: [
      [span(node)],
      [report.well ? span('well', 'green') : span('not well', 'red')],
      countOf(report.frozen),
      countOf(report.traced),
      [unfit.length === 0 ? span('-', 'dim') : span(unfit.join(', '), 'red')],
      [span(report.node.find(({ name }) => name === 'kernel')?.detail ?? '', 'dim')],
    ],
  };
}

function countOf(rows: readonly { readonly wrong: boolean }[]): Span[] {
  const wrong = rows.filter((row) => row.wrong).length;
  return [span(String(rows.length)), ...(wrong === 0 ? [] : [span(` (${wrong} wrongly)`, 'red')])];
}

function section(answer: NodeAnswer, namespace: string, options: DoctorOptions): string {
  const heading = `\n${renderLine([span(`Node ${answer.node}`, 'bold')], options)}\n`;
  // A sentence is for reading, so it is not cut to the width of the terminal.
  const { color } = options;
  if (answer.kind === 'silent') return `${heading}${renderLine([span(answer.message, 'red')], { color })}\n`;
  const hint = hintOf(answer.report, answer.node, namespace);
  const after = hint === undefined ? '' : `${renderLine([span(hint, 'yellow')], { color })}\n`;
  return `${heading}${renderDoctor(answer.report, options)}${after}`;
}

/** In the agent's pod, the command can look and cannot thaw. */
function hintOf({ frozen }: DoctorReport, node: string, namespace: string): string | undefined {
  if (!frozen.some(({ thawable }) => thawable)) return undefined;
  return `The guard of the agent's pod opens what dead captures have left frozen when it starts: kubectl delete pod -n ${namespace} -l app.kubernetes.io/component=node-agent --field-selector spec.nodeName=${node}`;
}

function conclusion(answers: readonly NodeAnswer[], isPart: boolean): Span[] {
  const silent = answers.filter(({ kind }) => kind === 'silent').length;
  const well = answers.filter(isWell).length;
  if (well === answers.length && isPart) return [span(`${plural(well)} well.`, 'yellow')];
  if (well === answers.length) return [span(`All is well on ${plural(well)}.`, 'green')];
  const ill = answers.length - well - silent;
  const parts = [
    ...(ill === 0 ? [] : [`${plural(ill)} not well`]),
    ...(silent === 0 ? [] : [`${plural(silent)} without an answer`]),
  ];
  return [span(`${parts.join(', ')}, ${plural(well)} well.`, 'red')];
}

function plural(count: number): string {
  return `${count} node${count === 1 ? '' : 's'}`;
}
