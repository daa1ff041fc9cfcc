/** Renders the report of `stasis doctor` for people. Pure. */
import type { NamedTask } from '../node-agent/pure/doctor-facts.js';
import type { FrozenFinding, TracedFinding } from '../node-agent/pure/doctor-judgement.js';
import type { DoctorReport } from '../node-agent/pure/doctor-report.js';
import type { NodeCheck } from '../node-agent/pure/node-checks.js';
import { renderLine, span } from './render-line.js';
import type { RenderOptions, Span, Style } from './render-line.js';
import { renderTable, type TableRow } from './render-table.js';

export type { DoctorReport } from '../node-agent/pure/doctor-report.js';

export interface DoctorOptions extends RenderOptions {
  /** Names of captures by their UIDs. A name is shown beside the UID. */
  readonly captures?: ReadonlyMap<string, string>;
}

/** Renders the report, each line ended by a newline. */
export function renderDoctor(report: DoctorReport, options: DoctorOptions): string {
  const { frozen, traced, thawed, node, unseen, cgroups, journals } = report;
  const alive = journals.filter(({ guardAlive }) => guardAlive).length;
  const lines: Span[][] = [
    ...thawed.map(({ outcome, directory, message }) => [
      span(outcome.padEnd(LABEL), outcome === 'Thawed' ? 'green' : 'red'),
      span(`${directory}: ${message}`),
    ]),
    [span(`${cgroups} cgroups looked at; guards alive: ${alive} of ${journals.length} with a journal`, 'dim')],
    [],
    ...describeAllFrozen(frozen, options),
    [],
  ];
  const text = lines.map((line) => `${renderLine(line, options)}\n`).join('');
  const rest = [
    [],
    ...unseen.map((line) => [span(`Not seen: ${line}`, 'yellow')]),
    [span(conclusion(report), report.well ? 'green' : 'red')],
  ];
  return [
    text,
    renderTraced(traced, options),
    '\n',
    renderChecks(node, options),
    ...rest.map((line) => `${renderLine(line, options)}\n`),
  ].join('');
}

const LABEL = 12;

function describeAllFrozen(frozen: readonly FrozenFinding[], options: DoctorOptions): Span[][] {
  if (frozen.length === 0) return [[span('No cgroup is frozen.')]];
  const listed = new Set(frozen.filter(({ holder }) => holder.kind !== 'Above').map(({ directory }) => directory));
  const below = new Map<string, number>();
  const shown = frozen.filter(({ holder }) => {
    const cause = holder.kind === 'Above' ? holder.directory : undefined;
    if (cause === undefined || !listed.has(cause)) return true;
    below.set(cause, (below.get(cause) ?? 0) + 1);
    return false;
  });
  return [
    [span(`Frozen cgroups: ${frozen.length}`, 'bold')],
    ...shown.flatMap((finding) => describeFrozen(finding, below.get(finding.directory) ?? 0, options)),
  ];
}

function describeFrozen(finding: FrozenFinding, below: number, options: DoctorOptions): Span[][] {
  const { directory, version, complete, wrong } = finding;
  const note = complete ? '' : ', not all of its tasks are frozen yet';
  return [
    [span('  '), span(directory, wrong ? 'red' : 'bold'), span(`  cgroup ${version}${note}`)],
    ...(finding.podUID === undefined ? [] : [field('pod', finding.podUID)]),
    field('holds', `${plural(finding.tasks, 'task')}${listOf(finding.processes)}`),
    ...(below === 0 ? [] : [field('below', `${plural(below, 'cgroup')} below it, frozen with it`)]),
    field('by', heldBy(finding, options)),
    field('since', sinceWhen(finding)),
    ...(wrong ? [field('do', whatToDo(finding), 'yellow')] : []),
  ];
}

function nameOf(uid: string, { captures }: DoctorOptions): string {
  const name = captures?.get(uid);
  return name === undefined ? `capture ${uid}` : `capture ${uid} (${name})`;
}

function field(name: string, text: string, style?: Style): Span[] {
  return [span(`    ${name.padEnd(8)}`, 'dim'), span(text, style)];
}

function listOf(processes: readonly NamedTask[]): string {
  return processes.length === 0 ? '' : `: ${processes.map(({ pid, comm }) => `${comm} (${pid})`).join(', ')}`;
}

function heldBy({ holder }: FrozenFinding, options: DoctorOptions): string {
  switch (holder.kind) {
    case 'Guarded':
      return `Stasis: ${nameOf(holder.capture, options)}, agent ${holder.agentPid}, under guard ${holder.guardPid}`;
    case 'Left':
      return `Stasis: ${nameOf(holder.capture, options)}; its agent (${holder.agentPid}) and its guard (${holder.guardPid}) are dead`;
    case 'AgentAlive':
      return `Stasis: ${nameOf(holder.capture, options)}, agent ${holder.agentPid}; its guard (${holder.guardPid}) is dead`;
    case 'Foreign':
      return 'somebody else: no journal of Stasis has it';
    case 'Above':
      return holder.directory === undefined
        ? 'a cgroup above what is to be seen here'
        : `${holder.directory}, above it`;
    default:
      return holder satisfies never;
  }
}

