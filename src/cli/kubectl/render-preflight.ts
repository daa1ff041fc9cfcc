/** Renders what `kubectl stasis preflight` found. Pure. */
import { renderLine, span, type RenderOptions, type Span, type Style } from '../render-line.js';
import { renderTable } from '../render-table.js';
import { formatSpan } from './format-span.js';
import type { Finding, Verdict } from './preflight-findings.js';
import { wrapWords } from './wrap-words.js';

/** The findings about one pod. */
export interface PodResult {
  readonly namespace: string;
  readonly pod: string;
  readonly node: string;
  readonly findings: readonly Finding[];
  /** In seconds. Undefined where the pod cannot be held. */
  readonly longestHold: number | undefined;
  readonly dryRunPassed: boolean;
}

/**
 * The sum of the findings. What a dry run has gone through does not stand in the way, whether it could be read or not; without a dry
 * run, what is not known may.
 */
export function verdictOf({ findings, dryRunPassed }: Pick<PodResult, 'findings' | 'dryRunPassed'>): Verdict {
  if (findings.some((finding) => stands(finding, dryRunPassed))) return 'obstacle';
  return !dryRunPassed && findings.some(({ verdict }) => verdict === 'not known') ? 'not known' : 'ok';
}

function stands({ verdict, byClock }: Finding, dryRunPassed: boolean): boolean {
  return verdict === 'obstacle' && !(byClock === true && dryRunPassed);
}

const STYLES: Readonly<Record<Verdict, Style>> = {
  ok: 'green',
  note: 'yellow',
  obstacle: 'red',
  'not known': 'yellow',
};

/** The longest verdict is `not known`. */
const VERDICT_COLUMNS = 9;

export function renderPod(result: PodResult, options: RenderOptions): string {
  const { pod, node, findings } = result;
  const heading = renderLine([span(`Pod ${pod}`, 'bold'), span(node === '' ? '' : ` on node ${node}`)], options);
  const topics = Math.max(...findings.map(({ topic }) => topic.length));
  // A sentence is for reading, so it is wrapped, and not cut, where the terminal is narrow.
  const { color, width = Number.POSITIVE_INFINITY } = options;
  const indent = 2 + VERDICT_COLUMNS + 2 + topics + 2;
  const lines = findings.flatMap(({ topic, verdict, words }) =>
    wrapWords(words, width - indent).map((line, index) =>
      renderLine(
        index > 0
          ? [span(' '.repeat(indent)), span(line)]
          : [
              span('  '),
              span(verdict.padEnd(VERDICT_COLUMNS), STYLES[verdict]),
              span(`  ${topic.padEnd(topics)}`, 'dim'),
              span(`  ${line}`),
            ],
        { color },
      ),
    ),
  );
  return [heading, '', ...lines, '', renderLine(conclusion(result), { color }), ''].join('\n');
}

function conclusion(result: PodResult): Span[] {
  const { findings, dryRunPassed, longestHold } = result;
  const count = findings.filter((finding) => stands(finding, dryRunPassed)).length;
  const verdict = verdictOf(result);
  if (verdict === 'obstacle')
    return [span(`${count === 1 ? 'One thing stands' : `${count} things stand`} in the way.`, 'red')];
  if (verdict === 'not known') {
    const open = findings.filter((finding) => finding.verdict === 'not known').length;
    return [
      span(
        `Nothing that is known stands in the way; ${open === 1 ? 'one thing is' : `${open} things are`} not known.`,
        'yellow',
      ),
    ];
  }
  const hold = longestHold === undefined || longestHold < 1 ? '' : ` The longest hold is ${formatSpan(longestHold)}.`;
  return [span(`Nothing stands in the way of a capture.${hold}`, 'green')];
}

const COLUMNS = ['NAMESPACE', 'POD', 'NODE', 'VERDICT', 'LONGEST-HOLD', 'WHY'].map((header) => ({
  header,
  align: 'left' as const,
}));

export function renderPods(
  results: readonly PodResult[],
  { allNamespaces, ...options }: RenderOptions & { readonly allNamespaces: boolean },
): string {
  const rows = results.map((result) => {
    const verdict = verdictOf(result);
    const { namespace, pod, node, longestHold } = result;
    const hold = longestHold === undefined ? '-' : longestHold < 1 ? 'none' : formatSpan(longestHold);
    return [
      [span(namespace)],
      [span(pod)],
      [span(node === '' ? '-' : node)],
      [span(verdict, STYLES[verdict])],
      [span(hold)],
      [span(whyOf(result))],
    ];
  });
  const from = allNamespaces ? 0 : 1;
  return renderTable(
    COLUMNS.slice(from),
    rows.map((cells) => ({ cells: cells.slice(from) })),
    options,
  );
}

/** The first of what stands in the way, then of what is not known, then of what is to be noted. */
function whyOf(result: PodResult): string {
  const { findings, dryRunPassed } = result;
  const standing = findings.filter((finding) => stands(finding, dryRunPassed));
  const open = dryRunPassed ? [] : findings.filter(({ verdict }) => verdict === 'not known');
  const notes = findings.filter(({ verdict, topic }) => verdict === 'note' && topic === 'dry run');
  const [first, ...others] = [standing, open, notes].find((list) => list.length > 0) ?? [];
  if (first === undefined) return '-';
  return `${first.words}${others.length === 0 ? '' : ` (and ${others.length} more)`}`;
}