function sinceWhen({ sinceMicroseconds, atMostMicroseconds, version }: FrozenFinding): string {
  if (sinceMicroseconds !== undefined) return `${roughly(sinceMicroseconds)}, by the journal`;
  if (atMostMicroseconds !== undefined) return `at most ${roughly(atMostMicroseconds)}, by its cgroup.stat.local`;
  return `not known: ${version === 'v1' ? 'cgroup v1' : 'this kernel'} keeps no time of it`;
}

function whatToDo({ holder, thawable, version }: FrozenFinding): string {
  switch (holder.kind) {
    case 'Guarded':
      return 'its guard is late; look at its log';
    case 'Left':
      return thawable
        ? 'stasis doctor --thaw'
        : 'run this where its tasks can be seen (the PID namespace of the node), or start a guard';
    case 'AgentAlive':
      return `start a guard, or end process ${holder.agentPid} and run stasis doctor --thaw`;
    case 'Foreign':
      return `ask who paused it; it runs again when ${version === 'v1' ? 'THAWED is written to its freezer.state' : '0 is written to its cgroup.freeze'}`;
    case 'Above':
      return 'the cgroup above it is to be opened';
    default:
      return holder satisfies never;
  }
}

function renderTraced(traced: readonly TracedFinding[], options: DoctorOptions): string {
  if (traced.length === 0) return 'No task is traced.\n';
  const rows: TableRow[] = traced.map((task) => ({
    cells: [
      [span(`  ${task.tid}`)],
      [span(task.comm)],
      [span(task.stopped ? 'stopped' : 'runs', task.wrong ? 'red' : undefined)],
      [span(`${task.tracer.comm} (${task.tracer.pid})`)],
      [span(tracedFor(task, options))],
      [span(task.directory, 'dim')],
    ],
  }));
  const columns = ['  TID', 'COMM', 'STATE', 'TRACER', 'FOR', 'CGROUP'].map((header) => ({
    header,
    align: 'left' as const,
  }));
  const title = renderLine([span(`Traced tasks: ${traced.length}`, 'bold')], options);
  return `${title}\n${renderTable(columns, rows, options)}`;
}

function tracedFor({ capture }: TracedFinding, options: DoctorOptions): string {
  if (capture === undefined) return 'somebody else';
  const { uid, endsInMicroseconds: left, guardAlive } = capture;
  const end = left >= 0 ? `ends within ${roughly(left)}` : `overdue by ${roughly(-left)}`;
  return `${nameOf(uid, options)}, ${end}${guardAlive ? '' : ', no guard'}`;
}

const MARKS: Readonly<Record<NodeCheck['verdict'], Span>> = {
  Fit: span('  ok', 'green'),
  Note: span('  note', 'yellow'),
  Unfit: span('  unfit', 'red'),
};

function renderChecks(checks: readonly NodeCheck[], options: RenderOptions): string {
  const rows = checks.map(({ name, verdict, detail }) => ({ cells: [[MARKS[verdict]], [span(name)], [span(detail)]] }));
  return renderTable(
    ['  ', 'CHECK', 'THIS NODE'].map((header) => ({ header, align: 'left' })),
    rows,
    options,
  );
}

function conclusion({ well, frozen, traced, node, unseen }: DoctorReport): string {
  if (well) return 'All is well.';
  const parts = [
    ...([...frozen, ...traced].some(({ wrong }) => wrong) ? ['something stands still that should not'] : []),
    ...(node.some(({ verdict }) => verdict === 'Unfit') ? ['this node is unfit for captures'] : []),
    ...(unseen.length > 0 ? ['not everything could be looked at'] : []),
  ];
  return `${parts.join(', and ').replace(/^./, (first) => first.toUpperCase())}.`;
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

const SECOND = 1_000_000;
const UNITS = [
  [86_400 * SECOND, 'd'],
  [3600 * SECOND, 'h'],
  [60 * SECOND, 'm'],
  [SECOND, 's'],
] as const;

/** Renders the two largest units of a duration. A task may stand still for days, and then nobody asks for the microseconds. */
function roughly(microseconds: number): string {
  if (microseconds < SECOND) return `${Math.ceil(microseconds / 1000)}ms`;
  const parts: string[] = [];
  let left = microseconds;
  for (const [size, name] of UNITS) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (count > 0 || parts.length > 0) parts.push(`${count}${name}`);
  }
  return parts.slice(0, 2).join('');
}
